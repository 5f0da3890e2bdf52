"""What the model is told ahead: by the site, by the person, for the conversation."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Preferences, User
from conversations.forms import SYSTEM_PROMPT_LENGTH
from conversations.generation import records
from conversations.generation.prompt import system_text
from conversations.models import Conversation, Generation
from conversations.submission import submit_message
from tests.conversations.conftest import MODEL

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
Form = Callable[..., dict[str, str]]
pytestmark = pytest.mark.usefixtures("provider")


def _instruct(user: User, text: str) -> None:
    Preferences.objects.create(user=user, custom_instructions=text)


def _settings(prompt: str, **extra: str) -> dict[str, str]:
    return {"model": MODEL, "temperature": "0.7", "max_tokens": "700", "system_prompt": prompt} | extra


def test_site_person_and_conversation_in_this_order(alice: User, settings) -> None:  # type: ignore[no-untyped-def]
    settings.SYSTEM_PROMPT = "Be kind."
    _instruct(alice, "I am a nurse.\n")
    conversation = Conversation(owner=alice, system_prompt="  Answer in verse.")
    assert system_text(conversation) == "Be kind.\n\nI am a nurse.\n\nAnswer in verse."


def test_what_is_empty_leaves_no_gap(alice: User, settings) -> None:  # type: ignore[no-untyped-def]
    settings.SYSTEM_PROMPT = ""
    assert system_text(Conversation(owner=alice)) == ""
    assert system_text(Conversation(owner=alice, system_prompt="Answer in verse.")) == "Answer in verse."


def test_the_model_gets_it(alice: User) -> None:
    _instruct(alice, "I am a nurse.")
    submit_message(alice, Conversation(owner=alice, model=MODEL, system_prompt="In verse."), "Hello", uuid.uuid4())
    job = records.claim(Generation.objects.get().pk)
    assert job
    assert job.request.system == "I am a nurse.\n\nIn verse."


def test_a_temporary_chat_knows_the_person_too(alice: User) -> None:
    _instruct(alice, "I am a nurse.")
    conversation = Conversation(owner=alice, model=MODEL)
    conversation.make_temporary()
    assert system_text(conversation) == "I am a nurse."


def test_it_costs_no_query_where_the_owner_is_at_hand_and_else_one(
    alice: User,
    conversation: Conversation,
    django_assert_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    _instruct(alice, "I am a nurse.")
    alone = Conversation.objects.get(pk=conversation.pk)
    with django_assert_num_queries(1):
        assert system_text(alone) == "I am a nurse."
    with_owner = Conversation.objects.select_related("owner__preferences").get(pk=conversation.pk)
    with django_assert_num_queries(0):
        assert system_text(with_owner) == "I am a nurse."


def test_the_settings_save_it(alice_client: Client, conversation: Conversation) -> None:
    address = f"/c/{conversation.pk}/settings/"
    html = alice_client.post(address, _settings(" In verse.\r\nShort.\n"), headers=HTMX).content.decode()
    conversation.refresh_from_db()
    assert conversation.system_prompt == "In verse.\nShort."
    assert "In verse.\nShort.</textarea>" in html
    alice_client.post(address, _settings(""), headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.system_prompt == ""


def test_the_first_message_brings_it(alice_client: Client, form: Form) -> None:
    message = form("Hello", **_settings("In verse."))
    assert alice_client.post(f"/c/{uuid.uuid4()}/messages/", message, headers=HTMX).status_code == 200
    assert Conversation.objects.get().system_prompt == "In verse."


def test_so_does_a_later_one(alice_client: Client, conversation: Conversation, form: Form) -> None:
    alice_client.post(f"/c/{conversation.pk}/messages/", form("Hello", **_settings("In verse.")))
    conversation.refresh_from_db()
    assert conversation.system_prompt == "In verse."


def test_settings_without_it_leave_it_as_it_is(alice_client: Client, conversation: Conversation, form: Form) -> None:
    Conversation.objects.update(system_prompt="In verse.")
    alice_client.post(f"/c/{conversation.pk}/settings/", {"model": MODEL}, headers=HTMX)
    alice_client.post(f"/c/{conversation.pk}/messages/", form("Hello", model=MODEL), headers=HTMX)
    alice_client.post(f"/c/{conversation.pk}/messages/", form("Hello"), headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.system_prompt == "In verse."


def test_the_longest_is_taken_whole(alice_client: Client, conversation: Conversation) -> None:
    text = "시\r\n" * (SYSTEM_PROMPT_LENGTH // 2 - 1) + "시."
    alice_client.post(f"/c/{conversation.pk}/settings/", _settings(text), headers=HTMX)
    conversation.refresh_from_db()
    assert len(conversation.system_prompt) == SYSTEM_PROMPT_LENGTH


def test_what_is_too_long_is_refused_with_a_sentence(
    alice_client: Client, conversation: Conversation, form: Form
) -> None:
    long = _settings("x" * (SYSTEM_PROMPT_LENGTH + 1))
    for address, sent in (("settings", long), ("messages", form("Hello", **long))):
        response = alice_client.post(f"/c/{conversation.pk}/{address}/", sent, headers=HTMX)
        assert response.status_code == 422
        assert "1 character too long; at most 8,000 are possible" in response.content.decode()
    conversation.refresh_from_db()
    assert conversation.system_prompt == ""


# --- The person's own instructions ---

PREFERENCES = {
    "language": "",
    "theme": "system",
    "default_model": "",
    "temperature": "0.7",
    "max_tokens": "2000",
    "streaming": "on",
}


def test_the_preferences_save_them(alice: User, alice_client: Client) -> None:
    response = alice_client.post("/settings/", PREFERENCES | {"custom_instructions": "I am a nurse.\r\nBe brief."})
    assert response.status_code == 302
    assert Preferences.objects.get(user=alice).custom_instructions == "I am a nurse.\nBe brief."
    assert "I am a nurse.\nBe brief.</textarea>" in alice_client.get("/settings/").content.decode()


def test_preferences_of_the_longest_kind_are_saved(alice: User, alice_client: Client) -> None:
    alice_client.post("/settings/", PREFERENCES | {"custom_instructions": "x\r\n" * 1999 + "xx"})
    assert len(Preferences.objects.get(user=alice).custom_instructions) == 4000


def test_instructions_that_are_too_long_are_refused_with_a_sentence(alice_client: Client) -> None:
    sent = PREFERENCES | {"custom_instructions": "x" * 4002}
    response = alice_client.post("/settings/", sent, headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert "2 characters too long; at most 4,000 are possible" in response.content.decode()
    assert not Preferences.objects.exists()
