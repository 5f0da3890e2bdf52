"""Is anybody making answers: the workers that say so, and what has been waiting for one."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from conversations.generation import presence
from conversations.models import Generation
from operations.doctor.findings import Findings, ok, problem, warning

PATIENCE = timedelta(seconds=15)  # a queued answer is found within two seconds
_START = "Start one: python manage.py run_generations, with the same settings as the web processes."


def look() -> Findings:
    try:
        waiting = Generation.objects.filter(status=Generation.Status.QUEUED, created_at__lt=timezone.now() - PATIENCE)
        stuck = Generation.objects.filter(
            status=Generation.Status.RUNNING, heartbeat_at__lt=timezone.now() - PATIENCE - _timeout()
        )
        left, silent = waiting.count(), stuck.count()
    except DatabaseError:
        yield warning("Waiting answers could not be counted: the database cannot be read.", "See Database.")
        return
    yield from _workers()
    if left:
        yield problem(f"{left} answers wait and nobody begins them.", _mend())
    if silent:
        yield problem(f"{silent} answers are being written by nobody.", _mend())
    if not left and not silent:
        yield ok("No answer waits in vain.")


def _timeout() -> timedelta:
    return timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS)


def _mend() -> str:
    return _START if settings.RUN_GENERATIONS == "worker" else "Is the site running? python manage.py serve"


def _workers() -> Findings:
    if settings.RUN_GENERATIONS != "worker":
        yield ok("The processes that serve pages make the answers too (RUN_GENERATIONS=web).")
    elif not settings.REDIS_URL:
        yield warning("Without Redis nobody can know whether a worker runs.", "Set REDIS_URL.")
    elif found := presence.workers():
        yield ok(f"{len(found)} workers take answers: {', '.join(sorted(found))}.")
    else:
        yield problem("RUN_GENERATIONS is worker, and no worker says that it is there.", _START)
