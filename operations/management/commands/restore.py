"""Puts a backup in the place of this site: all of it, or nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from chatbot_site import arguments
from operations.backup.keys import key_from
from operations.backup.places import at_hand
from operations.backup.problems import BackupProblem
from operations.backup.restoring import Restored, Wishes, restore
from operations.console import Console, TeachingCommand, add_dry_run, add_json


class Command(TeachingCommand):
    asks_database = False  # it says itself that nothing was changed
    help = "Put a backup in the place of this site: all of it, or nothing is changed."
    requires_system_checks: list[str] = []  # the old site may be in any state
    examples = """
examples:
  manage.py restore FILE --dry-run                        what is in it, and what is here that would be lost
  manage.py restore FILE                                  into an empty site
  manage.py restore FILE --replace                        in the place of the site that is here
  manage.py restore FILE --key-file /etc/chat/key         an encrypted one (or BACKUP_KEY in the environment)
  manage.py restore NAME --storage backups                from a storage of settings.STORAGES

Stop the site first. Run this as the user that the site runs as, with the .env that it had: the API keys in the backup
open only with the same ENCRYPTION_KEY.

A backup of SQLite goes into PostgreSQL and the other way round: DATABASE_URL says which. An older backup is brought up
to this version; a newer one is refused. Every byte is checked before anything is touched. The new database and files
are made ready beside the old ones and take their places at the very end; when anything goes wrong before, the old site
is as it was. Room for both is needed until then.

People sign in again, unless the backup was made with --with-sessions. Search takes the texts in again by itself.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=arguments.file_name, help="the backup; with --storage its name there")
        parser.add_argument("--replace", action="store_true", help="the site that is here is lost")
        parser.add_argument("--storage", type=arguments.text, metavar="ALIAS", help="a storage of settings.STORAGES")
        parser.add_argument(
            "--key-file", type=arguments.path, metavar="FILE", help="the key of the backup (or BACKUP_KEY)"
        )
        parser.add_argument("--force", action="store_true", help="even if something has the database open")
        add_dry_run(parser, "check every byte and say what would be lost, change nothing")
        add_json(parser)

    def handle(self, *, file: str, storage: str | None, key_file: Path | None, **options: Any) -> None:
        console = Console(self, options)
        wishes = Wishes(options["replace"], options["dry_run"], options["force"])
        try:
            key = key_from(key_file, settings.BACKUP_KEY)
            with at_hand(file, storage) as path:
                restored = restore(path, key, wishes, console)
        except BackupProblem as problem:
            raise CommandError(str(problem)) from None
        _tell(restored, console)


def _tell(restored: Restored, console: Console) -> None:
    proof, lost = restored.proof, restored.replaced
    what = f"{proof.rows:,} rows and {proof.files:,} files of {proof.made_at} (version {proof.app_version})"
    if restored.done:
        sentence = f"The site is restored: {what}."
        if not lost.is_empty:
            sentence += f" What was here is gone ({lost.sentence()})."
    else:
        sentence = f"The backup is whole: {what}. "
        sentence += (
            "Nothing is here yet." if lost.is_empty else f"--replace would lose what is here ({lost.sentence()})."
        )
        sentence += " Nothing was changed."
    for problem in [*proof.odd_rows.sentences(), *proof.problems]:
        console.warn(problem)
    values = proof.as_dict() | {"restored": restored.done, "replaced": lost.counts}
    console.result(values, sentence)
