"""Verifies the audit log, or writes it to a file."""

from __future__ import annotations

import io
import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError

from chatbot_site import arguments
from chatbot_site.commands import SiteCommand
from chatbot_site.files import Occupied, new_file, text_of
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


class Command(SiteCommand):
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
        verify.add_argument(
            "--against", type=arguments.path, metavar="FILE", help="an earlier export, which must still be part of it"
        )
        export = commands.add_parser("export", help="write all entries as lines of JSON")
        export.add_argument(
            "--output", type=arguments.path, metavar="FILE", required=True, help='where to; "-" is the standard output'
        )

    def handle(self, *, what: str, **options: Any) -> None:
        if what == "verify":
            self._verify(options["against"], options["as_json"])
        else:
            self._export(options["output"])

    def _verify(self, against: Path | None, as_json: bool) -> None:
        with _lines(against) as lines:
            verdict = audit.verify(against=lines)
        if as_json:
            self.stdout.write(json.dumps(asdict(verdict)))
        if not verdict.ok:
            raise CommandError(f"The audit log is broken. {verdict.reason}", returncode=BROKEN)
        if not as_json:
            self.stdout.write(self.style.SUCCESS(f"The audit log is sound: {verdict.entries} entries."))

    def _export(self, output: Path) -> None:
        if str(output) == "-":
            audit.export(sys.stdout)
            return
        try:
            with new_file(output, _is_export) as file:
                stream = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
                count = audit.export(stream)
                stream.detach()
        except Occupied as problem:
            raise CommandError(f"{problem} Give another name.", returncode=FAILED) from None
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {_said(error)}.", returncode=FAILED) from None
        self.stdout.write(f"{count} entries are in {output}.")


@contextmanager
def _lines(file: Path | None) -> Iterator[Iterable[str]]:
    """Of an earlier export, at least one; none without a file. Raises CommandError."""
    if file is None:
        yield ()
        return
    try:
        with file.open(encoding="utf-8") as lines:
            first = lines.readline()
            if not first:
                raise ValueError("It is empty.")
            yield chain([first], lines)
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be compared with: {_said(error)}", returncode=FAILED) from None


def _is_export(file: IO[bytes]) -> bool:
    return text_of(file, 4096).startswith('{"number": 1, ')


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "It is not text." if isinstance(error, UnicodeError) else str(error)
