"""Pinned conversations and the archive."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation
from conversations.sidebar import MAX_PINNED
from tests.conversations.conftest import converse
from tests.conversations.organise.conftest import ENGLISH, HTMX, _post, _sections, _titles

pytestmark = pytest.mark.usefixtures("provider")


# --- Pinned ---


def test_pinned_ones_stand_on_top_and_nowhere_else(alice: User, alice_client: Client) -> None:
    converse(alice, "one")
    two = converse(alice, "two")
    assert _sections(_post(alice_client, two, "pin")) == {"pinned": ["two"], "today": ["one"]}
    assert _titles(alice) == {"pinned": ["two"], "today": ["one"]}
    assert _sections(_post(alice_client, two, "unpin")) == {"today": ["two", "one"]}


def test_the_one_pinned_last_comes_first(alice: User, alice_client: Client) -> None:
    for title in ("one", "two"):
        _post(alice_client, converse(alice, title), "pin")
    assert _titles(alice)["pinned"] == ["two", "one"]


def test_pinning_without_javascript_leads_to_the_conversation(alice_client: Client, conversation: Conversation) -> None:
    response = alice_client.post(f"/c/{conversation.pk}/pin/")
    assert response["Location"] == f"/c/{conversation.pk}/"


def test_the_menu_offers_what_can_be_done(alice_client: Client, conversation: Conversation) -> None:
    html = _post(alice_client, conversation, "pin")
    assert f'hx-post="/c/{conversation.pk}/unpin/"' in html
    assert f'hx-post="/c/{conversation.pk}/pin/"' not in html


def test_too_many_pinned_ones_are_refused(alice: User, alice_client: Client, conversation: Conversation) -> None:
    now = timezone.now()
    Conversation.objects.bulk_create([Conversation(owner=alice, pinned_at=now) for _ in range(MAX_PINNED)])
    response = alice_client.post(f"/c/{conversation.pk}/pin/", headers=HTMX)
    assert response.status_code == 422
    assert f"You have {MAX_PINNED} pinned conversations" in response.content.decode()
    plain = alice_client.post(f"/c/{conversation.pk}/pin/", headers=ENGLISH)
    assert plain.status_code == 422
    assert f"You have {MAX_PINNED} pinned conversations" in plain.content.decode()
    conversation.refresh_from_db()
    assert conversation.pinned_at is None
    pinned = Conversation.objects.exclude(pinned_at=None).first()
    assert pinned
    assert alice_client.post(f"/c/{pinned.pk}/pin/", headers=HTMX).status_code == 200  # it is one of them already


# --- The archive ---


def test_archive_and_undo(alice: User, alice_client: Client, conversation: Conversation) -> None:
    html = _post(alice_client, conversation, "archive")
    assert "is in the archive" in html
    assert f'hx-post="/c/{conversation.pk}/unarchive/"' in html
    assert _titles(alice) == {}
    assert alice_client.get(f"/c/{conversation.pk}/").status_code == 200
    assert _sections(_post(alice_client, conversation, "unarchive")) == {"today": [conversation.title]}


def test_the_header_says_that_a_conversation_is_archived(alice_client: Client, conversation: Conversation) -> None:
    here = HTMX | {"HX-Current-URL": f"http://testserver/c/{conversation.pk}/"}
    html = alice_client.post(f"/c/{conversation.pk}/archive/", headers=here).content.decode()
    assert 'id="conversation-state"' in html
    assert "This conversation is in the archive." in html
    assert "in the archive" in alice_client.get(f"/c/{conversation.pk}/", headers=HTMX).content.decode()


def test_a_message_in_an_archived_conversation_leaves_it_there(
    alice_client: Client, conversation: Conversation, form
) -> None:  # type: ignore[no-untyped-def]
    _post(alice_client, conversation, "archive")
    html = alice_client.post(f"/c/{conversation.pk}/messages/", form("More"), headers=HTMX).content.decode()
    assert "conversations-today" not in html
    assert "in the archive" not in html


def test_the_archive_is_a_page_with_a_way_back(alice: User, alice_client: Client, conversation: Conversation) -> None:
    _post(alice_client, conversation, "archive")
    converse(alice, "Not archived")
    html = alice_client.get("/conversations/archived/", headers=ENGLISH).content.decode()
    assert conversation.title in html
    assert "Not archived" not in html
    response = alice_client.post("/conversations/archived/", {"only": conversation.pk}, headers=ENGLISH)
    assert response["Location"] == "/conversations/archived/"
    assert conversation.title in _titles(alice)["today"]


def test_what_comes_out_of_the_archive_beyond_the_limit_is_seen(alice_client: Client, alice: User) -> None:
    now = timezone.now()
    Conversation.objects.bulk_create(
        [Conversation(owner=alice, title=f"Pin {n:02}", pinned_at=now) for n in range(MAX_PINNED + 1)]
    )
    page = alice_client.get("/").content.decode()
    assert all(f"Pin {n:02}" in page for n in range(MAX_PINNED + 1))
