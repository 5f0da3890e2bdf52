"""Whether a backup would bring the site back: restored into a scratch database and looked at there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from chatbot_site.database import trouble_of
from moderation import audit
from operations.backup import media
from operations.backup.archive import MEDIA
from operations.backup.checking import Checked, check
from operations.backup.databases import config_of, scratch_folder, sqlite_config, standing_in
from operations.backup.keys import BackupKey
from operations.backup.loading import load, refuse_newer
from operations.backup.manifest import OddRows
from operations.backup.problems import NotEmpty, Unreachable, disk_problems
from operations.console import Console
from providers.credentials import CannotDecrypt, EncryptionKeyError
from providers.models import Credential


@dataclass(slots=True)
class Proof:
    """`problems`: what is wrong, in sentences; none: the site would be back as it was."""

    made_at: str
    app_version: str
    database: str
    tables: int
    rows: int
    files: int
    migrated_forward: list[str] = field(default_factory=list)
    odd_rows: OddRows = field(default_factory=OddRows)
    credentials: int = 0
    audit_entries: int = 0
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {"ok": not self.problems, **asdict(self)}


def prove(path: Path, key: BackupKey | None, scratch_url: str, console: Console) -> Proof:
    """Check every byte, restore into a scratch database (a file of its own unless `scratch_url`), look at it.

    The scratch database is as empty afterwards as before. Raises BackupProblem.
    """
    checked = checked_with_progress(path, key, console)
    refuse_newer(checked.about)
    proof = facts(checked)
    try:
        with _scratch(scratch_url):
            proof.migrated_forward = load(path, key, checked, proof.odd_rows.add, console)
            look_at(proof)
            _tell_left_out(proof)
            _compare_files(checked, proof)
    except DatabaseError as error:
        raise _scratch_refused(error, scratch_url) from None
    return proof


def _scratch_refused(error: DatabaseError, url: str) -> Unreachable:
    trouble = trouble_of(error, config_of(url) if url else None)
    why = trouble.text if trouble else f"{type(error).__name__}."
    return Unreachable(f"The scratch database cannot be reached, or refuses. {why}")


def checked_with_progress(path: Path, key: BackupKey | None, console: Console) -> Checked:
    size = path.stat().st_size if path.is_file() else None
    with console.progress(size, "Checking every byte", "B") as progress:
        return check(path, key, progress.advance)


def look_at(proof: Proof) -> None:
    """What cannot be told from rows alone, in the database called "default": stored API keys, the audit log."""
    for credential in Credential.objects.exclude(encrypted_key=""):
        try:
            credential.key()
            proof.credentials += 1
        except CannotDecrypt:
            proof.problems.append(f"The API key of {credential.provider} does not open with this ENCRYPTION_KEY.")
        except EncryptionKeyError:
            proof.problems.append(f"The API key of {credential.provider} cannot be opened: ENCRYPTION_KEY is not set.")
    verdict = audit.verify()
    proof.audit_entries = verdict.entries
    if not verdict.ok:
        proof.problems.append(f"The audit log's chain is broken. {verdict.reason}")


def _tell_left_out(proof: Proof) -> None:
    if lost := proof.odd_rows.left_out:
        what = "1 row makes" if lost == 1 else f"{lost:,} rows make"
        proof.problems.append(f"{what} no sense and would not be back: mend what the site has, or take it out there.")


def facts(checked: Checked) -> Proof:
    about, manifest = checked.about, checked.manifest
    return Proof(
        made_at=about.made_at,
        app_version=about.app_version,
        database=about.database,
        tables=len(manifest.tables),
        rows=manifest.row_count,
        files=len(manifest.media()),
        odd_rows=manifest.odd_rows,
    )


def _compare_files(checked: Checked, proof: Proof) -> None:
    there = {part.name.removeprefix(MEDIA) for part in checked.manifest.media()}
    known = set(checked.manifest.missing_files)
    missing = media.names_in(apps.get_models()) - there
    if known:
        proof.notes.append(f"{_files(known)} missing when the backup was made.")
    if missing - known:
        proof.problems.append(f"{_files(missing - known)} not in the backup.")


def _files(names: set[str]) -> str:
    return "1 file that a row speaks of was" if len(names) == 1 else f"{len(names):,} files that rows speak of were"


@contextmanager
def _scratch(url: str) -> Iterator[None]:
    if not url:
        var = Path(settings.VAR_DIR)
        with scratch_folder(var) as folder, standing_in(_file_in(folder)), disk_problems(var):
            yield
        return
    with standing_in(config_of(url)):
        _refuse_tables(url)
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


def _file_in(folder: Path) -> dict[str, Any]:
    return sqlite_config(folder / "scratch.sqlite3")


def _refuse_tables(url: str) -> None:
    try:
        tables = connection.introspection.table_names()
    except DatabaseError as error:
        raise _scratch_refused(error, url) from None
    if tables:
        raise NotEmpty("The scratch database is not empty. Give one without any tables: it must not be a site's own.")
    if connection.vendor != "postgresql":
        raise Unreachable("Without --scratch a file of its own is used; --scratch is for a PostgreSQL database.")
