"""What others hear of messages: after the commit, in threads of their own, and whatever they do, nothing happens."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from accounts.models import User
from conversations import events
from conversations.events import Event, answer_ended, question_stored
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.submission import continue_answer, edit_question, regenerate, submit_message
from conversations.waiting import submit_next
from tests.conversations.conftest import MODEL, converse
from tests.conversations.generation.test_runner import ask, end_of, until
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a text that no log may hold"
Connect = Callable[[Event, Callable[..., None]], None]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects receivers for the time of the test."""
    connected: list[tuple[Event, Callable[..., None]]] = []

    def made(event: Event, receiver: Callable[..., None]) -> None:
        event.connect(receiver, weak=False)
        connected.append((event, receiver))

    yield made
    for event, receiver in connected:
        event.disconnect(receiver)


@pytest.fixture
def questions(connect: Connect) -> list[str]:
    """The texts of the questions that were told of, read from the database by who heard."""
    return _heard(connect, question_stored)


@pytest.fixture
def answers(connect: Connect) -> list[str]:
    return _heard(connect, answer_ended)


def _heard(connect: Connect, event: Event) -> list[str]:
    texts: list[str] = []

    def receive(message_id: int, conversation_id: uuid.UUID, **_: Any) -> None:
        texts.append(Message.objects.get(pk=message_id, conversation_id=conversation_id).content)

    connect(event, receive)
    return texts


def _submit(alice: User, text: str, conversation: Conversation | None = None) -> Any:
    return submit_message(alice, conversation or Conversation(owner=alice, model=MODEL), text, uuid.uuid4())


def test_every_way_in_is_told_of(alice: User, questions: list[str]) -> None:
    first = _submit(alice, "sent")
    waiting = _submit(alice, "waited", first.conversation)
    assert isinstance(waiting, WaitingMessage)
    events.settle()
    assert questions == ["sent"]
    Generation.objects.update(status="complete")
    submit_next(Key(alice.pk, first.conversation.pk))
    events.settle()  # two threads tell: their order is nobody's
    Generation.objects.update(status="complete")
    edit_question(alice, first.conversation, first.question, "edited", uuid.uuid4())
    events.settle()
    assert questions == ["sent", "waited", "edited"]


def test_nothing_new_is_told_twice(alice: User, questions: list[str]) -> None:
    client_id = uuid.uuid4()
    for _ in range(2):
        submit_message(alice, Conversation.objects.first() or Conversation(owner=alice, model=MODEL), "once", client_id)
    Generation.objects.update(status="complete")
    conversation = Conversation.objects.get()
    regenerate(alice, conversation, Message.objects.get(role="assistant"))
    events.settle()
    assert questions == ["once"]


def test_what_is_rolled_back_is_not_told(alice: User, questions: list[str]) -> None:
    message = converse(alice, "question").leaf
    assert message is not None
    with transaction.atomic():
        events.tell(question_stored, message)
        transaction.set_rollback(True)
    events.settle()
    assert questions == []


@pytest.mark.usefixtures("running_engine")
async def test_an_answer_that_ended_is_told_of_however_it_ended(
    alice: User, provider: ScriptedProvider, answers: list[str]
) -> None:
    complete = await end_of(await ask(alice, "Hello script:words-3"))
    failed = await end_of(await ask(alice, "Hello script:error-in-stream"))
    await end_of(await ask(alice, "Hello script:error-401"))  # has no text

    async def heard() -> bool:
        return sorted(answers) == sorted([complete.message.content, failed.message.content])

    await until(heard)


@pytest.mark.usefixtures("running_engine")
async def test_an_answer_that_is_continued_is_told_of_again(
    alice: User, provider: ScriptedProvider, answers: list[str]
) -> None:
    first = await end_of(await ask(alice, "Hello script:clean-cut"))
    await sync_to_async(continue_answer)(alice, await Conversation.objects.aget(), first.message)
    second = await end_of(await Generation.objects.alatest("id"))

    async def heard() -> bool:
        return answers[1:] == [second.message.content]

    await until(heard)


def test_a_receiver_that_fails_is_named_in_the_log_and_changes_nothing(
    alice: User, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    def receive(**_: Any) -> None:
        raise ValueError(SECRET)

    heard: list[str] = []
    connect(question_stored, receive)
    connect(question_stored, lambda **_: heard.append("the next one"))
    _submit(alice, SECRET)
    events.settle()
    assert heard == ["the next one"]
    assert "ValueError" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("running_engine")
async def test_a_receiver_that_is_slow_holds_no_answer_up(
    alice: User, provider: ScriptedProvider, connect: Connect
) -> None:
    goes_on = threading.Event()
    connect(question_stored, lambda **_: goes_on.wait(20) and None)
    generation = await end_of(await ask(alice, "Hello script:words-3"))
    assert generation.status == "complete"
    assert not goes_on.is_set()
    goes_on.set()
    await asyncio.to_thread(events.settle)
