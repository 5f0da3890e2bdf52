"""Many conversations at once: archived, moved, deleted and taken back, and the pages to choose them on."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations import sidebar
from conversations.models import Conversation, Generation
from conversations.sidebar import MAX_PINNED, folder_listing
from conversations.views import manage
from tests.conversations.conftest import MODEL, converse
from tests.conversations.organise.conftest import ENGLISH, _folder, _titles

pytestmark = pytest.mark.usefixtures("provider")


@pytest.fixture
def three(alice: User) -> list[Conversation]:
    return [converse(alice, title, "answer") for title in ("one", "two", "three")]


def _choose(client: Client, action: str, *chosen: Conversation, **form: object) -> str:
    """What the page says after it."""
    ids = [c.pk for c in chosen]
    response = client.post(
        "/conversations/", {"conversation": ids, "action": action} | form, follow=True, headers=ENGLISH
    )
    assert response.status_code == 200
    return response.content.decode()


def test_archive_several(alice: User, alice_client: Client, three: list[Conversation]) -> None:
    assert "2 conversations were archived." in _choose(alice_client, "archive", *three[:2])
    assert _titles(alice) == {"today": ["three"]}


def test_move_several(alice: User, alice_client: Client, three: list[Conversation]) -> None:
    folder = _folder(alice)
    assert "2 conversations were moved." in _choose(alice_client, "move", *three[:2], folder=folder.pk)
    assert [c.title for c in folder_listing(alice, folder)[0]] == ["two", "one"]


def test_delete_several_and_take_it_back(alice: User, alice_client: Client, three: list[Conversation]) -> None:
    Generation.objects.create(
        conversation=three[0], message_id=three[0].leaf_id, model=MODEL, max_tokens=1, status="running"
    )
    earlier = converse(alice, "deleted before")
    Conversation.objects.filter(pk=earlier.pk).update(deleted_at=timezone.now())
    html = _choose(alice_client, "delete", *three[:2])
    assert "2 conversations were deleted." in html
    assert Generation.objects.get().stop_requested
    assert _titles(alice) == {"today": ["three"]}
    [stamp] = re.findall(r'name="deleted" value="([\d.]+)"', html)
    back = alice_client.post("/conversations/", {"action": "undo", "deleted": stamp}, follow=True, headers=ENGLISH)
    assert "2 conversations are back." in back.content.decode()
    assert _titles(alice) == {"today": ["three", "two", "one"]}


@pytest.mark.parametrize("action", ["archive", "delete", "move", "unarchive"])
def test_one_id_of_somebody_else_and_nothing_happens(
    alice: User, bob: User, alice_client: Client, three: list[Conversation], action: str
) -> None:
    his = converse(bob, "his")
    before = list(Conversation.objects.order_by("pk").values())
    chosen = {"conversation": [three[0].pk, his.pk], "action": action, "folder": _folder(alice).pk}
    assert alice_client.post("/conversations/", chosen).status_code == 404
    assert alice_client.post("/conversations/archived/", chosen).status_code == 404
    assert list(Conversation.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "form",
    [
        {"action": "delete", "conversation": "x"},
        {"action": "delete", "conversation": str(uuid.uuid4())},
        {"action": "burn"},
        {},
        {"only": "x"},
        {"action": "undo", "deleted": "x"},
    ],
)
def test_what_makes_no_sense_is_not_found(alice_client: Client, form: dict[str, str]) -> None:
    assert alice_client.post("/conversations/", form).status_code == 404


def test_nothing_chosen_is_said(alice_client: Client, three: list[Conversation]) -> None:
    assert "Choose at least one conversation." in _choose(alice_client, "delete")


def test_undo_brings_back_only_my_own(alice: User, bob: User, client: Client, three: list[Conversation]) -> None:
    client.force_login(alice)
    [stamp] = re.findall(r'name="deleted" value="([\d.]+)"', _choose(client, "delete", *three))
    client.force_login(bob)
    client.post("/conversations/", {"action": "undo", "deleted": stamp})
    assert _titles(alice) == {}


def test_temporary_chats_are_not_put_in_order(alice: User, alice_client: Client) -> None:
    chat = converse(alice, "temporary")
    Conversation.objects.filter(pk=chat.pk).update(expires_at=timezone.now() + timedelta(hours=1))
    for command in ("pin", "unpin", "archive", "unarchive", "move"):
        assert alice_client.post(f"/c/{chat.pk}/{command}/").status_code == 404
    assert alice_client.post("/conversations/", {"action": "archive", "conversation": chat.pk}).status_code == 404


@pytest.mark.parametrize("address", ["/conversations/", "/conversations/archived/"])
def test_pages_of_many(
    alice: User,
    alice_client: Client,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries,
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(manage, "PAGE", 4)
    folder = _folder(alice)
    now = timezone.now()
    archived = now if "archived" in address else None
    for i in range(10):
        Conversation.objects.create(
            owner=alice, title=f"Topic {i}", archived_at=archived, folder=folder, updated_at=now
        )
    alice_client.get(address)  # the first one notes the device
    seen: list[str] = []
    while address:
        with django_assert_max_num_queries(5):
            html = alice_client.get(address, headers=ENGLISH).content.decode()
        seen += re.findall(r"Topic \d(?=<span)", html)
        found = re.search(r'href="([^"]*\?before=[^"]*)"', html)
        address = found[1].replace("&amp;", "&") if found else ""
    assert sorted(seen) == [f"Topic {i}" for i in range(10)]


@pytest.mark.parametrize("query", ["before=x", "deleted=x", "deleted=1.2"])
def test_a_broken_address_is_not_found(alice_client: Client, query: str) -> None:
    assert alice_client.get(f"/conversations/?{query}").status_code == 404


def test_the_limits_are_those_of_the_pages() -> None:
    assert manage.PAGE < 100  # settings.DATA_UPLOAD_MAX_NUMBER_FIELDS: all of a page can be sent
    assert sidebar.PAGE < MAX_PINNED
