"""Whose shared links they are, and a site that has them, has them not, or is asked by robots."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from conversations.models import Conversation, Share
from tests.conversations.sharing.conftest import ENGLISH, page, shows_nothing

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob_client(bob: User) -> Client:
    bobs = Client(headers=ENGLISH)
    bobs.force_login(bob)
    return bobs


# --- Other people -----------------------------------------------------------------------------------


def test_bob_can_read_but_neither_list_nor_make_nor_revoke(
    bob_client: Client, conversation: Conversation, link: Share
) -> None:
    page(bob_client, link)
    assert link.token not in bob_client.get("/shares/").content.decode()
    url = reverse("conversation-share", args=[conversation.pk])
    assert bob_client.get(url).status_code == bob_client.post(url, {"expiry": "7"}).status_code == 404
    assert bob_client.post(f"/shares/{link.pk}/revoke/").status_code == 404
    assert Share.objects.get().revoked_at is None


def test_guests_are_sent_to_the_login(guest: Client, link: Share) -> None:
    for url in ("/shares/", f"/c/{link.conversation_id}/share/"):
        assert guest.get(url)["Location"] == f"/accounts/login/?next={url}"
    assert guest.post(f"/shares/{link.pk}/revoke/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("share_id", [0, 10**30])
def test_links_that_do_not_exist_cannot_be_revoked(alice_client: Client, link: Share, share_id: int) -> None:
    assert alice_client.post(f"/shares/{share_id}/revoke/").status_code == 404


# --- The site ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("provider")
def test_the_button_and_the_menu_s_line(alice_client: Client, conversation: Conversation) -> None:
    url = f"/c/{conversation.pk}/"
    html = alice_client.get(url).content.decode()
    assert f'hx-get="{url}share/"' in html
    assert 'href="/shares/"' in html
    with override_settings(SHARING=False):
        html = alice_client.get(url).content.decode()
    assert f"{url}share/" not in html
    assert "/shares/" not in html


@override_settings(SHARING=False)
def test_switched_off_nothing_is_there(alice_client: Client, guest: Client, link: Share) -> None:
    assert shows_nothing(guest, link)
    url = reverse("conversation-share", args=[link.conversation_id])
    assert alice_client.get("/shares/").status_code == alice_client.get(url).status_code == 404
    assert alice_client.post(url, {"expiry": "7"}).status_code == 404
    assert alice_client.post(f"/shares/{link.pk}/revoke/").status_code == 404
    assert Share.objects.get().revoked_at is None


def test_robots_are_asked_to_stay_away(guest: Client) -> None:
    response = guest.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    lines = response.content.decode().splitlines()
    assert {"User-agent: *", "Disallow: /", "Disallow: /share/"} <= set(lines)
