"""Shared links: how they are made and listed, and when they end."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Share
from conversations.sharing import share
from tests.conversations.conftest import converse
from tests.conversations.sharing.conftest import ENGLISH, address, page, shows_nothing

HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


# --- Links that end ---------------------------------------------------------------------------------


def test_revoked_means_at_once(alice_client: Client, guest: Client, link: Share) -> None:
    page(guest, link)
    response = alice_client.post(f"/shares/{link.pk}/revoke/")
    assert response["Location"] == f"/c/{link.conversation_id}/share/"
    assert shows_nothing(guest, link)


def test_the_list_s_button_leads_back_to_the_list(alice_client: Client, link: Share) -> None:
    assert alice_client.post(f"/shares/{link.pk}/revoke/", {"list": "1"})["Location"] == "/shares/"


def test_revoking_twice_keeps_the_first_moment(alice_client: Client, link: Share) -> None:
    alice_client.post(f"/shares/{link.pk}/revoke/")
    first = Share.objects.get().revoked_at
    assert alice_client.post(f"/shares/{link.pk}/revoke/").status_code == 302
    assert Share.objects.get().revoked_at == first is not None


def test_an_expired_link_shows_nothing(guest: Client, link: Share) -> None:
    Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert shows_nothing(guest, link)


def test_a_guessed_link_shows_nothing(guest: Client, link: Share) -> None:
    assert shows_nothing(guest, Share(token=link.token[:-1] + ("A" if link.token[-1] != "A" else "B")))
    assert guest.get("/share/%00/").status_code == 404


def test_a_deleted_conversation_shows_nothing_until_it_is_restored(
    alice_client: Client, guest: Client, link: Share
) -> None:
    alice_client.post(f"/c/{link.conversation_id}/delete/")
    assert shows_nothing(guest, link)
    alice_client.post(f"/c/{link.conversation_id}/restore/")
    page(guest, link)


def test_a_suspended_owner_shows_nothing(alice: User, guest: Client, link: Share) -> None:
    alice.is_active = False
    alice.save()
    assert shows_nothing(guest, link)


def test_a_temporary_chat_shows_nothing(guest: Client, link: Share) -> None:
    Conversation.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    assert shows_nothing(guest, link)


def test_a_link_that_shows_nothing_tells_nothing(guest: Client, link: Share) -> None:
    Share.objects.update(revoked_at=timezone.now())
    revoked, guessed = guest.get(address(link)), guest.get("/share/guessed/")
    assert revoked.content == guessed.content
    assert revoked["X-Robots-Tag"] == "noindex, nofollow"


# --- Making links -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("expiry", "days"), [("1", 1), ("7", 7), ("30", 30), ("never", None)])
def test_a_link_is_made(alice_client: Client, conversation: Conversation, expiry: str, days: int | None) -> None:
    url = reverse("conversation-share", args=[conversation.pk])
    assert alice_client.post(url, {"expiry": expiry}, headers=ENGLISH)["Location"] == url
    made = Share.objects.get()
    assert (made.title, made.leaf_id, made.leaf_length) == (conversation.title, conversation.leaf_id, 29)
    assert (made.expires_at and round((made.expires_at - made.created_at) / timedelta(days=1))) == days
    html = alice_client.get(url, headers=ENGLISH).content.decode()
    assert f"http://testserver{address(made)}" in html
    assert "The link is ready" in html


def test_htmx_gets_a_dialog_and_then_its_body(alice_client: Client, conversation: Conversation) -> None:
    url = reverse("conversation-share", args=[conversation.pk])
    dialog = alice_client.get(url, headers=HTMX | ENGLISH).content.decode()
    assert dialog.startswith('<dialog id="share-dialog"')
    assert '<option value="7" selected>' in dialog
    body = alice_client.post(url, {"expiry": "1"}, headers=HTMX | ENGLISH).content.decode()
    assert body.startswith('<div id="share-body"')
    made = Share.objects.get()
    assert f'{address(made)}" autofocus' in body
    body = alice_client.post(f"/shares/{made.pk}/revoke/", headers=HTMX | ENGLISH).content.decode()
    assert "The link is revoked" in body
    assert made.token not in body


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_unknown_expiry_is_refused(
    alice_client: Client, conversation: Conversation, headers: dict[str, str]
) -> None:
    url = reverse("conversation-share", args=[conversation.pk])
    response = alice_client.post(url, {"expiry": "365"}, headers=headers)
    assert response.status_code == 422
    assert 'id="share-expiry-error"' in response.content.decode()
    assert not Share.objects.exists()


def test_only_links_that_work_are_shown_and_at_most_ten(alice_client: Client, conversation: Conversation) -> None:
    ended = [share(conversation, 7), share(conversation, 7)]
    Share.objects.filter(pk=ended[0].pk).update(revoked_at=timezone.now())
    Share.objects.filter(pk=ended[1].pk).update(expires_at=timezone.now())
    url = reverse("conversation-share", args=[conversation.pk])
    assert "data-copy-link" not in alice_client.get(url).content.decode()
    for _ in range(11):
        share(conversation, days=7)
    html = alice_client.get(url).content.decode()
    assert html.count("data-copy-link") == 10
    assert 'href="/shares/"' in html


def test_a_temporary_chat_cannot_be_shared(alice_client: Client, conversation: Conversation) -> None:
    Conversation.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    url = reverse("conversation-share", args=[conversation.pk])
    assert alice_client.get(url).status_code == alice_client.post(url, {"expiry": "7"}).status_code == 404
    assert not Share.objects.exists()


def test_an_empty_conversation_cannot_be_shared(alice: User, alice_client: Client) -> None:
    url = reverse("conversation-share", args=[Conversation.objects.create(owner=alice).pk])
    assert alice_client.get(url).status_code == alice_client.post(url, {"expiry": "7"}).status_code == 404


# --- My shared links --------------------------------------------------------------------------------


def test_my_links_are_listed_in_pages(alice: User, alice_client: Client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    empty = alice_client.get("/shares/", headers=ENGLISH).content.decode()
    assert "You share nothing at the moment" in empty
    for number in range(31):
        share(converse(alice, f"title {number:02d}", "answer"), days=7)
    with django_assert_num_queries(4):
        html = alice_client.get("/shares/").content.decode()
    assert html.count("data-copy-link") == 30
    assert "title 30" in html
    [older] = re.findall(r'href="(/shares/\?before=\d+)"', html)
    html = alice_client.get(older).content.decode()
    assert html.count("data-copy-link") == 1
    assert "title 00" in html
    assert 'href="/shares/?before=' not in html


@pytest.mark.parametrize("cursor", ["x", "-1", "1" * 19, "²"])
def test_a_broken_cursor_is_not_found(alice_client: Client, cursor: str) -> None:
    assert alice_client.get("/shares/", {"before": cursor}).status_code == 404
