"""Files that no row speaks of: left when a process died between a row and its file, or by a restored database."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from conversations.models import Attachment, ImportJob
from conversations.transfer.jobs import KEPT
from operations.cleanup.pacing import slices

ATTACHMENTS = "attachments"  # where conversations.models.attachment keeps them
YOUNG = timedelta(days=1)  # the row of a younger file may be about to come


def orphans() -> Iterator[str]:
    """Names of files of attachments that no row speaks of, older than a day."""
    for folder in _listed(ATTACHMENTS)[0]:
        names = [f"{ATTACHMENTS}/{folder}/{name}" for name in _listed(f"{ATTACHMENTS}/{folder}")[1]]
        for some in slices(names):
            yield from filter(_is_old, _unknown(some))


def remove_orphans() -> int:
    count = 0
    for name in orphans():
        default_storage.delete(name)
        count += 1
    return count


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _unknown(names: Sequence[str]) -> list[str]:
    """Those that no row has. Most rows are found by the id that their file is called by; only copies are not."""
    by_id = {name: _id_of(name) for name in names}
    ids = [one for one in by_id.values() if one]
    known = set(Attachment.objects.filter(pk__in=ids).values_list("file", flat=True))
    rest = [name for name in names if name not in known]
    shared = set(Attachment.objects.filter(file__in=rest).values_list("file", flat=True)) if rest else set()
    return [name for name in rest if name not in shared]


def _id_of(name: str) -> UUID | None:
    try:
        return UUID(hex=name.rpartition("/")[2])
    except ValueError:
        return None


def _is_old(name: str) -> bool:
    try:
        return default_storage.get_modified_time(name) < timezone.now() - YOUNG
    except FileNotFoundError:
        return False


def forgotten_imports() -> list[Path]:
    """Folders of imports that nobody is working on and nobody has confirmed for a day."""
    working = {str(pk) for pk in ImportJob.objects.at_work().values_list("pk", flat=True)}
    oldest = time.time() - KEPT.total_seconds()
    folders = (Path(settings.MEDIA_ROOT) / "imports").glob("*")
    return [folder for folder in folders if folder.name not in working and folder.stat().st_mtime < oldest]


def remove_forgotten_imports() -> int:
    folders = forgotten_imports()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)
