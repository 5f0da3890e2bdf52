"""Commands on conversations."""

import uuid

import pytest
from django.test import Client

from accounts.models import User
from conversations.forms import SettingsForm
from conversations.models import Conversation, Generation, Message
from tests.conversations.conftest import MODEL, converse

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
pytestmark = pytest.mark.usefixtures("provider")


def _url(conversation: Conversation, command: str) -> str:
    return f"/c/{conversation.pk}/{command}/"


def test_rename(alice_client: Client, conversation: Conversation) -> None:
    response = alice_client.post(_url(conversation, "rename"), {"title": "  My   queue "}, headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.title == "My queue"
    assert "My queue" in response.content.decode()


def test_rename_without_javascript(alice_client: Client, conversation: Conversation) -> None:
    assert "<html" in alice_client.get(_url(conversation, "rename")).content.decode()
    response = alice_client.post(_url(conversation, "rename"), {"title": "New"})
    assert response["Location"] == f"/c/{conversation.pk}/"


def test_a_title_keeps_its_signs_and_turns_nothing_round(alice_client: Client, conversation: Conversation) -> None:
    alice_client.post(_url(conversation, "rename"), {"title": "__init__.py \u202e**C#** 👨‍👩‍👧‍👦"}, headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.title == "__init__.py **C#** 👨‍👩‍👧‍👦"


@pytest.mark.parametrize("title", ["", "  ", "\u200b\u202e", "x" * 121])
def test_a_title_that_will_not_do_is_refused(alice_client: Client, conversation: Conversation, title: str) -> None:
    response = alice_client.post(_url(conversation, "rename"), {"title": title}, headers=HTMX)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()


def test_delete_and_undo(alice_client: Client, conversation: Conversation) -> None:
    response = alice_client.post(_url(conversation, "delete"), headers=HTMX)
    assert "Undo" in response.content.decode()
    assert alice_client.get(f"/c/{conversation.pk}/").status_code == 404
    response = alice_client.post(_url(conversation, "restore"), headers=HTMX)
    assert f'id="conversation-{conversation.pk}"' in response.content.decode()
    assert alice_client.get(f"/c/{conversation.pk}/").status_code == 200


def test_deleting_stops_the_answer(alice_client: Client, conversation: Conversation) -> None:
    Generation.objects.create(
        conversation=conversation, message_id=conversation.leaf_id, model=MODEL, max_tokens=1, status="running"
    )
    alice_client.post(_url(conversation, "delete"), headers=HTMX)
    assert Generation.objects.get().stop_requested


def test_a_message_to_a_deleted_conversation_is_not_found(alice_client: Client, conversation: Conversation) -> None:
    alice_client.post(_url(conversation, "delete"))
    form = {"text": "Hello", "client_id": str(uuid.uuid4())}
    assert alice_client.post(f"/c/{conversation.pk}/messages/", form).status_code == 404


def test_restoring_what_is_not_deleted_is_not_found(alice_client: Client, conversation: Conversation) -> None:
    assert alice_client.post(_url(conversation, "restore")).status_code == 404


def test_settings_are_saved_as_they_change(alice_client: Client, conversation: Conversation) -> None:
    form = {"model": MODEL, "temperature": "1.1", "max_tokens": "700", "streaming": "on"}
    response = alice_client.post(_url(conversation, "settings"), form, headers=HTMX)
    assert response.status_code == 200
    conversation.refresh_from_db()
    assert (conversation.temperature, conversation.max_tokens, conversation.streaming) == (1.1, 700, True)


def test_a_message_stored_while_settings_are_saved_stays_the_newest(
    alice_client: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Message.objects.create(conversation=conversation, parent_id=conversation.leaf_id, role="user", content="!")
    is_valid = SettingsForm.is_valid

    def after_a_message(form: SettingsForm) -> bool:
        Conversation.objects.filter(pk=conversation.pk).update(leaf=stored)
        return is_valid(form)

    monkeypatch.setattr(SettingsForm, "is_valid", after_a_message)
    form = {"model": MODEL, "temperature": "1.1", "max_tokens": "700"}
    assert alice_client.post(_url(conversation, "settings"), form, headers=HTMX).status_code == 200
    conversation.refresh_from_db()
    assert (conversation.temperature, conversation.leaf_id) == (1.1, stored.pk)


def test_settings_beyond_the_models_limit_are_refused_and_named(
    alice_client: Client, conversation: Conversation
) -> None:
    form = {"model": "anthropic/claude-sonnet-4-5", "temperature": "1.4", "max_tokens": "700"}
    response = alice_client.post(_url(conversation, "settings"), form, headers=HTMX)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    conversation.refresh_from_db()
    assert conversation.temperature == 0.7


def test_settings_of_a_conversation_to_be_are_only_checked(alice_client: Client) -> None:
    form = {"model": MODEL, "temperature": "1.1", "max_tokens": "700"}
    assert alice_client.post(f"/c/{uuid.uuid4()}/settings/", form, headers=HTMX).status_code == 200
    assert not Conversation.objects.exists()


def test_older_conversations_come_on_scrolling(alice: User, alice_client: Client) -> None:
    for i in range(45):
        converse(alice, f"Conversation {i}")
    page = alice_client.get("/", headers=HTMX | {"HX-History-Restore-Request": "true"}).content.decode()
    next_url = page.partition('hx-get="/c/?')[2].partition('"')[0].replace("&amp;", "&")
    more = alice_client.get(f"/c/?{next_url}", headers=HTMX).content.decode()
    assert "Conversation 0<" in more
    assert "Conversation 44<" not in more
    assert "<html" in alice_client.get(f"/c/?{next_url}").content.decode()
