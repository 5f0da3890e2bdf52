"""Sending, and what is refused."""

import uuid
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Generation, Message
from conversations.views.pages import PAGE
from tests.conversations.conftest import converse

pytestmark = pytest.mark.usefixtures("provider")
Form = Callable[..., dict[str, str]]
HTMX = {"HX-Request": "true"}


def _url(conversation_id: object) -> str:
    return f"/c/{conversation_id}/messages/"


def test_htmx_gets_the_two_messages_and_the_address(alice_client: Client, form: Form) -> None:
    conversation_id = uuid.uuid4()
    response = alice_client.post(_url(conversation_id), form("Hello"), headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Push-Url"] == f"/c/{conversation_id}/"
    html = response.content.decode()
    question, answer = Message.objects.order_by("id")
    assert f'data-message-id="{question.pk}" data-role="user" data-status="complete"' in html
    assert f'data-message-id="{answer.pk}" data-role="assistant" data-status="queued"' in html
    assert f'id="conversation-{conversation_id}"' in html


def test_without_javascript_the_conversation_is_shown(alice_client: Client, form: Form) -> None:
    conversation_id = uuid.uuid4()
    response = alice_client.post(_url(conversation_id), form("Hello"), follow=True)
    assert response.redirect_chain == [(f"/c/{conversation_id}/", 302)]
    assert "Hello" in response.content.decode()


def test_settings_come_with_the_message(alice_client: Client, form: Form) -> None:
    sent = form("Hello", model="openai/other", temperature="1.3", max_tokens="900")
    assert alice_client.post(_url(uuid.uuid4()), sent, headers=HTMX).status_code == 200
    conversation = Conversation.objects.get()
    assert (conversation.model, conversation.temperature, conversation.max_tokens) == ("openai/other", 1.3, 900)
    assert not conversation.streaming


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE conversations_message;--",
        "[" * 9_000,
        "  leading and trailing  \n\n",
        "\u202emirrored\u202c 👩‍👩‍👧",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_any_text_is_stored_verbatim_and_shown_inert(alice_client: Client, form: Form, text: str) -> None:
    response = alice_client.post(_url(uuid.uuid4()), form(text), headers=HTMX)
    assert response.status_code == 200
    assert Message.objects.get(role="user").content == text
    html = response.content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html


def test_what_the_database_cannot_hold_is_replaced_visibly(alice_client: Client) -> None:
    body = f"client_id={uuid.uuid4()}&text=a%00b%ED%A0%80c"
    response = alice_client.post(
        _url(uuid.uuid4()), body, content_type="application/x-www-form-urlencoded", headers=HTMX
    )
    assert response.status_code == 200
    content = Message.objects.get(role="user").content
    assert content.startswith("a\ufffdb\ufffd")
    assert content.endswith("c")


@pytest.mark.parametrize(
    ("text", "korean", "english"),
    [
        ("", "메시지를", "Write a message first."),
        (" \n\t ", "메시지를", "Write a message first."),
        ("x" * 10_001, "1자", "1 character too long"),
        ("y" * 1_000_000, "990,000자", "990,000 characters too long"),
    ],
)
def test_refused_with_a_sentence_in_the_users_language(
    alice_client: Client, form: Form, text: str, korean: str, english: str
) -> None:
    for language, sentence in (("ko", korean), ("en", english)):
        response = alice_client.post(_url(uuid.uuid4()), form(text), headers=HTMX | {"Accept-Language": language})
        assert response.status_code == 422
        assert response["HX-Retarget"] == "#composer-error"
        assert sentence in response.content.decode()
    assert not Message.objects.exists()


def test_refused_without_javascript_the_text_stays_in_the_composer(alice_client: Client, form: Form) -> None:
    long = "hold on " * 2000
    response = alice_client.post(_url(uuid.uuid4()), form(long))
    assert response.status_code == 422
    assert long in response.content.decode()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("client_id", ["", "not-a-uuid", "1"])
def test_a_message_without_a_proper_id_is_refused(alice_client: Client, client_id: str) -> None:
    response = alice_client.post(_url(uuid.uuid4()), {"text": "Hello", "client_id": client_id}, headers=HTMX)
    assert response.status_code == 422
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "settings_sent",
    [
        {"temperature": "2.1"},
        {"temperature": "-1"},
        {"temperature": "nan"},
        {"temperature": "hot"},
        {"max_tokens": "99"},
        {"max_tokens": "4001"},
        {"max_tokens": "many"},
        {"model": "nobody/knows", "temperature": "1"},
    ],
)
def test_settings_out_of_their_limits_are_refused(
    alice_client: Client, form: Form, settings_sent: dict[str, str]
) -> None:
    sent = form("Hello", **({"model": "openai/scripted", "temperature": "1", "max_tokens": "500"} | settings_sent))
    assert alice_client.post(_url(uuid.uuid4()), sent, headers=HTMX).status_code == 422
    assert not Message.objects.exists()


def test_claude_takes_no_temperature_above_one(alice_client: Client, form: Form) -> None:
    sent = form("Hello", model="anthropic/claude-sonnet-4-5", temperature="1.5", max_tokens="500")
    response = alice_client.post(_url(uuid.uuid4()), sent, headers=HTMX)
    assert response.status_code == 422


def test_while_an_answer_is_open_the_next_message_waits(alice_client: Client, form: Form) -> None:
    conversation_id = uuid.uuid4()
    alice_client.post(_url(conversation_id), form("Hello"), headers=HTMX)
    response = alice_client.post(_url(conversation_id), form("Next"), headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Retarget"] == "#waiting"
    assert Message.objects.filter(role="user").count() == 1


def test_a_retry_of_the_same_message_is_the_same_message(alice_client: Client, form: Form) -> None:
    conversation_id, sent = uuid.uuid4(), form("Hello")
    first = alice_client.post(_url(conversation_id), sent, headers=HTMX)
    again = alice_client.post(_url(conversation_id), sent, headers=HTMX)
    assert again.status_code == first.status_code == 200
    assert Message.objects.count() == 2


def test_without_the_csrf_token_nothing_is_taken(alice: User, form: Form) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(_url(uuid.uuid4()), form("Hello")).status_code == 403


def test_logged_out_the_whole_page_goes_to_the_login(client: Client, form: Form) -> None:
    fragment = client.post(_url(uuid.uuid4()), form("Hello"), headers=HTMX)
    assert fragment["HX-Redirect"].startswith("/accounts/login/")
    assert client.post(_url(uuid.uuid4()), form("Hello"))["Location"].startswith("/accounts/login/")


def test_earlier_messages_come_a_page_at_a_time(
    alice: User, alice_client: Client, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    conversation = converse(alice, *[f"message {i}" for i in range(100)])
    page = alice_client.get(f"/c/{conversation.pk}/").content.decode()
    assert "message 99" in page
    first = 100 - PAGE
    assert f"message {first - 1}<" not in page
    before = Message.objects.get(content=f"message {first}").pk
    with django_assert_max_num_queries(7):
        earlier = alice_client.get(_url(conversation.pk), {"before": before}, headers=HTMX).content.decode()
    assert f"message {first - 1}<" in earlier
    assert f"message {first - PAGE}<" in earlier
    assert f"message {first}<" not in earlier


@pytest.mark.parametrize("before", ["", "x", "0", "-1", "9" * 40, "²"])
def test_earlier_than_no_message_is_not_found(alice_client: Client, conversation: Conversation, before: str) -> None:
    assert alice_client.get(_url(conversation.pk), {"before": before}, headers=HTMX).status_code == 404


def test_regenerate_continue_and_stop(alice_client: Client, conversation: Conversation) -> None:
    answer = conversation.leaf_id
    response = alice_client.post(f"{_url(conversation.pk)}{answer}/continue/", headers=HTMX)
    assert f'data-message-id="{answer}"' in response.content.decode()
    assert alice_client.post(f"{_url(conversation.pk)}{answer}/stop/", headers=HTMX).status_code == 204
    assert Generation.objects.get().status == "stopped"
    response = alice_client.post(f"{_url(conversation.pk)}{answer}/regenerate/", headers=HTMX)
    conversation.refresh_from_db()
    assert f'data-message-id="{conversation.leaf_id}"' in response.content.decode()
    assert conversation.leaf_id != answer


@pytest.mark.parametrize("command", ["stop", "regenerate", "continue"])
def test_commands_on_a_question_or_nothing_are_not_found(
    alice_client: Client, conversation: Conversation, command: str
) -> None:
    question = conversation.messages.get(role="user").pk
    for message in (question, 999_999):
        assert alice_client.post(f"{_url(conversation.pk)}{message}/{command}/").status_code == 404


def test_the_limit_is_a_setting(alice_client: Client, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAX_MESSAGE_CHARACTERS", 5)
    assert alice_client.post(_url(uuid.uuid4()), form("Hello!"), headers=HTMX).status_code == 422
    assert alice_client.post(_url(uuid.uuid4()), form("Hello"), headers=HTMX).status_code == 200
