"""The palette: one's own conversations, commands whose pages exist, models of the menu; and the table of shortcuts."""

import html
import json
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations import palette
from conversations.models import Conversation
from conversations.palette import CONVERSATIONS_AT_FIRST, ITEMS, titles_matching
from conversations.shortcuts import GROUPS, actions_by_keys
from tests.conversations.conftest import converse

HTMX = {"HX-Request": "true"}
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider")]


@pytest.fixture(autouse=True)
def in_english(client: Client) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def _options(client: Client, **query: str) -> list[str]:
    text = client.get("/palette/", query, headers=HTMX).content.decode()
    found = re.findall(r'role="option"[^>]*>(.*?)</(?:a|button)>', text, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", option)).strip() for option in found]


def test_newest_conversations_come_first(alice: User, alice_client: Client) -> None:
    for number in range(3):
        made = converse(alice, f"Talk {number}")
        Conversation.objects.filter(pk=made.pk).update(updated_at=timezone.now() - timedelta(hours=number))
    assert _options(alice_client)[:4] == ["Talk 0", "Talk 1", "Talk 2", "New chat"]


def test_titles_by_any_part_in_any_case(alice: User, alice_client: Client) -> None:
    converse(alice, "A queue in Python")
    converse(alice, "서울에서 보내는 하루")
    assert _options(alice_client, q="QUEUE") == ["A queue in Python"]
    assert _options(alice_client, q="보내는") == ["서울에서 보내는 하루"]


def test_only_what_ones_own_list_shows(alice: User, bob: User, alice_client: Client) -> None:
    converse(bob, "Secret of bob")
    for title, field in (("Secret gone", "deleted_at"), ("Secret away", "archived_at"), ("Secret brief", "expires_at")):
        made = converse(alice, title)
        Conversation.objects.filter(pk=made.pk).update(**{field: timezone.now() + timedelta(hours=1)})
    assert _options(alice_client, q="secret") == []
    assert "Nothing has this in its name." in alice_client.get("/palette/", {"q": "secret"}).content.decode()


def test_at_most_thirty_items_at_a_constant_number_of_queries(
    alice: User, alice_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = converse(alice, "Talk")
    alice_client.get("/palette/", {"c": str(first.pk)}, headers=HTMX)  # model lists and preferences are known by now
    with django_assert_max_num_queries(8) as few:
        alice_client.get("/palette/", {"c": str(first.pk)}, headers=HTMX)
    for number in range(50):
        converse(alice, f"Talk {number}")
    with django_assert_max_num_queries(len(few)):
        assert len(_options(alice_client, q="talk", c=str(first.pk))) == ITEMS


def test_at_first_a_few_conversations_and_all_commands(alice: User, alice_client: Client) -> None:
    for number in range(10):
        converse(alice, f"Talk {number}")
    options = _options(alice_client)
    assert options[:CONVERSATIONS_AT_FIRST] == [f"Talk {number}" for number in (9, 8, 7, 6, 5)]
    assert options[CONVERSATIONS_AT_FIRST] == "New chat"
    assert "Log out" in options


def test_commands_by_the_beginning_of_a_word(alice_client: Client) -> None:
    assert "Settings" in _options(alice_client, q="sett")
    assert "Keyboard shortcuts" in _options(alice_client, q="short")
    assert "Settings" not in _options(alice_client, q="ettings")


def test_commands_in_korean_and_in_english(alice_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    korean = alice_client.get("/palette/", {"q": "settings"}, headers=HTMX | {"Accept-Language": "ko"})
    assert "설정" in korean.content.decode()
    assert (
        "설정" in alice_client.get("/palette/", {"q": "설"}, headers=HTMX | {"Accept-Language": "ko"}).content.decode()
    )


def test_a_page_that_this_site_lacks_is_not_offered(alice_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette, "COMMANDS", (palette.Command("Fly to the moon", "moon"), palette.COMMANDS[0]))
    assert _options(alice_client) == ["New chat"]


def test_administration_is_for_staff(alice: User, alice_client: Client) -> None:
    assert "Administration" not in _options(alice_client)
    alice.is_staff = True
    alice.save()
    assert "Administration" in _options(alice_client)


def test_models_and_commands_of_the_open_conversation(conversation: Conversation, alice_client: Client) -> None:
    here = _options(alice_client, c=str(conversation.pk))
    assert "Copy the last answer" in here
    assert "Copy the last answer" not in _options(alice_client)
    page = alice_client.get("/palette/", {"c": str(conversation.pk), "q": "openai"}, headers=HTMX).content.decode()
    assert 'data-model="openai/' in page
    assert "data-model" not in alice_client.get("/palette/", {"q": "openai"}, headers=HTMX).content.decode()


def test_a_new_chat_has_models_but_no_answers(alice_client: Client) -> None:
    here = alice_client.get("/palette/", {"c": str(uuid.uuid4())}, headers=HTMX).content.decode()
    assert "data-model" in here
    assert "Copy the last answer" not in here


@pytest.mark.parametrize("address", ["/palette/", "/shortcuts/"])
def test_pages_where_no_script_runs(conversation: Conversation, alice_client: Client, address: str) -> None:
    page = alice_client.get(address).content.decode()
    assert page.lstrip().startswith("<!doctype html>")
    assert "<dialog" not in page


def test_the_page_without_a_script_finds_and_signs_out(conversation: Conversation, alice_client: Client) -> None:
    assert f'href="/c/{conversation.pk}/"' in alice_client.get("/palette/", {"q": "queue"}).content.decode()
    page = alice_client.get("/palette/", {"q": "log"}).content.decode()
    assert '<form method="post" action="/accounts/logout/">' in page


def test_bobs_palette_in_alices_conversation(conversation: Conversation, bob: User, client: Client) -> None:
    client.force_login(bob)
    assert client.get("/palette/", {"c": str(conversation.pk)}).status_code == 404


def test_an_id_that_is_none(alice_client: Client) -> None:
    assert alice_client.get("/palette/", {"c": "none"}).status_code == 404


def test_a_text_that_no_database_takes(alice: User, alice_client: Client) -> None:
    converse(alice, "100% sure_thing")
    assert _options(alice_client, q="\x00100%") == ["100% sure_thing"]
    assert _options(alice_client, q="1__%") == []
    assert _options(alice_client, q="x" * 5000) == []


def test_markup_in_a_title_is_text(alice: User, alice_client: Client) -> None:
    converse(alice, "<b>bold</b>")
    assert "&lt;b&gt;bold" in alice_client.get("/palette/", {"q": "bold"}, headers=HTMX).content.decode()


@pytest.mark.parametrize("address", ["/palette/", "/shortcuts/"])
def test_logged_out_people_are_sent_to_the_login(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/accounts/login/")
    assert client.post(address).status_code == 405


def test_titles_matching_is_of_one_person(alice: User, bob: User) -> None:
    hers = converse(alice, "Tea")
    converse(bob, "Tea")
    assert list(titles_matching(alice, "tea")) == [hers]


def test_the_page_has_the_table_of_the_overview(alice_client: Client) -> None:
    page = alice_client.get("/").content.decode()
    table = re.search(r'data-keys="([^"]+)"', page)
    assert table
    assert json.loads(html.unescape(table[1])) == actions_by_keys()


def test_no_combination_is_taken_twice() -> None:
    keys = [keys for group in GROUPS for shortcut in group.shortcuts for keys in shortcut.keys]
    assert len(keys) == len(set(keys))


def test_keys_are_named_as_on_the_readers_keyboard(alice_client: Client) -> None:
    assert "<kbd>Ctrl</kbd><kbd>K</kbd>" in alice_client.get("/shortcuts/").content.decode()
    on_a_mac = alice_client.get("/shortcuts/", headers={"User-Agent": MAC}).content.decode()
    assert "<kbd>⌘</kbd><kbd>K</kbd>" in on_a_mac
    assert "<kbd>⌘K</kbd>" in alice_client.get("/", headers={"User-Agent": MAC}).content.decode()
    assert "<kbd>Ctrl+K</kbd>" in alice_client.get("/").content.decode()
