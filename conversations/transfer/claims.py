"""Whose turn it is with an import: one worker's, proven with every word that it writes.

A job that is to be worked on waits, without a worker, until a thread takes it by compare-and-set. From then on every
change is one of the job *of this worker*: whoever was taken for dead, and comes back, changes nothing any more. What
says that a job is not forgotten, waiting or under way, is a heartbeat of the process, however slowly the work goes on.
"""

from __future__ import annotations

import logging
import threading
import uuid
from typing import Any
from uuid import UUID

from django.db import close_old_connections
from django.utils import timezone

from conversations.models import ImportJob

logger = logging.getLogger(__name__)
BEAT_SECONDS = 15.0  # several within the silence after which a process counts as gone


class Lost(Exception):
    """The job is another worker's by now, or nobody's: it was discarded."""


class Claim:
    """One worker's hold on a job."""

    def __init__(self, job_id: UUID) -> None:
        self.job_id = job_id
        self.worker = uuid.uuid4().hex

    def take(self) -> bool:
        """True for one worker alone, however many try."""
        waiting = ImportJob.objects.filter(pk=self.job_id, status__in=ImportJob.WORKING, worker="")
        return bool(waiting.update(worker=self.worker, heartbeat_at=timezone.now()))

    def keep(self, **changed: Any) -> None:
        """Write to the job; inside a transaction it stays locked to its end. Raises Lost."""
        mine = ImportJob.objects.filter(pk=self.job_id, worker=self.worker)
        if not mine.update(heartbeat_at=timezone.now(), **changed):
            raise Lost

    def end(self, status: ImportJob.Status, **changed: Any) -> None:
        """Write the last word and let go. Raises Lost."""
        self.keep(status=status, worker="", **changed)


class Heartbeats:
    """Says for all jobs of this process that they are not forgotten, as long as there are any."""

    def __init__(self) -> None:
        self._workers: dict[UUID, str] = {}  # of each job; "" while it waits
        self._lock = threading.Lock()
        self._is_empty = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, job_id: UUID) -> None:
        """For a job that waits in this process."""
        with self._lock:
            self._workers[job_id] = ""
            self._is_empty.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="import-heartbeat", daemon=True)
                self._thread.start()

    def take_over(self, job_id: UUID, worker: str) -> None:
        """For one that waited and is worked on now."""
        with self._lock:
            if job_id in self._workers:
                self._workers[job_id] = worker

    def drop(self, job_id: UUID) -> None:
        with self._lock:
            self._workers.pop(job_id, None)
            if not self._workers:
                self._is_empty.set()

    def _run(self) -> None:
        while True:
            self._is_empty.wait(BEAT_SECONDS)
            with self._lock:
                workers = dict(self._workers)
                if not workers:
                    self._thread = None
                    return
            try:
                close_old_connections()
                try:
                    beat(workers)
                finally:
                    close_old_connections()
            except Exception as error:  # the next beat may find the database again
                logger.warning("Imports could not say that they go on (%s).", type(error).__name__)


def beat(workers: dict[UUID, str]) -> None:
    """One heartbeat for each job, unless it has gone to another worker."""
    for job_id, worker in workers.items():
        mine = ImportJob.objects.filter(pk=job_id, worker=worker, status__in=ImportJob.WORKING)
        mine.update(heartbeat_at=timezone.now())
