"""When was the last backup made: where BACKUP_FOLDER says, and in the storage called "backups"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from operations.backup.places import STORAGE, Folder, Place, Remote
from operations.backup.problems import BackupProblem
from operations.doctor.findings import Findings, ok, problem, warning

OLD, VERY_OLD = timedelta(days=2), timedelta(days=8)
_MAKE = "python manage.py backup --output FOLDER, every night; see docs/operations.md"


def look() -> Findings:
    places = list(_places())
    if not places:
        yield warning("Nobody knows of any: BACKUP_FOLDER is not set.", f"Make one, and set BACKUP_FOLDER: {_MAKE}")
    for where, place in places:
        try:
            names = place().names()
        except BackupProblem as trouble:
            yield problem(str(trouble), "May the account that runs the site read it?")
            continue
        yield from _age(where, names)


def _places() -> Iterator[tuple[str, Callable[[], Place]]]:
    if settings.BACKUP_FOLDER:
        yield str(settings.BACKUP_FOLDER), partial(Folder, Path(settings.BACKUP_FOLDER))
    if STORAGE in settings.STORAGES:
        yield f"the storage {STORAGE!r}", partial(Remote, STORAGE)


def _age(where: str, names: list[str]) -> Findings:
    if not names:
        yield problem(f"There is none in {where}.", _MAKE)
        return
    age = timezone.now() - _made_at(names[-1])
    told = f"The last of {len(names)} in {where} is {age.days} days and {age.seconds // 3600} hours old."
    if age > VERY_OLD:
        yield problem(told, _MAKE)
    elif age > OLD:
        yield warning(told, _MAKE)
    else:
        yield ok(told)


def _made_at(name: str) -> datetime:
    """From a name of ours: chat-backup-20261123T020000Z…"""
    return datetime.strptime(name.split("-")[2].partition(".")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
