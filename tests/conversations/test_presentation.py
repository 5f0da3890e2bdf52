import uuid

import pytest

from accounts.models import User
from conversations.generation import records
from conversations.generation.records import Outcome, Saving
from conversations.models import Conversation, Generation, Message
from conversations.presentation import present
from conversations.submission import continue_answer, submit_message
from tests.conversations.conftest import MODEL

pytestmark = pytest.mark.usefixtures("provider")


def _finish(generation: Generation, text: str, status: str) -> None:
    job = records.claim(generation.pk)
    assert job
    assert records.finish(job, Saving(generation.pk, len(text), text, ""), Outcome(status))


def _answered(alice: User, text: str, status: str) -> Message:
    submit_message(alice, Conversation(owner=alice, model=MODEL), "Hello", uuid.uuid4())
    generation = Generation.objects.select_related("message").get()
    read_before = generation.message
    _finish(generation, text, status)
    return read_before


def test_an_answer_that_ends_while_its_page_is_made_is_shown_whole(alice: User) -> None:
    [view] = present([_answered(alice, "The whole answer", "complete")])
    assert (view.status, "The whole answer" in view.html) == ("complete", True)


def test_so_is_one_that_was_gone_on_with(alice: User) -> None:
    _answered(alice, "The first half", "interrupted")
    half = Message.objects.select_related("conversation").get(role="assistant")
    continue_answer(alice, half.conversation, half)
    _finish(Generation.objects.latest("id"), " and the second", "complete")
    [view] = present([half])
    assert "The first half and the second" in view.html
