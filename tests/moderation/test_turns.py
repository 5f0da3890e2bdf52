"""Messages as moderators read them, on every page that shows them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations.models import Attachment, Conversation, Generation, Message, WaitingMessage
from conversations.rendering import render
from moderation.flagging import flag
from moderation.models import Case
from moderation.turns import last_turns, turns_around, turns_of, waiting_turns
from tests.conversations.conftest import MODEL, converse


def _messages(conversation: Conversation) -> list[Message]:
    return Message.objects.branch(conversation.pk, conversation.leaf_id, 100)


def _flagged(message: Message) -> Case:
    return flag(message.conversation.owner, "spam", "provider", message=message, conversation=message.conversation)


def test_a_question_and_its_answer(conversation: Conversation) -> None:
    Message.objects.filter(pk=conversation.leaf_id).update(model=MODEL)
    question, answer = turns_of(_messages(conversation))
    assert (question.is_answer, answer.is_answer) == (False, True)
    assert "How do I do it?" in question.html
    assert "Like <em>this</em>." in answer.html
    assert (question.model_label, bool(answer.model_label)) == ("", True)
    assert (answer.status, answer.hidden_at, answer.case_id, answer.is_flagged) == ("", None, None, False)


def test_no_messages(db: None, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(4):
        assert turns_of([]) == []


def test_nothing_of_people_or_models_is_markup(alice: User) -> None:
    for turn in turns_of(_messages(converse(alice, "<b>x</b>", "<script>y</script>"))):
        assert "<b>" not in turn.html
        assert "<script>" not in turn.html


def test_what_is_hidden_is_there(answer: Message) -> None:
    Message.objects.filter(pk=answer.pk).update(hidden_at=timezone.now())
    *_others, shown = turns_of(_messages(answer.conversation))
    assert "Like <em>this</em>." in shown.html
    assert shown.hidden_at


def test_stored_html_is_taken_as_it_was_rendered(answer: Message) -> None:
    Message.objects.filter(pk=answer.pk).update(html=render("Rendered *once*"))
    assert "Rendered <em>once</em>" in turns_of(_messages(answer.conversation))[-1].html


def test_an_answer_that_is_being_written(answer: Message) -> None:
    Message.objects.filter(pk=answer.pk).update(html=render("Before"), content="Before", reasoning="One ")
    Generation.objects.create(
        conversation=answer.conversation,
        message=answer,
        model=MODEL,
        max_tokens=1,
        status="running",
        draft=" and after",
        draft_reasoning="two",
    )
    shown = turns_of(_messages(answer.conversation))[-1]
    assert "Before and after" in shown.html
    assert shown.reasoning == "One two"
    assert shown.status


def test_every_message_with_an_open_case_is_flagged(answer: Message) -> None:
    case = _flagged(answer)
    question, shown = turns_of(_messages(answer.conversation))
    assert (shown.case_id, shown.is_flagged, question.is_flagged) == (case.pk, True, False)
    Case.objects.update(resolved_at=timezone.now())
    assert turns_of(_messages(answer.conversation))[-1].case_id is None


def test_or_the_one_that_the_page_is_about_alone(answer: Message) -> None:
    case = _flagged(answer)
    question, shown = turns_around(answer.conversation, answer.parent_id or 0)
    assert (question.case_id, question.is_flagged) == (None, True)
    assert (shown.case_id, shown.is_flagged) == (case.pk, False)


def test_how_a_conversation_ends(alice: User) -> None:
    made = converse(alice, *(f"message {n}." for n in range(20)))
    shown = last_turns(made)
    assert "message 14." in shown[0].html
    assert "message 19." in shown[-1].html


def test_questions_that_wait(alice: User, conversation: Conversation) -> None:
    question = WaitingMessage.objects.create(conversation=conversation, content="<b>later</b>", client_id=uuid4())
    file = Attachment.objects.create(
        owner=alice, waiting=question, kind="text", name="a.txt", size=1, media_type="text/plain", text="x"
    )
    (shown,) = waiting_turns(WaitingMessage.objects.prefetch_related("attachments"))
    assert (shown.id, shown.is_answer, shown.attachments) == (None, False, [file])
    assert "&lt;b&gt;later" in shown.html
    assert shown.status


@pytest.mark.parametrize("count", [2, 40])
def test_four_queries_however_many(
    alice: User, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    messages = _messages(converse(alice, *(f"message {n}." for n in range(count))))
    with django_assert_max_num_queries(4):
        turns_of(messages)
