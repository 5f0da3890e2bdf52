"""Imports the conversations of an export file for somebody; the whole file is checked before anything is stored."""

from __future__ import annotations

import json
import tempfile
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser

from chatbot_site import arguments
from chatbot_site.commands import SiteCommand
from chatbot_site.storable import has_every_letter
from conversations.text import one_line, storable
from conversations.transfer.checking import check, shelved
from conversations.transfer.command_line import Progress, person
from conversations.transfer.importing import batches, screened, store
from conversations.transfer.problems import BrokenFile, sentence
from conversations.transfer.reports import Report

if TYPE_CHECKING:
    from accounts.models import User

_EXAMPLES = """
examples:
  manage.py import_conversations --user alice chatgpt-export.zip --dry-run   what is in it
  manage.py import_conversations --user alice chatgpt-export.zip             import it
  manage.py import_conversations --user alice claude.json --json             the report for a script

Reads the export of ChatGPT, Claude, DeepSeek, Open WebUI, LibreChat and LobeChat, and of this product, as ZIP, JSON or
JSON lines. To a conversation that is here already only what is new is added, so the same file, or a later one, may be
imported again. If one conversation cannot be read, nothing is imported, unless --skip-unreadable is given.

exit codes: 0 done, 1 refused or failed, 2 wrong usage
"""


class Command(SiteCommand):
    help = "Import conversations from an export file into somebody's account."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=arguments.path, help="the ZIP or JSON file, as it was downloaded")
        parser.add_argument(
            "--user", type=arguments.text, required=True, metavar="NAME", help="whose conversations they become"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what is in the file")
        parser.add_argument(
            "--skip-unreadable", action="store_true", help="import the others where some cannot be read"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the report as JSON")

    def handle(
        self, *, file: Path, user: str, dry_run: bool, skip_unreadable: bool, as_json: bool, **options: Any
    ) -> None:
        owner = person(user)
        with tempfile.TemporaryDirectory() as folder:
            shelf = Path(folder) / "conversations"
            report = self._checked(file, owner, shelf)
            refused = bool(report.unreadable_count) and not skip_unreadable
            if not dry_run and not refused:
                self._store(owner, shelf, report)
        self._say(report, as_json, stored=not dry_run and not refused)
        if refused and not dry_run:
            raise CommandError("Nothing was imported: not everything can be read. --skip-unreadable imports the rest.")

    def _checked(self, file: Path, owner: User, shelf: Path) -> Report:
        progress = Progress(self.stderr, "Checked")
        try:
            return check(file, owner, shelf, progress.tell)
        except BrokenFile as problem:
            said = storable(sentence(problem.as_dict()))
            raise CommandError(f"{_printed(file)}: {said} Nothing was imported.") from None
        except OSError as error:
            raise CommandError(f"{_printed(file)} cannot be read: {error.strerror}.") from None
        finally:
            progress.end()

    def _store(self, owner: User, shelf: Path, report: Report) -> None:
        progress, done = Progress(self.stderr, "Imported"), 0
        for batch in batches(shelved(shelf)):
            passed, stored = screened(owner, batch)
            stored.add(store(owner, passed))
            stored.tell(report)
            done += len(batch)
            progress.tell(done, report.conversations)
        progress.end()

    def _say(self, report: Report, as_json: bool, *, stored: bool) -> None:
        if as_json:
            only_ascii = not has_every_letter(self.stdout)
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=only_ascii, indent=2))
            return
        self.stdout.write(
            f"{report.source_labels()}: {report.conversations:,} conversations with {report.messages:,} messages, "
            f"{report.duplicates:,} of them here already."
        )
        for note in report.note_sentences():
            self.stdout.write(note)
        for place, why in report.unreadable_sentences():
            self.stdout.write(one_line(f"{place}: {why}") if place else why)
        if stored:
            done = f"{report.imported:,} conversations with {report.imported_messages:,} messages are imported."
            if report.extended:
                done += f" {report.extended:,} that were here have got what is new in them."
            self.stdout.write(self.style.SUCCESS(done))


def _printed(path: Path) -> str:
    """The path as any terminal and log can show it: names of files need be no text."""
    return storable(str(path))
