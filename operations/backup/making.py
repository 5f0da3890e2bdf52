"""A backup of this site, while it runs: a snapshot of its database, then its files."""

from __future__ import annotations

import platform
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

import django
from django.db import DatabaseError, connection
from django.db.models import Model

from chatbot_site.database import trouble_of
from operations.backup import media, rows, schema
from operations.backup.archive import DATABASE, MEDIA, PART_BYTES, ArchiveWriter, is_safe
from operations.backup.databases import snapshot
from operations.backup.keys import BackupKey
from operations.backup.manifest import About, Manifest, Table
from operations.backup.places import Place
from operations.backup.problems import BackupProblem, Newer, Unreachable, disk_problems
from operations.backup.versions import app_version
from operations.console import Console


@dataclass(slots=True)
class Made:
    name: str
    where: str
    size: int
    sealed: bool
    manifest: Manifest
    removed: list[str] = field(default_factory=list)


def make(place: Place, key: BackupKey | None, console: Console, *, sessions: bool = False, keep: int = 0) -> Made:
    """A new backup in `place`; then all but the newest `keep` are removed (0: none). Raises BackupProblem."""
    moment = datetime.now(UTC)
    name = place.free_name(moment, sealed=key is not None)
    written: list[Manifest] = []

    def write(file: IO[bytes]) -> None:
        written.append(_write(file, key, moment, console, sessions))

    try:
        size = place.keep(name, write)
    except (DatabaseError, sqlite3.Error) as error:
        why = trouble_of(error) or f"The database cannot be read ({type(error).__name__})."
        raise Unreachable(f"{why} Nothing was kept.") from None
    removed = place.rotate(keep) if keep else []
    return Made(name, place.describe(name), size, key is not None, written[0], removed)


def _write(file: IO[bytes], key: BackupKey | None, moment: datetime, console: Console, sessions: bool) -> Manifest:
    kind = connection.vendor
    console.say("Taking a snapshot of the database ...")
    with snapshot():
        migrations = schema.applied()
        if not migrations:
            raise BackupProblem("There is nothing to back up: the database has no tables yet.")
        if unknown := schema.unknown(migrations):
            raise Newer(f"The database is of a newer version than this ({app_version()}): it has {unknown[0]}.")
        models = _kept(schema.models_at(migrations), sessions)
        archive = ArchiveWriter(file, key, _about(moment, kind, migrations, models, sessions))
        _add_tables(archive, models, console)
        wanted = media.names_in(models.values())
    _add_media(archive, wanted, console)
    archive.close()
    return archive.manifest


def _kept(models: dict[str, type[Model]], sessions: bool) -> dict[str, type[Model]]:
    left_out = rows.LEFT_OUT | (frozenset() if sessions else rows.SESSIONS)
    return {label: models[label] for label in sorted(models) if label not in left_out}


def _about(
    moment: datetime, kind: str, migrations: dict[str, list[str]], models: dict[str, type[Model]], sessions: bool
) -> About:
    return About(
        made_at=moment.isoformat(timespec="seconds"),
        app_version=app_version(),
        django=django.get_version(),
        python=platform.python_version(),
        database=kind,
        migrations=migrations,
        tables=tuple(Table(label, tuple(f.attname for f in rows.fields_of(m))) for label, m in models.items()),
        left_out=tuple(sorted(rows.LEFT_OUT | (frozenset() if sessions else rows.SESSIONS))),
    )


def _add_tables(archive: ArchiveWriter, models: dict[str, type[Model]], console: Console) -> None:
    with console.progress(sum(map(rows.count, models.values())), "Database", " rows") as progress:
        for label, model in models.items():
            digest, part, number = rows.Digest(), bytearray(), 0
            for line in progress.of(rows.lines(model, archive.manifest.odd_rows.add)):
                digest.add(line)
                part += line
                if len(part) >= PART_BYTES:
                    number += 1
                    archive.add_text(_part_name(label, number), bytes(part))
                    part.clear()
            if part:
                archive.add_text(_part_name(label, number + 1), bytes(part))
            archive.manifest.tables[label] = digest.rows()


def _part_name(label: str, number: int) -> str:
    return f"{DATABASE}{label}/{number:06}"


def _add_media(archive: ArchiveWriter, wanted: set[str], console: Console) -> None:
    """All files; and which of those that the database speaks of are not there."""
    folder = media.root()
    if folder is None:
        console.warn("Uploaded files are not in this backup: they are in a storage of their own.")
        return
    added: set[str] = set()
    with console.progress(None, "Files", " files") as progress:
        for found in progress.of(media.files(folder)):
            if not is_safe(MEDIA + found.name):
                console.warn(f"{found.name!r} is not in this backup: other systems have no files of such a name.")
                continue
            with disk_problems(found.path, "read"):
                opened = media.opened(found)
            if opened is None:
                continue
            with opened[0] as file:
                archive.add_file(MEDIA + found.name, file, opened[1])
            added.add(found.name)
    archive.manifest.missing_files = sorted(wanted - added)
