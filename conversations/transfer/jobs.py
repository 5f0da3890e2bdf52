"""Imports of the page: a file is taken in, checked, and, once its owner has seen what is in it, stored.

Both kinds of work go on in one thread of this process, a short transaction at a time, and say with every step how far
they have come. If the process dies, the next one goes on from there when the owner asks for it.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import close_old_connections, transaction
from django.utils import timezone

from chatbot_site.files import make_private_folder, private
from conversations import limits
from conversations.models import ImportJob
from conversations.transfer.checking import check, shelved
from conversations.transfer.importing import batches, store
from conversations.transfer.problems import BrokenFile
from conversations.transfer.reports import Report
from conversations.uploads import clean_name

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)
KEPT = timedelta(days=1)  # how long a file waits for its owner's word
LISTED = 10  # imports that a person's list keeps
STEP_SECONDS = 1.0  # between two words on how far the check has come
Status = ImportJob.Status
_thread = ThreadPoolExecutor(1, thread_name_prefix="import")


class Busy(Exception):
    """Another import of the same person is being worked on."""


def folder_of(job_id: UUID) -> Path:
    return Path(settings.MEDIA_ROOT) / "imports" / str(job_id)


def take_in(owner: User, upload: UploadedFile[Any]) -> ImportJob:
    """Keep an uploaded file and have it checked. Raises Busy, LimitReached: an import counts as one new conversation,
    however many are in it."""
    if ImportJob.objects.owned_by(owner).at_work().exists():
        raise Busy
    with limits.count(owner, *limits.CONVERSATIONS):
        limits.count(owner, *limits.UPLOADS, amount=upload.size or 0)
    sweep(owner)
    job = ImportJob(owner=owner, file_name=clean_name(upload.name or ""))
    folder = folder_of(job.pk)
    make_private_folder(folder)
    with open(folder / "file", "wb", opener=private) as file:
        for piece in upload.chunks():
            file.write(piece)
    job.save()
    _begin(_check, job.pk)
    return job


def confirm(job: ImportJob) -> bool:
    """Have it stored. False where that is not to be done: not checked yet, refused, done, or under way."""
    return _set_off(job, Status.READY, Status.RUNNING, _import)


def go_on(job: ImportJob) -> bool:
    """Take up what a process that is gone has left. False where there is nothing of the kind."""
    work = _check if job.status == Status.CHECKING else _import
    return job.is_stuck and _set_off(job, Status(job.status), Status(job.status), work)


def _set_off(job: ImportJob, old: Status, new: Status, work: Callable[[UUID], None]) -> bool:
    unchanged = ImportJob.objects.filter(pk=job.pk, status=old, heartbeat_at=job.heartbeat_at)
    if not unchanged.update(status=new, heartbeat_at=timezone.now()):
        return False
    _begin(work, job.pk)
    return True


def discard(job: ImportJob) -> None:
    """Forget an import and its file; what it has stored stays."""
    shutil.rmtree(folder_of(job.pk), ignore_errors=True)
    job.delete()


def sweep(owner: User) -> None:
    """Make room: of `owner` only the newest reports, of everybody no file that has been waiting for long."""
    for job in ImportJob.objects.owned_by(owner).order_by("-created_at")[LISTED - 1 :]:
        discard(job)
    for job in ImportJob.objects.owned_by(owner).filter(status__in=[Status.READY, Status.REFUSED]):
        discard(job)
    working = {str(pk) for pk in ImportJob.objects.at_work().values_list("pk", flat=True)}
    oldest = time.time() - KEPT.total_seconds()
    for folder in (Path(settings.MEDIA_ROOT) / "imports").glob("*"):
        if folder.name not in working and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _begin(work: Callable[[UUID], None], job_id: UUID) -> None:
    _thread.submit(_with_connection, work, job_id)


def _with_connection(work: Callable[[UUID], None], job_id: UUID) -> None:
    close_old_connections()
    try:
        _in_peace(work, job_id)
    finally:
        close_old_connections()


def _in_peace(work: Callable[[UUID], None], job_id: UUID) -> None:
    """What nobody foresaw is logged, and said to the owner."""
    try:
        work(job_id)
    except Exception:
        logger.exception("An import went wrong", extra={"import_job": str(job_id)})
        _say_failed(job_id)


def _say_failed(job_id: UUID) -> None:
    job = ImportJob.objects.filter(pk=job_id).first()
    if job is None:
        return
    status = Status.READY if job.status == Status.RUNNING else Status.REFUSED
    report = job.report | {"problem": BrokenFile("failed").as_dict()}
    ImportJob.objects.filter(pk=job_id).update(status=status, report=report)


def _check(job_id: UUID) -> None:
    job = ImportJob.objects.select_related("owner").get(pk=job_id)
    folder = folder_of(job_id)
    try:
        report = check(folder / "file", job.owner, folder / "conversations", _teller(job))
        status = Status.READY
    except (BrokenFile, FileNotFoundError) as problem:
        broken = problem if isinstance(problem, BrokenFile) else BrokenFile("file_gone")
        report, status = Report(problem=broken.as_dict()), Status.REFUSED
        shutil.rmtree(folder, ignore_errors=True)
    changed = ImportJob.objects.filter(pk=job_id, status=Status.CHECKING)
    changed.update(status=status, report=report.as_dict(), done=0, heartbeat_at=timezone.now())
    (folder / "file").unlink(missing_ok=True)


def _teller(job: ImportJob) -> Callable[[int], None]:
    """Keeps how far the check has come, about once a second."""
    told = time.monotonic()

    def tell(count: int) -> None:
        nonlocal told
        if time.monotonic() - told >= STEP_SECONDS:
            told = time.monotonic()
            ImportJob.objects.filter(pk=job.pk).update(done=count, heartbeat_at=timezone.now())

    return tell


def _import(job_id: UUID) -> None:
    """Store batch after batch; each goes into the same transaction as the word on how far it has come."""
    job = ImportJob.objects.select_related("owner").get(pk=job_id)
    report, folder = Report.of(job.report), folder_of(job_id)
    report.problem = None
    try:
        for batch in batches(shelved(folder / "conversations", skip=job.done)):
            with transaction.atomic():
                stored = store(job.owner, batch)
                job.done += len(batch)
                report.imported += stored.conversations
                report.imported_messages += stored.messages
                report.skipped += stored.duplicates
                _keep(job, report, Status.RUNNING)
    except FileNotFoundError:
        report.problem = BrokenFile("file_gone").as_dict()
    _keep(job, report, Status.DONE if report.problem is None else Status.REFUSED)
    shutil.rmtree(folder, ignore_errors=True)


def _keep(job: ImportJob, report: Report, status: Status) -> None:
    changed = {"done": job.done, "report": report.as_dict(), "status": status, "heartbeat_at": timezone.now()}
    ImportJob.objects.filter(pk=job.pk).update(**changed)
