"""Writes all conversations of somebody into a file."""

from __future__ import annotations

import os
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.transfer.archive import ids_of, json_pieces, markdown_pieces, zip_pieces
from conversations.transfer.command_line import Progress, person

if TYPE_CHECKING:
    from accounts.models import User

_WRITERS: dict[str, Callable[[User, Callable[[int, int], None]], Iterator[bytes]]] = {
    "json": json_pieces,
    "markdown": markdown_pieces,
    "zip": zip_pieces,
}
_EXAMPLES = """
examples:
  manage.py export_conversations --user alice --output alice.zip
  manage.py export_conversations --user alice --output alice.json --format json

zip       one JSON and one Markdown file a conversation, and a manifest
json      one list with the whole tree of every conversation; import_conversations reads it, and the ZIP
markdown  the current branch of every conversation, one after the other

A file that is there already is replaced once the new one is complete. Deleted and temporary conversations are left out.

exit codes: 0 done, 1 failed, 2 wrong usage
"""


class Command(BaseCommand):
    help = "Export somebody's conversations into one file."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME", help="whose conversations")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the file to write")
        parser.add_argument("--format", choices=sorted(_WRITERS), default="zip", help="default: %(default)s")

    def handle(self, *, user: str, output: Path, format: str, **options: Any) -> None:
        owner = person(user)
        progress = Progress(self.stderr, "Exported")
        try:
            _write(output, _WRITERS[format](owner, progress.tell))
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        finally:
            progress.end()
        self.stdout.write(self.style.SUCCESS(f"{len(ids_of(owner)):,} conversations are in {output}."))


def _write(output: Path, pieces: Iterator[bytes]) -> None:
    """All of it or nothing, readable by its owner only."""
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(pieces)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
