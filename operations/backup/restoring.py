"""A backup into this site: all of it, or nothing is changed.

Database and files are made ready beside the old ones. Only at the very end they take their places: on SQLite one file
is renamed over the other, on PostgreSQL one transaction is committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, connection, transaction
from django.db import Error as DatabaseTrouble

from chatbot_site.database import lacking, require, trouble_of
from chatbot_site.files import PRIVATE_FILE, give_to_owner_of, keep_owner_and_mode
from operations.backup import media, occupied
from operations.backup.archive import MEDIA
from operations.backup.checking import Checked, parts_of
from operations.backup.databases import (
    scratch_folder,
    site_is_sqlite,
    sqlite_config,
    sqlite_file,
    standing_in,
    without_pool,
)
from operations.backup.keys import BackupKey
from operations.backup.loading import load, refuse_newer
from operations.backup.media import StagedMedia
from operations.backup.occupied import Contents
from operations.backup.problems import BackupProblem, InUse, NoRoom, NotEmpty, Unreachable, disk_problems
from operations.backup.proving import Proof, checked_with_progress, facts, look_at
from operations.console import Console

_DISK_FULL, _LOCKED = "53100", "55P03"


@dataclass(slots=True)
class Restored:
    """`replaced`: what was there before. With a dry run it still is."""

    proof: Proof
    replaced: Contents
    done: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    replace: bool = False
    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """What the steps of one restore share."""

    path: Path
    key: BackupKey | None
    checked: Checked
    wishes: Wishes
    console: Console
    proof: Proof

    def load(self) -> None:
        """Into the empty database called "default"; and a look at what came of it."""
        self.proof.migrated_forward = load(self.path, self.key, self.checked, self.proof.odd_rows.add, self.console)
        look_at(self.proof)


def restore(path: Path, key: BackupKey | None, wishes: Wishes, console: Console) -> Restored:
    """Put the backup `path` in the place of this site. Raises BackupProblem, and then nothing was changed."""
    checked = checked_with_progress(path, key, console)
    refuse_newer(checked.about)
    with without_pool():
        return _restore(_Job(path, key, checked, wishes, console, facts(checked)))


def _restore(job: _Job) -> Restored:
    here = _contents()
    if job.wishes.dry_run:
        return Restored(job.proof, here, done=False)
    if not here.is_empty and not job.wishes.replace:
        raise NotEmpty(
            f"There is a site here already ({here.sentence()}). --replace puts the backup in its place. "
            "Nothing was changed."
        )
    into = _into_sqlite if site_is_sqlite() else _into_postgresql
    with disk_problems("the restored site"), _staged_media(job) as staged:
        into(job, staged)
    return Restored(job.proof, here, done=True)


def _contents() -> Contents:
    if site_is_sqlite():
        occupied.refuse_what_is_no_file(sqlite_file())
    try:
        require()
        if not site_is_sqlite() and (trouble := lacking(to_create=True)):
            raise Unreachable(f"{trouble} Nothing was changed.")
    except DatabaseTrouble as error:
        raise _refusal(error) from None
    return occupied.contents()


@contextmanager
def _staged_media(job: _Job) -> Iterator[StagedMedia | None]:
    """The files of the backup, ready beside those that are there; gone again when they were not put in place."""
    folder = media.root()
    if folder is None:
        job.console.warn("The backup's files are not restored: this site keeps its files in a storage of their own.")
        yield None
        return
    staged = StagedMedia(folder)
    staged.begin()
    try:
        with job.console.progress(len(job.checked.manifest.media()), "Files", " files") as progress:
            wanted = parts_of(job.path, job.key, job.checked.manifest, lambda name: name.startswith(MEDIA))
            for name, pieces in progress.of(wanted):
                staged.add(name, pieces)
        yield staged
    finally:
        staged.discard()


def _into_sqlite(job: _Job, staged: StagedMedia | None) -> None:
    site = sqlite_file().resolve()  # where links lead: they stay, and so does what makes room there
    connection.close()
    if not job.wishes.force:
        occupied.refuse_sqlite_in_use(site)
    with scratch_folder(site.parent) as folder, ExitStack() as swaps:
        fresh = folder / "restored.sqlite3"
        with standing_in(sqlite_config(fresh)):
            job.load()
        _like_the_old_one(fresh, site)
        _sync(fresh)
        if not job.wishes.force:
            occupied.refuse_sqlite_in_use(site)
        if staged:
            swaps.enter_context(staged.swapped())
        for log in ("-wal", "-shm", "-journal"):  # of the old database; the new one would read them as its own
            site.with_name(site.name + log).unlink(missing_ok=True)
        fresh.replace(site)


def _like_the_old_one(fresh: Path, site: Path) -> None:
    """Whoever could use the old database can use the new one; where there was none, who has the folder, alone."""
    try:
        if site.exists():
            keep_owner_and_mode(fresh, site)
        else:
            fresh.chmod(PRIVATE_FILE)
            give_to_owner_of(site.parent, fresh)
    except OSError as error:
        raise Unreachable(
            f"The restored database cannot be given to the owner of {site if site.exists() else site.parent} "
            f"({error.strerror}): run this as that account, or as root. Nothing was changed."
        ) from None


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _into_postgresql(job: _Job, staged: StagedMedia | None) -> None:
    if not job.wishes.force:
        occupied.refuse_postgresql_in_use()
    try:
        with ExitStack() as swaps, transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '10s'")
            occupied.drop_postgresql_site()
            job.load()
            if staged:
                swaps.enter_context(staged.swapped())
    except DatabaseError as error:
        raise _refusal(error) from None


def _refusal(error: DatabaseTrouble) -> BackupProblem:
    """Of PostgreSQL, by its own code for what happened."""
    code = getattr(error.__cause__, "sqlstate", None)
    if code == _DISK_FULL:
        return NoRoom("There is no room left where PostgreSQL keeps the database. Nothing was changed.")
    if code == _LOCKED:
        return InUse("Something still uses the tables of the database: stop the site first. Nothing was changed.")
    trouble = trouble_of(error) or f"The database refused ({type(error).__name__} {code or ''})."
    return Unreachable(f"{trouble} Nothing was changed.")
