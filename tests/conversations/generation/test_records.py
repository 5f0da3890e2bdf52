import os
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from conversations.generation import records
from conversations.generation.records import HOST, WORKER, Outcome, Saving
from conversations.models import Conversation, Generation
from conversations.rendering import render
from conversations.submission import continue_answer, submit_message
from providers import Usage
from tests.conversations.conftest import MODEL

pytestmark = pytest.mark.usefixtures("provider")


@pytest.fixture
def queued(alice: User) -> Generation:
    submit_message(alice, Conversation(owner=alice, model=MODEL), "Hello", uuid.uuid4())
    return Generation.objects.get()


def _running(generation: Generation, **fields: object) -> Generation:
    values = {"status": "running", "worker": WORKER, "heartbeat_at": timezone.now(), "attempt": 1} | fields
    Generation.objects.filter(pk=generation.pk).update(**values)
    generation.refresh_from_db()
    return generation


def test_claim_takes_it_once(queued: Generation) -> None:
    job = records.claim(queued.pk)
    assert job
    assert [turn.content for turn in job.request.turns] == ["Hello"]
    assert records.claim(queued.pk) is None
    queued.refresh_from_db()
    assert (queued.status, queued.worker, queued.attempt) == ("running", WORKER, 1)


def test_a_generation_taken_back_is_not_claimed(queued: Generation) -> None:
    assert records.stop_queued(queued.pk)
    assert records.claim(queued.pk) is None
    assert not records.stop_queued(queued.pk)


def test_checkpoint_writes_text_seq_and_heartbeat_and_tells_who_shall_stop(queued: Generation) -> None:
    records.claim(queued.pk)
    Generation.objects.filter(pk=queued.pk).update(stop_requested=True, heartbeat_at=None)
    assert records.save([Saving(queued.pk, 5, "Hello", "")], [queued.pk]) == {queued.pk}
    queued.refresh_from_db()
    assert (queued.draft, queued.seq) == ("Hello", 5)
    assert queued.heartbeat_at


def test_checkpoint_of_a_generation_that_is_not_ours_any_more_changes_nothing(queued: Generation) -> None:
    _running(queued, status="interrupted")
    records.save([Saving(queued.pk, 5, "Hello", "")], [])
    queued.refresh_from_db()
    assert queued.draft == ""


def test_finish_moves_the_text_to_the_message(queued: Generation) -> None:
    job = records.claim(queued.pk)
    assert job
    usage = Usage(input_tokens=3, output_tokens=4)
    saving = Saving(queued.pk, 10, "**Hi** you", "hm")
    assert records.finish(job, saving, Outcome("complete", finish_reason="stop", usage=usage, duration_ms=5))
    queued.refresh_from_db()
    message = queued.message
    assert (message.content, message.reasoning, message.html) == ("**Hi** you", "hm", render("**Hi** you"))
    assert (queued.status, queued.draft, queued.output_tokens) == ("complete", "", 4)
    assert (job.generation.status, job.message.content, job.message.html) == ("complete", message.content, message.html)


def test_finish_makes_whole_what_a_reaper_had_kept(queued: Generation) -> None:
    """A process that was only slow, not dead."""
    job = records.claim(queued.pk)
    assert job
    _running(queued, heartbeat_at=timezone.now() - timedelta(hours=1), draft="Hello th", seq=8)
    [ended] = records.reap()
    assert ended.status == "interrupted"
    assert records.finish(job, Saving(queued.pk, 11, "Hello there", ""), Outcome("complete"))
    queued.refresh_from_db()
    assert (queued.status, queued.message.content) == ("complete", "Hello there")


def test_finish_leaves_alone_what_somebody_already_went_on_from(queued: Generation, alice: User) -> None:
    job = records.claim(queued.pk)
    assert job
    _running(queued, heartbeat_at=timezone.now() - timedelta(hours=1), draft="Hello th", seq=8)
    records.reap()
    queued.refresh_from_db()
    continue_answer(alice, queued.conversation, queued.message)
    assert not records.finish(job, Saving(queued.pk, 11, "Hello there", ""), Outcome("complete"))
    queued.message.refresh_from_db()
    assert queued.message.content == "Hello th"


def test_an_old_heartbeat_interrupts_and_keeps_the_text(queued: Generation) -> None:
    age = timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS + 1)
    _running(queued, worker="elsewhere:1:abc", heartbeat_at=timezone.now() - age, draft="Half an", seq=7)
    [ended] = records.reap()
    queued.refresh_from_db()
    assert (ended.generation_id, ended.status) == (queued.pk, "interrupted")
    assert (queued.status, queued.draft, queued.message.content) == ("interrupted", "", "Half an")
    assert records.reap() == []


def test_a_fresh_heartbeat_of_another_host_is_left_alone(queued: Generation) -> None:
    _running(queued, worker="elsewhere:1:abc")
    assert records.reap() == []


def test_a_dead_process_of_this_host_is_noticed_at_once(queued: Generation) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    _running(queued, worker=f"{HOST}:{dead.pid}:abc", draft="Half", seq=4)
    assert [ended.status for ended in records.reap()] == ["interrupted"]


def test_a_former_life_with_our_process_id_is_dead(queued: Generation) -> None:
    _running(queued, worker=f"{HOST}:{os.getpid()}:former", draft="Half", seq=4)
    assert [ended.status for ended in records.reap()] == ["interrupted"]


def test_a_living_process_of_this_host_is_left_alone(queued: Generation) -> None:
    _running(queued, worker=f"{HOST}:{os.getppid()}:abc")
    assert records.reap() == []


def test_where_nothing_was_shown_it_is_queued_again_but_not_for_ever(queued: Generation) -> None:
    old = timezone.now() - timedelta(hours=1)
    _running(queued, heartbeat_at=old)
    assert [ended.status for ended in records.reap()] == ["queued"]
    _running(queued, heartbeat_at=old, attempt=records.MAX_ATTEMPTS)
    assert [ended.status for ended in records.reap()] == ["interrupted"]


def test_what_this_process_is_making_is_not_dead_although_its_heartbeat_is_late(queued: Generation) -> None:
    _running(queued, heartbeat_at=timezone.now() - timedelta(hours=1))
    assert records.reap({queued.pk}) == []
    queued.refresh_from_db()
    assert queued.status == "running"


def test_a_stop_that_the_dead_process_never_saw_ends_as_stopped(queued: Generation) -> None:
    _running(queued, heartbeat_at=timezone.now() - timedelta(hours=1), stop_requested=True)
    assert [ended.status for ended in records.reap()] == ["stopped"]
