"""Verifies the audit log, or writes it to a file."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation import audit

BROKEN, FAILED = 1, 2

DESCRIPTION = """
The audit log says who did what: reviews, suspensions, changes of rules, keys and people, log-ins of moderators.
Each entry holds the hash of the one before it, so that nothing in it can be changed unseen.

  manage.py audit verify                          read the whole chain
  manage.py audit verify --against audit.jsonl    and compare it with an earlier export
  manage.py audit export --output audit.jsonl     one line of JSON for each entry, oldest first

That the newest entries were cut off shows only against an export: keep one on another machine.
Exit codes: 0 the chain is sound, 1 it is broken, 2 it could not be read.
"""


class Command(BaseCommand):
    help = "Verify the audit log, or export it."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.description = DESCRIPTION.strip()
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True, metavar="verify | export")
        verify = commands.add_parser("verify", help="read the whole chain and say whether it is sound")
        verify.add_argument("--json", action="store_true", dest="as_json", help="the verdict as JSON")
        verify.add_argument("--against", metavar="FILE", help="an earlier export, which must still be part of it")
        export = commands.add_parser("export", help="write all entries as lines of JSON")
        export.add_argument("--output", metavar="FILE", required=True, help='where to; "-" is the standard output')

    def handle(self, *, what: str, **options: Any) -> None:
        if what == "verify":
            self._verify(options["against"], options["as_json"])
        else:
            self._export(options["output"])

    def _verify(self, against: str | None, as_json: bool) -> None:
        try:
            with open(against, encoding="utf-8") if against else nullcontext(()) as lines:
                verdict = audit.verify(against=lines)
        except (OSError, ValueError) as error:
            raise CommandError(f"{against} cannot be compared with: {_said(error)}", returncode=FAILED) from None
        if as_json:
            self.stdout.write(json.dumps(asdict(verdict)))
        if not verdict.ok:
            raise CommandError(f"The audit log is broken. {verdict.reason}", returncode=BROKEN)
        if not as_json:
            self.stdout.write(self.style.SUCCESS(f"The audit log is sound: {verdict.entries} entries."))

    def _export(self, output: str) -> None:
        if output == "-":
            audit.export(sys.stdout)
            return
        try:
            with open(output, "w", encoding="utf-8") as stream:
                count = audit.export(stream)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {_said(error)}", returncode=FAILED) from None
        self.stdout.write(f"{count} entries are in {output}.")


def _said(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
