"""Writes all conversations of somebody into a file."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from accounts.models import Preferences
from chatbot_site import arguments
from chatbot_site.commands import SiteCommand
from chatbot_site.database import is_unreadable
from chatbot_site.files import Occupied, new_file
from conversations.transfer.archive import LeaveOut, Tell, ids_of, is_own, json_pieces, markdown_pieces, zip_pieces
from conversations.transfer.command_line import Progress, person

if TYPE_CHECKING:
    from accounts.models import User

_WRITERS: dict[str, Callable[[User, Tell, LeaveOut], Iterator[bytes]]] = {
    "json": json_pieces,
    "markdown": markdown_pieces,
    "zip": zip_pieces,
}
NAMED = 20  # of those that cannot be read
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
        owner, language, ids = _whose(user)
        left_out: list[str] = []
        progress = Progress(self.stderr, "Exported")
        try:
            with translation.override(language), new_file(output, _any if replace else is_own) as file:
                file.writelines(_WRITERS[format](owner, progress.tell, lambda *one: left_out.append(_named(*one))))
        except Occupied as problem:
            raise CommandError(f"{problem} Give another name, or --replace for a file.") from None
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        finally:
            progress.end()
        self.stdout.write(self.style.SUCCESS(f"{len(ids) - len(left_out):,} conversations are in {output}."))
        if left_out:
            more = f", and {len(left_out) - NAMED:,} more" if len(left_out) > NAMED else ""
            raise CommandError(f"Not in it, since a row cannot be read: {', '.join(left_out[:NAMED])}{more}.")


def _whose(user: str) -> tuple[User, str, list[UUID]]:
    """The person, the language of their file and their conversations. Raises CommandError."""
    try:
        owner = person(user)
        return owner, _language(owner), ids_of(owner)
    except Exception as error:
        if not is_unreadable(error):
            raise
        raise CommandError(
            f"The account {user}, its settings or the list of its conversations cannot be read "
            f"({type(error).__name__}): a row of the database is damaged. Nothing was written."
        ) from error


def _named(conversation: UUID, error: Exception) -> str:
    return f"conversation {conversation} ({type(error).__name__})"


def _any(_file: IO[bytes]) -> bool:
    return True


def _language(owner: User) -> str:
    """The file is for the person whose conversations are in it."""
    return Preferences.of(owner).language or settings.LANGUAGE_CODE
