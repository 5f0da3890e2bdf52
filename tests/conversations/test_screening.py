"""A question that the site's screen does not let pass: nothing is stored, and its text stays in the message box."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Message, WaitingMessage
from conversations.submission import Refused, submit_message
from tests.conversations.conftest import MODEL

pytestmark = pytest.mark.usefixtures("provider", "screened")
Form = Callable[..., dict[str, str]]
HTMX = {"HX-Request": "true", "Accept-Language": "en"}
SENTENCE = "This site does not answer <that>."
ASKED: list[tuple[str, bool, str]] = []


def screen(user: User, conversation: Conversation, text: str) -> str:
    ASKED.append((user.username, conversation._state.adding, text))
    return SENTENCE if "forbidden" in text else ""


@pytest.fixture
def screened(settings: Any) -> None:
    ASKED.clear()
    settings.QUESTION_SCREEN = f"{__name__}.screen"


def test_what_is_allowed_passes(alice_client: Client, form: Form) -> None:
    assert alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("Hello"), headers=HTMX).status_code == 200
    assert ASKED == [("alice", True, "Hello")]
    assert Message.objects.filter(role="user").get().content == "Hello"


def test_the_sentence_is_shown_at_the_message_box(alice_client: Client, form: Form) -> None:
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("forbidden"), headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#composer-error"
    assert "does not answer &lt;that&gt;." in response.content.decode()
    assert not Conversation.objects.exists()


def test_without_javascript_the_text_is_given_back(
    alice_client: Client, conversation: Conversation, form: Form
) -> None:
    response = alice_client.post(f"/c/{conversation.pk}/messages/", form("forbidden"))
    assert response.status_code == 422
    page = response.content.decode()
    assert "does not answer &lt;that&gt;." in page
    assert ">forbidden</textarea>" in page
    assert Message.objects.count() == 2


def test_editing_a_question_is_asked_about_too(alice_client: Client, conversation: Conversation, form: Form) -> None:
    question = Message.objects.get(role="user")
    path = f"/c/{conversation.pk}/messages/{question.pk}/edit/"
    response = alice_client.post(path, form("forbidden"), headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == f"#edit-{question.pk}-error"
    assert "does not answer" in response.content.decode()
    plain = alice_client.post(path, form("forbidden"))
    assert plain.status_code == 422
    assert "forbidden</textarea>" in plain.content.decode()
    assert Message.objects.count() == 2


def test_so_is_a_question_that_has_to_wait(alice: User) -> None:
    conversation = Conversation(owner=alice, model=MODEL)
    submit_message(alice, conversation, "First", uuid.uuid4())
    with pytest.raises(Refused) as caught:
        submit_message(alice, Conversation.objects.get(), "forbidden", uuid.uuid4())
    assert caught.value.sentence == SENTENCE
    assert "forbidden" not in str(caught.value)
    assert not WaitingMessage.objects.exists()


def test_a_site_without_a_screen_asks_nobody(alice_client: Client, form: Form, settings: Any) -> None:
    settings.QUESTION_SCREEN = ""
    assert alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("forbidden"), headers=HTMX).status_code == 200
    assert ASKED == []


def test_what_cannot_be_asked_anyway_is_not_looked_at(
    alice_client: Client, conversation: Conversation, form: Form
) -> None:
    from conversations.moderating import lock

    lock(conversation)
    assert alice_client.post(f"/c/{conversation.pk}/messages/", form("forbidden"), headers=HTMX).status_code == 422
    assert ASKED == []
