"""Folders: made, renamed, filled, opened, and taken away."""

import re

import pytest
from django.test import Client

from accounts.models import User
from conversations.forms import MAX_FOLDERS
from conversations.models import Conversation, Folder
from conversations.sidebar import PAGE, folder_listing
from tests.conversations.conftest import converse
from tests.conversations.organise.conftest import ENGLISH, HTMX, _folder, _post, _sections, _titles

pytestmark = pytest.mark.usefixtures("provider")


def test_a_folder_is_made_in_the_list(alice: User, alice_client: Client) -> None:
    response = alice_client.post("/folders/", {"name": "  My   work "}, headers=HTMX)
    assert response.status_code == 200
    assert Folder.objects.get().name == "My work"
    assert 'hx-trigger="toggle from:closest details once"' in response.content.decode()
    assert f'data-focus="folder-{Folder.objects.get().pk}"' in response.content.decode()


def test_a_folder_is_made_without_javascript(alice_client: Client) -> None:
    assert "<html" in alice_client.get("/folders/").content.decode()
    response = alice_client.post("/folders/", {"name": "Work"})
    assert response["Location"] == f"/folders/{Folder.objects.get().pk}/"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "A folder needs a name"), (" \n", "A folder needs a name"), ("x" * 61, "at most 60 characters")],
)
def test_a_name_that_will_not_do_is_refused(alice_client: Client, name: str, sentence: str) -> None:
    response = alice_client.post("/folders/", {"name": name}, headers=HTMX)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Folder.objects.exists()


def test_a_name_is_once_a_person(alice: User, bob: User, alice_client: Client) -> None:
    _folder(bob)
    work, play = _folder(alice), _folder(alice, "Play")
    for address in ("/folders/", f"/folders/{play.pk}/rename/"):
        response = alice_client.post(address, {"name": "Work"}, headers=HTMX)
        assert response.status_code == 422
        assert "You already have a folder of this name." in response.content.decode()
    assert alice_client.post(f"/folders/{work.pk}/rename/", {"name": "Work"}, headers=HTMX).status_code == 200


def test_there_is_a_limit_to_folders(alice: User, alice_client: Client, conversation: Conversation) -> None:
    Folder.objects.bulk_create([Folder(owner=alice, name=f"{i}") for i in range(MAX_FOLDERS)])
    for address in ("/folders/", f"/c/{conversation.pk}/move/"):
        response = alice_client.post(address, {"name": "One more"}, headers=HTMX)
        assert response.status_code == 422
        assert f"You have {MAX_FOLDERS} folders" in response.content.decode()
    renamed = alice_client.post(f"/folders/{Folder.objects.first().pk}/rename/", {"name": "New"}, headers=HTMX)  # type: ignore[union-attr]
    assert renamed.status_code == 200


def test_rename_a_folder(alice: User, alice_client: Client) -> None:
    folder = _folder(alice)
    assert "<dialog" in alice_client.get(f"/folders/{folder.pk}/rename/", headers=HTMX).content.decode()
    assert "<html" in alice_client.get(f"/folders/{folder.pk}/rename/").content.decode()
    assert "Play" in alice_client.post(f"/folders/{folder.pk}/rename/", {"name": "Play"}, headers=HTMX).content.decode()
    folder.refresh_from_db()
    assert folder.name == "Play"


@pytest.mark.parametrize("headers", [HTMX, ENGLISH])
def test_what_is_in_a_folder_stays_when_it_goes(
    alice: User, alice_client: Client, conversation: Conversation, headers: dict[str, str]
) -> None:
    folder = _folder(alice, "Work", conversation)
    assert "What is in it stays" in alice_client.get(f"/folders/{folder.pk}/delete/", headers=headers).content.decode()
    assert Folder.objects.exists()
    response = alice_client.post(f"/folders/{folder.pk}/delete/", headers=headers)
    assert response.status_code in (200, 302)
    assert not Folder.objects.exists()
    assert _titles(alice) == {"today": [conversation.title]}


def test_move_into_a_folder_and_out(alice: User, alice_client: Client, conversation: Conversation) -> None:
    folder = _folder(alice)
    assert "Work" in alice_client.get(f"/c/{conversation.pk}/move/", headers=HTMX).content.decode()
    html = _post(alice_client, conversation, "move", folder=folder.pk)
    assert "It is in the folder “Work” now." in html
    assert _sections(html) == {}
    assert folder_listing(alice, folder) == ([conversation], None)
    assert _sections(_post(alice_client, conversation, "move", folder="")) == {"today": [conversation.title]}


def test_move_into_a_new_folder_without_javascript(alice_client: Client, conversation: Conversation) -> None:
    assert "<html" in alice_client.get(f"/c/{conversation.pk}/move/").content.decode()
    response = alice_client.post(f"/c/{conversation.pk}/move/", {"name": "Work"})
    assert response["Location"] == f"/c/{conversation.pk}/"
    conversation.refresh_from_db()
    assert conversation.folder == Folder.objects.get(name="Work")


@pytest.mark.parametrize("folder", ["x", "9" * 30, "-1", "12345"])
def test_a_folder_that_is_not_there_is_not_found(alice_client: Client, conversation: Conversation, folder: str) -> None:
    assert alice_client.post(f"/c/{conversation.pk}/move/", {"folder": folder}).status_code == 404


def test_another_persons_folder_takes_nothing_of_mine(
    bob: User, alice_client: Client, conversation: Conversation
) -> None:
    his = _folder(bob)
    assert alice_client.post(f"/c/{conversation.pk}/move/", {"folder": his.pk}).status_code == 404
    chosen = {"conversation": [conversation.pk], "action": "move", "folder": his.pk}
    assert alice_client.post("/conversations/", chosen).status_code == 404
    conversation.refresh_from_db()
    assert conversation.folder is None


def test_a_folder_opens_a_page_at_a_time(alice: User, alice_client: Client) -> None:
    made = [converse(alice, f"Topic {i:02d}") for i in range(PAGE + 5)]
    folder = _folder(alice, "Work", *made)
    first = alice_client.get(f"/folders/{folder.pk}/", headers=HTMX).content.decode()
    assert 'hx-swap-oob="innerHTML"' in first
    assert first.count('class="entry"') == PAGE
    [address] = re.findall(r'hx-get="(/folders/\d+/\?[^"]*)"', first)
    second = alice_client.get(address.replace("&amp;", "&"), headers=HTMX).content.decode()
    assert 'hx-swap-oob="beforeend"' in second
    assert re.findall(r"Topic \d\d(?=<)", second) == [f"Topic {i:02d}" for i in range(4, -1, -1)]
    assert "<html" in alice_client.get(f"/folders/{folder.pk}/").content.decode()


def test_an_empty_folder_says_so(alice: User, alice_client: Client) -> None:
    folder = _folder(alice)
    for headers in (HTMX, ENGLISH):
        assert "Nothing is in it yet." in alice_client.get(f"/folders/{folder.pk}/", headers=headers).content.decode()


def test_a_message_moves_its_conversation_to_the_top_of_its_folder(
    alice: User, alice_client: Client, conversation: Conversation, form
) -> None:  # type: ignore[no-untyped-def]
    folder = _folder(alice, "Work", conversation)
    html = alice_client.post(f"/c/{conversation.pk}/messages/", form("More"), headers=HTMX).content.decode()
    assert f'<ol id="folder-{folder.pk}-list" hx-swap-oob="afterbegin">' in html
    assert "conversations-today" not in html


def test_a_pinned_conversation_keeps_its_place_when_a_message_comes(
    alice_client: Client, conversation: Conversation, form
) -> None:  # type: ignore[no-untyped-def]
    _post(alice_client, conversation, "pin")
    html = alice_client.post(f"/c/{conversation.pk}/messages/", form("More"), headers=HTMX).content.decode()
    assert "entry-link" not in html
