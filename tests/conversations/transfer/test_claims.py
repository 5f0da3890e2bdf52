"""Whose turn it is with an import: it waits without being taken for stuck, and is never done twice."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, ImportJob, Message
from conversations.transfer import claims, importing, jobs
from tests.conversations.transfer.conftest import chatgpt

Status = ImportJob.Status
LONG_AGO = timedelta(minutes=5)


def _brought(owner: User, count: int = 30) -> ImportJob:
    """An import that waits to be checked."""
    job = ImportJob.objects.create(owner=owner, file_name="x.json")
    folder = jobs.folder_of(job.pk)
    folder.mkdir(parents=True)
    (folder / "file").write_text(json.dumps([chatgpt(conversation_id=str(number)) for number in range(count)]))
    return job


def _at_the_same_time(workers: int, work: Callable[[], Any]) -> None:
    barrier = threading.Barrier(workers)

    def one() -> None:
        barrier.wait(10)
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_one_does_the_work(alice: User, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_MESSAGES", 10)
    job = _brought(alice)
    _at_the_same_time(4, lambda: jobs.work(job.pk))
    job.refresh_from_db()
    assert (job.status, job.worker) == (Status.READY, "")
    ImportJob.objects.update(status=Status.RUNNING)
    _at_the_same_time(4, lambda: jobs.work(job.pk))
    job.refresh_from_db()
    assert (job.status, job.done, job.report["imported"], job.report["skipped"]) == (Status.DONE, 30, 30, 0)
    assert Message.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_taken_once(alice: User) -> None:
    job, taken = _brought(alice), list[bool]()
    _at_the_same_time(8, lambda: taken.append(claims.Claim(job.pk).take()))
    assert sorted(taken) == [False] * 7 + [True]


def test_who_was_taken_for_dead_stores_nothing_more(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two batches the job goes to another worker, which ends it."""
    monkeypatch.setattr(importing, "BATCH_MESSAGES", 4)
    job = _brought(alice, 6)
    jobs.work(job.pk)
    ImportJob.objects.update(status=Status.RUNNING)
    real, calls = jobs.screened, iter(range(100))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == 1:
            ImportJob.objects.update(worker="", heartbeat_at=timezone.now())
            jobs.work(job.pk)
        return real(*arguments)

    monkeypatch.setattr(jobs, "screened", interrupted)
    jobs.work(job.pk)
    job.refresh_from_db()
    assert (job.status, job.report["imported"], Conversation.objects.count()) == (Status.DONE, 6, 6)


def test_one_that_waits_behind_another_is_not_stuck(
    alice: User, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _brought(alice)
    ImportJob.objects.update(heartbeat_at=timezone.now() - LONG_AGO)
    claims.beat({job.pk: ""})
    page = alice_client.get(f"/import/{job.pk}/", headers={"accept-language": "en"}).content.decode()
    assert "It waits until another import has ended." in page
    assert "It has stopped" not in page
    begun: list[Any] = []
    monkeypatch.setattr(jobs, "_begin", begun.append)
    alice_client.post(f"/import/{job.pk}/start/")
    assert not begun


def test_one_whose_process_has_gone_while_it_waited_is_let_go_on_once(
    alice: User, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _brought(alice)
    ImportJob.objects.update(heartbeat_at=timezone.now() - LONG_AGO)
    begun: list[Any] = []
    monkeypatch.setattr(jobs, "_begin", begun.append)
    for _ in range(3):
        alice_client.post(f"/import/{job.pk}/start/")
    assert begun == [job.pk]


def test_a_heartbeat_leaves_alone_what_has_gone_to_another_worker(alice: User) -> None:
    job = _brought(alice)
    ImportJob.objects.update(heartbeat_at=timezone.now() - LONG_AGO, worker="other")
    claims.beat({job.pk: "mine"})
    job.refresh_from_db()
    assert job.is_stuck


def test_one_that_was_discarded_meanwhile_ends_quietly(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = _brought(alice)
    jobs.work(job.pk)
    ImportJob.objects.update(status=Status.RUNNING)
    real = jobs.screened

    def discarded(*arguments: Any) -> Any:
        jobs.discard(job)
        return real(*arguments)

    monkeypatch.setattr(jobs, "screened", discarded)
    jobs.work(job.pk)
    assert not Conversation.objects.exists()


def test_a_heartbeat_outlives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    beaten, tries = threading.Event(), iter([OperationalError])

    def close() -> None:
        for error in tries:
            raise error

    monkeypatch.setattr(claims, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(claims, "close_old_connections", close)
    monkeypatch.setattr(claims, "beat", lambda workers: beaten.set())
    heartbeats, job_id = claims.Heartbeats(), uuid4()
    heartbeats.add(job_id)
    assert beaten.wait(10)
    heartbeats.drop(job_id)
