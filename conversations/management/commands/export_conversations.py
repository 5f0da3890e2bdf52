"""Writes all conversations of somebody into a file."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from accounts.models import Preferences
from chatbot_site import arguments
from chatbot_site.commands import SiteCommand
from chatbot_site.files import Occupied, new_file
from conversations.transfer.archive import ids_of, is_own, json_pieces, markdown_pieces, zip_pieces
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

An earlier export (zip, json) is replaced once the new one is complete. Another file is replaced with --replace alone; a
link, a folder, a device never. Deleted and temporary conversations are left out.

exit codes: 0 done, 1 failed, 2 wrong usage
"""


class Command(SiteCommand):
    help = "Export somebody's conversations into one file."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", type=arguments.text, required=True, metavar="NAME", help="whose conversations")
        parser.add_argument("--output", required=True, type=arguments.path, metavar="FILE", help="the file to write")
        parser.add_argument("--replace", action="store_true", help="also in the place of a file that is no export")
        parser.add_argument("--format", choices=sorted(_WRITERS), default="zip", help="default: %(default)s")

    def handle(self, *, user: str, output: Path, format: str, replace: bool, **options: Any) -> None:
        owner = person(user)
        progress = Progress(self.stderr, "Exported")
        try:
            with translation.override(_language(owner)), new_file(output, _any if replace else is_own) as file:
                file.writelines(_WRITERS[format](owner, progress.tell))
        except Occupied as problem:
            raise CommandError(f"{problem} Give another name, or --replace for a file.") from None
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        finally:
            progress.end()
        self.stdout.write(self.style.SUCCESS(f"{len(ids_of(owner)):,} conversations are in {output}."))


def _any(_file: IO[bytes]) -> bool:
    return True


def _language(owner: User) -> str:
    """The file is for the person whose conversations are in it."""
    return Preferences.of(owner).language or settings.LANGUAGE_CODE
