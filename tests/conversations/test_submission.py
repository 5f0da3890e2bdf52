import uuid

import pytest
from django.test import override_settings

from accounts.models import User
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.submission import (
    AnswerInProgress,
    NoModel,
    NotYours,
    continue_answer,
    regenerate,
    stop_answer,
    submit_message,
)
from tests.conversations.conftest import MODEL, converse

pytestmark = pytest.mark.usefixtures("provider")


def _new(owner: User) -> Conversation:
    return Conversation(owner=owner, model=MODEL, temperature=0.3, max_tokens=500, streaming=False)


def test_first_message_makes_the_conversation(alice: User) -> None:
    submission = submit_message(alice, _new(alice), "Hello\nthere", uuid.uuid4())
    conversation = Conversation.objects.get()
    generation = Generation.objects.get()
    assert conversation.title == "Hello"
    assert conversation.leaf == submission.answer
    assert submission.answer.parent == submission.question
    assert (generation.status, generation.model, generation.temperature) == ("queued", MODEL, 0.3)
    assert (generation.max_tokens, generation.streaming) == (500, False)


def test_next_message_follows_the_leaf(alice: User, conversation: Conversation) -> None:
    submission = submit_message(alice, conversation, "And then?", uuid.uuid4())
    assert submission.question.parent_id == conversation.leaf_id
    assert not submission.is_new_conversation


def test_the_same_id_twice_is_one_message(alice: User) -> None:
    client_id, new = uuid.uuid4(), _new(alice)
    first = submit_message(alice, new, "Hello", client_id)
    again = submit_message(alice, Conversation.objects.get(), "Hello", client_id)
    assert (again.question, again.answer) == (first.question, first.answer)
    assert Message.objects.count() == 2
    assert Generation.objects.count() == 1


def test_the_first_message_sent_twice_at_once_is_one_message(alice: User) -> None:
    client_id, new = uuid.uuid4(), _new(alice)
    twin = Conversation(id=new.pk, owner=alice, model=MODEL)
    first = submit_message(alice, new, "Hello", client_id)
    again = submit_message(alice, twin, "Hello", client_id)
    assert again.answer == first.answer


def test_an_id_that_somebody_else_took_meanwhile_is_refused(alice: User, bob: User) -> None:
    his = converse(bob, "his")
    with pytest.raises(NotYours):
        submit_message(alice, Conversation(id=his.pk, owner=alice, model=MODEL), "Hello", uuid.uuid4())
    assert Message.objects.count() == 1


def test_a_second_message_while_an_answer_is_open_waits(alice: User) -> None:
    submit_message(alice, _new(alice), "Hello", uuid.uuid4())
    assert isinstance(submit_message(alice, Conversation.objects.get(), "Next", uuid.uuid4()), WaitingMessage)
    assert Message.objects.filter(role="user").count() == 1


@override_settings(DEFAULT_MODEL="", PROVIDERS={})
def test_without_any_model_nothing_is_stored(alice: User) -> None:
    with pytest.raises(NoModel):
        submit_message(alice, Conversation(owner=alice), "Hello", uuid.uuid4())
    assert not Conversation.objects.exists()


def test_regenerate_makes_a_sibling_and_keeps_the_old_answer(alice: User, conversation: Conversation) -> None:
    old = conversation.leaf
    assert old
    sibling = regenerate(alice, conversation, old)
    conversation.refresh_from_db()
    assert sibling.parent == old.parent
    assert conversation.leaf == sibling
    assert Message.objects.get(pk=old.pk).content == "A *line* of things that wait."


def test_continue_goes_on_in_the_same_message(alice: User, conversation: Conversation) -> None:
    answer = conversation.leaf
    assert answer
    assert continue_answer(alice, conversation, answer) == answer
    assert Generation.objects.get().message == answer


def test_regenerate_while_an_answer_is_open_is_refused(alice: User, conversation: Conversation) -> None:
    answer = conversation.leaf
    assert answer
    continue_answer(alice, conversation, answer)
    with pytest.raises(AnswerInProgress):
        regenerate(alice, conversation, answer)


def test_stop_takes_a_queued_answer_back(alice: User) -> None:
    submission = submit_message(alice, _new(alice), "Hello", uuid.uuid4())
    assert stop_answer(submission.conversation, submission.answer)
    assert Generation.objects.get().status == "stopped"


def test_stop_of_a_running_answer_marks_the_record_for_whoever_makes_it(alice: User) -> None:
    submission = submit_message(alice, _new(alice), "Hello", uuid.uuid4())
    Generation.objects.update(status="running", worker="elsewhere:1:x")
    assert stop_answer(submission.conversation, submission.answer)
    generation = Generation.objects.get()
    assert (generation.status, generation.stop_requested) == ("running", True)


def test_stop_of_a_finished_answer_does_nothing(conversation: Conversation) -> None:
    assert conversation.leaf
    assert not stop_answer(conversation, conversation.leaf)
