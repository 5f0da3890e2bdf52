"""Writes the whole site into one file, or proves that such a file would bring it back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from chatbot_site import arguments, database
from operations.backup import media
from operations.backup.keys import HOW_TO_MAKE, key_from
from operations.backup.making import Made, make
from operations.backup.manifest import OddRows
from operations.backup.places import Folder, Place, Remote, at_hand
from operations.backup.problems import BackupProblem
from operations.backup.proving import Proof, prove
from operations.console import Console, TeachingCommand, add_json


class Command(TeachingCommand):
    asks_database = False  # but for a backup that is made
    help = "Back up the whole site into one file while it runs, or prove that such a file would bring it back."
    examples = f"""
examples:
  manage.py backup --output /backups                             one file more in /backups
  manage.py backup --output /backups --keep 14                   and only the newest 14 stay
  manage.py backup --output /backups --key-file /etc/chat/key    encrypted
  manage.py backup --storage backups                             to a storage of settings.STORAGES (BACKUP_STORAGE)
  manage.py backup --verify /backups/chat-backup-20261123T020000Z.tar.zst
  manage.py backup --verify chat-backup-20261123T020000Z.tar.zst --storage backups

every night, from cron:
  10 3 * * *  cd /srv/chat && manage.py backup --output /backups --keep 14 --verbosity 0

The file holds the database and the uploaded files, and the checksum of every part. What can be made again is left out:
the search index, and everybody's sessions (people sign in again) unless --with-sessions is given. It does not hold
.env. Keep SECRET_KEY, ENCRYPTION_KEY and the key of the backups in another place: without ENCRYPTION_KEY the API keys
in the backup cannot be read, without its own key nothing of it can.

The key of the backups comes from --key-file, or from BACKUP_KEY in the environment: 32 random bytes in base64, or a
passphrase of at least 16 characters. Make one with:
  {HOW_TO_MAKE}

--verify reads every byte, restores into a scratch database (a file under VAR_DIR, or the empty PostgreSQL database
of --scratch), brings it up to date, compares every row, opens the stored API keys and checks the audit log's chain.
Whoever verifies after each backup knows that it would help.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=arguments.path, metavar="FOLDER", help="where the file is to go")
        parser.add_argument("--storage", type=arguments.text, metavar="ALIAS", help="a storage of settings.STORAGES")
        parser.add_argument(
            "--verify", type=arguments.text, metavar="FILE", help="prove this file instead of making one"
        )
        parser.add_argument("--scratch", type=arguments.text, metavar="URL", help="--verify: an empty PostgreSQL one")
        parser.add_argument(
            "--key-file", type=arguments.path, metavar="FILE", help="the key of the backup (or BACKUP_KEY)"
        )
        parser.add_argument(
            "--keep", type=arguments.whole(1, 1_000_000), default=0, metavar="N", help="only the newest N stay"
        )
        parser.add_argument("--with-sessions", action="store_true", help="keep everybody signed in after a restore")
        add_json(parser)

    def handle(self, *, verify: str | None, storage: str | None, key_file: Path | None, **options: Any) -> None:
        console = Console(self, options)
        try:
            key = key_from(key_file, settings.BACKUP_KEY)
            if verify:
                _refuse_output(options["output"])
                with at_hand(verify, storage) as path:
                    _tell_proof(prove(path, key, options["scratch"] or "", console), verify, console)
            else:
                _refuse_scratch(options["scratch"])
                place = _place(options["output"], storage)
                database.require()
                _tell_made(make(place, key, console, sessions=options["with_sessions"], keep=options["keep"]), console)
        except BackupProblem as problem:
            raise CommandError(str(problem)) from None


def _refuse_output(output: Path | None) -> None:
    if output is not None:
        raise CommandError("Either --output FOLDER makes a backup, or --verify FILE proves one.")


def _refuse_scratch(url: str | None) -> None:
    if url:
        raise CommandError("--scratch is for --verify FILE.")


def _place(output: Path | None, storage: str | None) -> Place:
    if output is None and storage is not None:
        return Remote(storage)
    if output is None or storage is not None:
        raise CommandError("Say where the backup is to go: --output FOLDER, or --storage ALIAS.")
    folder = media.root()
    if folder and output.resolve().is_relative_to(folder.resolve()):
        raise CommandError("The backup must not go among the uploaded files, which it would hold itself next time.")
    return Folder(output)


def _tell_made(made: Made, console: Console) -> None:
    manifest = made.manifest
    conversations = manifest.tables.get("conversations.conversation")
    sentence = (
        f"{made.where}: {manifest.row_count:,} rows in {len(manifest.tables)} tables, "
        f"{len(manifest.media()):,} files, {made.size:,} bytes, {'encrypted' if made.sealed else 'not encrypted'}."
    )
    if manifest.missing_files:
        console.warn(f"{len(manifest.missing_files):,} files that the database speaks of are not there.")
    _warn_of(manifest.odd_rows, console)
    if made.removed:
        sentence += f" Removed {len(made.removed)} older."
    values = {
        "file": made.name,
        "where": made.where,
        "bytes": made.size,
        "encrypted": made.sealed,
        "rows": {label: rows.count for label, rows in manifest.tables.items()},
        "conversations": conversations.count if conversations else 0,
        "files": len(manifest.media()),
        "missing_files": len(manifest.missing_files),
        "odd_rows": asdict(manifest.odd_rows),
        "removed": made.removed,
    }
    console.result(values, sentence)


def _warn_of(odd: OddRows, console: Console) -> None:
    if odd.count:
        console.warn("Values that not every database can hold:")
    for sentence in odd.sentences():
        console.warn(sentence)


def _tell_proof(proof: Proof, file: str, console: Console) -> None:
    _warn_of(proof.odd_rows, console)
    opened = "1 stored API key opens" if proof.credentials == 1 else f"{proof.credentials} stored API keys open"
    lines = [
        f"{file} was made on {proof.made_at} by version {proof.app_version} on {proof.database}.",
        f"Every byte is as it was written. {proof.rows:,} rows in {proof.tables} tables were restored and compared; "
        f"{proof.files:,} files are whole.",
        f"{opened}. {proof.audit_entries:,} entries of the audit log are sound.",
    ]
    if proof.migrated_forward:
        lines.append(f"It is older than this version: {len(proof.migrated_forward)} migrations were run, and worked.")
    console.result(proof.as_dict(), "\n".join(lines + proof.notes))
    if proof.problems:
        raise CommandError(" ".join(proof.problems))
