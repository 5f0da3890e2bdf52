"""Temporary chats: not in the list, gone after a while, unless they are kept."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations import attachments
from conversations.consumers import _who_and_whose
from conversations.generation.frames import Key
from conversations.models import Conversation, WaitingMessage
from conversations.sidebar import listing
from conversations.waiting import missed
from tests.conversations.conftest import converse
from tests.conversations.pictures import kept

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
Form = Callable[..., dict[str, str]]
pytestmark = pytest.mark.usefixtures("provider")


@pytest.fixture
def chat(alice: User) -> Conversation:
    return _expiring(converse(alice, "between us", "yes"), hours=3)


def _expiring(conversation: Conversation, hours: float) -> Conversation:
    conversation.expires_at = timezone.now() + timedelta(hours=hours)
    conversation.save()
    return conversation


def _listed(user: User) -> int:
    return sum(len(group.conversations) for group in listing(user).groups)


def test_a_new_chat_offers_to_be_temporary(alice_client: Client) -> None:
    html = alice_client.get("/", headers=HTMX).content.decode()
    assert 'href="/?temporary=1"' in html
    assert 'name="temporary"' not in html


def test_a_temporary_one_says_so_and_for_how_long(alice_client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.TEMPORARY_CHAT_HOURS = 5
    for headers in (HTMX, {"Accept-Language": "en"}):
        html = alice_client.get("/?temporary=1", headers=headers).content.decode()
        assert "gone 5 hours after it begins" in html
        assert '<input type="hidden" name="temporary" value="1" form="composer">' in html
        assert 'href="/"' in html
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_the_first_message_begins_it(
    alice: User,
    alice_client: Client,
    form: Form,
    headers: dict[str, str],
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.TEMPORARY_CHAT_HOURS = 5
    address = f"/c/{uuid.uuid4()}/messages/"
    response = alice_client.post(address, form("Hello", temporary="1"), headers=headers)
    conversation = Conversation.objects.get()
    assert conversation.expires_at
    left = conversation.expires_at - timezone.now()
    assert timedelta(hours=4.9) < left <= timedelta(hours=5)
    assert _listed(alice) == 0
    html = response.content.decode()
    assert "entry-link" not in html
    if headers:
        assert 'id="conversation-state"' in html
        assert f'hx-post="/c/{conversation.pk}/keep/"' in html


def test_only_the_first_message_can_make_it_temporary(
    alice_client: Client, conversation: Conversation, form: Form
) -> None:
    alice_client.post(f"/c/{conversation.pk}/messages/", form("More", temporary="1"), headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.expires_at is None


def test_a_message_that_is_refused_keeps_the_page_temporary(alice_client: Client, form: Form) -> None:
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("", temporary="1"))
    assert response.status_code == 422
    assert 'name="temporary"' in response.content.decode()


def test_its_page_says_when_it_goes(alice_client: Client, chat: Conversation) -> None:
    html = alice_client.get(f"/c/{chat.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert "Temporary chat · gone on" in html
    assert f'id="conversation-{chat.pk}"' not in html


def test_keep_makes_it_ordinary(alice: User, alice_client: Client, chat: Conversation) -> None:
    here = HTMX | {"HX-Current-URL": f"http://testserver/c/{chat.pk}/"}
    html = alice_client.post(f"/c/{chat.pk}/keep/", headers=here).content.decode()
    assert f'id="conversation-{chat.pk}"' in html
    assert '<div id="conversation-state" class="conversation-state" hx-swap-oob="true"></div>' in html
    assert _listed(alice) == 1


def test_keep_without_javascript(alice: User, alice_client: Client, chat: Conversation) -> None:
    assert alice_client.post(f"/c/{chat.pk}/keep/")["Location"] == f"/c/{chat.pk}/"
    assert _listed(alice) == 1


def test_when_its_time_has_come_it_is_gone(alice: User, alice_client: Client, chat: Conversation, form: Form) -> None:
    _expiring(chat, hours=-0.01)
    assert not Conversation.objects.owned_by(alice).exists()
    assert alice_client.get(f"/c/{chat.pk}/").status_code == 404
    assert alice_client.post(f"/c/{chat.pk}/keep/").status_code == 404
    assert alice_client.post(f"/c/{chat.pk}/messages/", form("Hello")).status_code == 404


def test_its_files_and_its_websocket_are_gone_with_it(alice: User, alice_client: Client, chat: Conversation) -> None:
    question = chat.messages.get(role="user")
    waits = WaitingMessage.objects.create(conversation=chat, content="and", client_id=uuid.uuid4())
    sent, waiting_file, unsent = kept(alice), kept(alice, "a.txt", b"a"), kept(alice, "b.txt", b"b")
    attachments.attach([sent], message=question)
    attachments.attach([waiting_file], waiting=waits)
    session = alice_client.cookies["sessionid"].value
    addresses = [f"/attachments/{file.pk}/" for file in (sent, waiting_file)]
    assert [alice_client.get(address).status_code for address in addresses] == [200, 200]
    assert _who_and_whose(session, chat.pk) == (alice.pk, alice.pk)
    assert missed() == [Key(alice.pk, chat.pk)]
    _expiring(chat, hours=-0.01)
    assert [alice_client.get(address).status_code for address in addresses] == [404, 404]
    assert _who_and_whose(session, chat.pk) == (alice.pk, 0)
    assert missed() == []
    assert alice_client.get(f"/attachments/{unsent.pk}/").status_code == 200


def test_a_deleted_one_does_not_come_back_after_its_time(alice: User, alice_client: Client, chat: Conversation) -> None:
    alice_client.post(f"/c/{chat.pk}/delete/")
    assert Conversation.objects.deleted_by(alice).exists()
    Conversation.objects.update(expires_at=timezone.now())
    assert alice_client.post(f"/c/{chat.pk}/restore/").status_code == 404


def test_it_is_on_no_page_that_lists(alice_client: Client, chat: Conversation) -> None:
    for address in ("/", "/c/", "/conversations/", "/conversations/archived/"):
        assert "between us" not in alice_client.get(address).content.decode(), address
