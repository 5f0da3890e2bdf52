"""Removes what nobody needs any more, while the site runs. To be run once a day; see `operations.cleanup`."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from chatbot_site.database import trouble_of
from chatbot_site.logging import redact
from chatbot_site.schema import unapplied_migrations
from operations.cleanup.kinds import KINDS, Kind
from operations.cleanup.retention import policies, unknown_groups
from operations.console import Console, TeachingCommand, add_dry_run, add_json

_EXAMPLES = """
examples:
  manage.py cleanup --dry-run            how much there is to remove, of each kind
  manage.py cleanup                      remove it
  manage.py cleanup --only orphan_files  one kind; --only may be given several times

It goes in short transactions with a rest after each, and can be broken off and run again at any time. Deleted
conversations, ended links and read notices are kept for DELETED_KEEP_DAYS; RETENTION_DAYS says how long the
conversations of a group's people are kept. What an open case of moderation is about stays until it is decided.
"""


@dataclass
class Report:
    removed: dict[str, int] = field(default_factory=dict)
    under_review: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Command(TeachingCommand):
    help = "Remove what has had its time: temporary chats, deleted conversations, old sessions, files without a row."
    examples = _EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", action="append", type=_kind, metavar="KIND", help=f"one of: {_names()}")
        add_dry_run(parser, "only count")
        add_json(parser)

    def handle(self, *, only: list[Kind] | None, dry_run: bool, **options: Any) -> None:
        console = Console(self, options)
        _require_order(console)
        started, report = time.monotonic(), Report()
        with console.progress(len(KINDS), "Cleaning up", " kinds") as progress:
            for kind in progress.of(only or KINDS):
                progress.note(kind.label)
                _deal_with(kind, report, dry_run)
        seconds = round(time.monotonic() - started, 1)
        values = {
            "dry_run": dry_run,
            "removed": report.removed,
            "kept_for_review": report.under_review,
            "failed": report.failed,
            "seconds": seconds,
        }
        console.result(values, _sentence(report, dry_run, seconds))
        if report.failed and console.as_json:  # the report says it already
            raise SystemExit(1)
        if report.failed:
            told = "; ".join(f"{label}: {why}" for label, why in report.failed.items())
            raise CommandError(f"Not everything could be looked through: {told}")


def _kind(name: str) -> Kind:
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise ArgumentTypeError(f"there is no kind {name!r}. Kinds: {_names()}")


def _names() -> str:
    return ", ".join(kind.name for kind in KINDS)


def _require_order(console: Console) -> None:
    """Nothing is removed from tables that this code does not know."""
    unknown = unknown_groups(policies()) if not (missing := unapplied_migrations()) else []
    if missing:
        raise CommandError("The database is not up to date. Run: python manage.py migrate")
    for name in unknown:
        console.warn(f"RETENTION_DAYS names the group {name!r}, which this site does not have.")


def _deal_with(kind: Kind, report: Report, dry_run: bool) -> None:
    """One kind that cannot be removed (a disk that is read-only, say) does not keep the others."""
    try:
        report.under_review += kind.held()
        report.removed[kind.name] = kind.count() if dry_run else kind.remove()
    except (DatabaseError, OSError) as error:
        trouble = trouble_of(error) if isinstance(error, DatabaseError) else None
        report.failed[kind.name] = str(trouble) if trouble else redact(f"{type(error).__name__}: {error}").strip()


def _sentence(report: Report, dry_run: bool, seconds: float) -> str:
    labels = {kind.name: kind.label for kind in KINDS}
    parts = [f"{count:,} {labels[name]}" for name, count in report.removed.items() if count]
    verb = "Would remove" if dry_run else "Removed"
    told = f"{verb} {', '.join(parts)}." if parts else "There is nothing to remove."
    kept = f" Kept for an open case: {report.under_review:,}." if report.under_review else ""
    return f"{told}{kept} ({seconds} s)"
