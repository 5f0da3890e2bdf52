"""A conversation that a moderator has locked: read, exported, deleted, but nothing is asked in it."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from conversations import moderating, waiting
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.submission import submit_message
from tests.conversations.conftest import MODEL
from tests.conversations.moderated.conftest import ENGLISH, HTMX, shown

pytestmark = pytest.mark.usefixtures("provider")
Form = Callable[..., dict[str, str]]
SENTENCE = "A moderator has locked this conversation."


@pytest.fixture
def locked(conversation: Conversation) -> Conversation:
    assert moderating.lock(conversation)
    return conversation


def test_locking_and_unlocking_are_done_once(conversation: Conversation) -> None:
    assert moderating.lock(conversation)
    assert not moderating.lock(Conversation.objects.get())
    assert moderating.unlock(conversation)
    assert not moderating.unlock(conversation)
    assert conversation.locked_at is None


def test_the_owner_is_told_and_can_still_read_export_and_delete(alice_client: Client, locked: Conversation) -> None:
    path = f"/c/{locked.pk}/"
    page = shown(alice_client, path)
    assert SENTENCE in page
    assert "What is a queue?" in page
    assert "What is a queue?" in shown(alice_client, f"{path}export/markdown/")
    assert alice_client.post(f"{path}delete/").status_code == 302


def test_another_conversation_is_not_locked_by_it(alice_client: Client, locked: Conversation, form: Form) -> None:
    assert alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("Hello"), headers=HTMX).status_code == 200
    assert SENTENCE not in shown(alice_client, "/")


def test_every_way_to_ask_is_closed(
    alice_client: Client, locked: Conversation, question: Message, answer: Message, form: Form
) -> None:
    path = f"/c/{locked.pk}/messages/"
    commands = [path, f"{path}{question.pk}/edit/"]
    commands += [f"{path}{answer.pk}/{command}/" for command in ("regenerate", "continue", "branch")]
    for command in commands:
        response = alice_client.post(command, form("More?"), headers=HTMX)
        assert response.status_code == 422, command
        assert SENTENCE in response.content.decode()
    assert Message.objects.count() == 2
    assert Conversation.objects.count() == 1


def test_without_javascript_the_text_is_given_back(alice_client: Client, locked: Conversation, form: Form) -> None:
    response = alice_client.post(f"/c/{locked.pk}/messages/", form("More?"), headers=ENGLISH)
    assert response.status_code == 422
    assert "More?" in response.content.decode()
    assert SENTENCE in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_not_asked_until_it_is_unlocked(alice: User) -> None:
    submit_message(alice, Conversation(owner=alice, model=MODEL), "First", uuid.uuid4())
    conversation = Conversation.objects.get()
    submit_message(alice, conversation, "Next", uuid.uuid4())
    moderating.lock(conversation)
    assert [generation.status for generation in Generation.objects.all()] == ["stopped"]
    assert waiting.submit_next(Key(alice.pk, conversation.pk)) is None
    assert waiting.missed() == []
    assert WaitingMessage.objects.count() == 1
    moderating.unlock(conversation)
    assert waiting.missed() == [Key(alice.pk, conversation.pk)]
    assert waiting.submit_next(Key(alice.pk, conversation.pk))
