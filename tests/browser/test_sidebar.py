"""The list of conversations: open, go back, rename, delete and undo, older ones."""

import asyncio
import contextlib
import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Error, Locator, Route, expect

from tests.browser.people import Device, Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

MAKE_CONVERSATIONS = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from conversations.models import Conversation
owner = User.objects.get(username={name!r})
now = timezone.now()
Conversation.objects.bulk_create(
    Conversation(owner=owner, title=f"Topic {{number}}", updated_at=now - timedelta(hours=number))
    for number in range(1, 61)
)
"""


def _list(tab: Tab) -> Locator:
    return tab.page.get_by_role("navigation", name="Conversations")


def _link(tab: Tab, title: str) -> Locator:
    return _list(tab).get_by_role("link", name=title, exact=True)


async def _open_new_chat(tab: Tab) -> None:
    await _link(tab, "New chat").click()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()


async def _new_conversation(tab: Tab, question: str) -> None:
    if await tab.questions.count():
        await _open_new_chat(tab)
    await tab.ask(question)
    await expect(_link(tab, question)).to_be_visible()
    await tab.answered()


async def _choose(tab: Tab, title: str, command: str) -> None:
    """A command of a conversation's menu."""
    await _link(tab, title).hover()
    await _list(tab).get_by_label(f"Options for “{title}”").click()
    await _list(tab).get_by_text(command, exact=True).locator("visible=true").click()


async def _hold_back(tab: Tab, *paths: str) -> dict[str, asyncio.Event]:
    """A slow network: each of the pages comes after its event."""
    tab.device.expect_problem("htmx:(afterRequest|sendAbort)")  # what htmx writes of a request that was given up
    go_on = {path: asyncio.Event() for path in paths}

    async def hold_back(route: Route) -> None:
        await go_on[urlsplit(route.request.url).path].wait()
        with contextlib.suppress(Error):  # the page has given it up
            await route.continue_()

    for path in paths:
        await tab.page.route(tab.device.url + path, hold_back)
    return go_on


def _ended(tab: Tab, path: str) -> asyncio.Event:
    """Set when the page has come, or was given up."""
    ended = asyncio.Event()
    for event in ("requestfinished", "requestfailed"):
        tab.page.on(event, lambda request: ended.set() if request.url == tab.device.url + path else None)
    return ended


async def test_open_another_conversation_and_go_back(tab: Tab) -> None:
    await _new_conversation(tab, "Apples")
    await _new_conversation(tab, "Pears")
    await tab.page.evaluate("window.samePage = true")
    await _link(tab, "Apples").click()
    await expect(tab.questions).to_contain_text("Apples")
    await expect(tab.page.get_by_role("heading", name="Apples", level=1)).to_be_visible()
    await expect(tab.page).to_have_title(re.compile("^Apples · "))
    await expect(_link(tab, "Apples")).to_have_attribute("aria-current", "page")
    await expect(_link(tab, "Pears")).not_to_have_attribute("aria-current", "page")
    await tab.page.go_back()
    await expect(tab.questions).to_contain_text("Pears")
    await expect(_link(tab, "Pears")).to_have_attribute("aria-current", "page")
    await expect(tab.page).to_have_title(re.compile("^Pears · "))
    await tab.page.go_forward()
    await expect(tab.questions).to_contain_text("Apples")
    assert await tab.page.evaluate("window.samePage"), "the page was loaded anew"
    await tab.ask("More apples")
    await expect(tab.answers).to_have_count(2)
    await tab.answered()


async def test_an_answer_goes_on_while_another_conversation_is_open(
    tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await _new_conversation(tab, "Elsewhere")
    await _open_new_chat(tab)
    await tab.ask("script:words-60 pause-3 pause-10 pause-20")
    await tab.see_words(3)
    await _link(tab, "Elsewhere").click()
    await expect(tab.questions).to_contain_text("Elsewhere")
    await expect(tab.button("Send")).to_be_visible()
    scripted_provider.release()
    await tab.page.go_back()
    await tab.see_words(10)
    scripted_provider.release()
    await tab.see_words(20)
    scripted_provider.release()
    await tab.answered()
    assert len(await tab.words()) == 60


@pytest.mark.parametrize("to", ["New chat", "Elsewhere"])
async def test_leaving_before_the_server_has_taken_the_message(tab: Tab, to: str) -> None:
    """A slow network: what was sent arrives where it was written, and the page stays where the person went."""
    await _new_conversation(tab, "Elsewhere")
    await _open_new_chat(tab)
    sent = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await sent.wait()
        await route.continue_()

    await tab.page.route("**/messages/", hold_back)
    async with tab.page.expect_request_finished(lambda request: request.method == "POST"):
        await tab.ask("On its way")
        await expect(tab.questions).to_contain_text("On its way")
        await _link(tab, to).click()
        await expect(tab.page.get_by_role("heading", name=to, level=1)).to_be_visible()
        await expect(tab.questions.filter(has_text="On its way")).to_have_count(0)  # the other pane is here
        path = tab.path
        sent.set()
    await expect(_link(tab, "On its way")).to_be_visible()
    assert tab.path == path
    await expect(tab.page.get_by_role("heading", name=to, level=1)).to_be_visible()
    await expect(tab.box).to_have_value("")
    await expect(tab.questions.filter(has_text="On its way")).to_have_count(0)
    await _link(tab, "On its way").click()
    await expect(tab.questions).to_contain_text("On its way")
    await tab.answered()
    await expect(tab.questions).to_have_count(1)
    await _open_new_chat(tab)
    await expect(tab.box).to_have_value("")


async def test_of_two_clicks_the_last_one_counts(tab: Tab) -> None:
    """A slow network: both pages are on their way, and come in the order in which they were asked for."""
    await _new_conversation(tab, "First")
    first = tab.path
    await _new_conversation(tab, "Here")
    go_on, ended = await _hold_back(tab, first, "/"), _ended(tab, first)
    await _link(tab, "First").click()
    await _link(tab, "New chat").click()
    go_on[first].set()
    await ended.wait()
    go_on["/"].set()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()


async def test_of_going_back_and_a_click_the_click_counts(tab: Tab) -> None:
    await _new_conversation(tab, "First")
    first = tab.path
    await _new_conversation(tab, "Here")
    go_on, ended = await _hold_back(tab, first, "/"), _ended(tab, "/")
    async with tab.page.expect_request(tab.device.url + "/"):
        await tab.page.go_back()
    async with tab.page.expect_request(tab.device.url + first):
        await _link(tab, "First").click()
    go_on["/"].set()
    await ended.wait()
    go_on[first].set()
    await expect(tab.page.get_by_role("heading", name="First", level=1)).to_be_visible()
    await expect(tab.page).to_have_title(re.compile("^First · "))
    assert tab.path == first


async def test_of_a_click_and_going_back_going_back_counts(tab: Tab) -> None:
    await _new_conversation(tab, "First")
    first = tab.path
    await _new_conversation(tab, "Here")
    go_on, ended = await _hold_back(tab, first, "/"), _ended(tab, first)
    async with tab.page.expect_request(tab.device.url + first):
        await _link(tab, "First").click()
    async with tab.page.expect_request(tab.device.url + "/"):
        await tab.page.go_back()
    go_on[first].set()
    await ended.wait()
    go_on["/"].set()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    assert tab.path == "/"


@pytest.mark.parametrize("way", ["click", "back"])
async def test_a_page_on_its_way_does_not_take_what_is_sent_out_of_sight(tab: Tab, way: str) -> None:
    """A slow network: whoever asks for a page and then sends from where they still are, stays with what they sent."""
    await _new_conversation(tab, "First")
    first = tab.path
    await _new_conversation(tab, "Here")
    here, asked = tab.path, first if way == "click" else "/"
    go_on = await _hold_back(tab, asked)
    async with tab.page.expect_request(tab.device.url + asked):
        await (_link(tab, "First").click() if way == "click" else tab.page.go_back())
    async with tab.page.expect_event("requestfailed", lambda request: request.url == tab.device.url + asked):
        await tab.ask("Said here")
    go_on[asked].set()
    await expect(tab.questions.last).to_contain_text("Said here")
    await tab.answered()
    await expect(tab.page.get_by_role("heading", name="Here", level=1)).to_be_visible()
    assert tab.path == here


async def test_the_newest_conversation_comes_first(tab: Tab) -> None:
    await _new_conversation(tab, "Older")
    await _new_conversation(tab, "Newer")
    entries = _list(tab).get_by_role("region", name="Today").get_by_role("listitem").get_by_role("link")
    await expect(entries).to_have_text(["Newer", "Older"])
    await _link(tab, "Older").click()
    await expect(tab.questions).to_contain_text("Older")
    await tab.ask("Again")
    await expect(entries).to_have_text(["Older", "Newer"])
    await tab.page.reload()
    await expect(entries).to_have_text(["Older", "Newer"])


async def test_rename(tab: Tab) -> None:
    await _new_conversation(tab, "First name")
    await _choose(tab, "First name", "Rename")
    title = _list(tab).get_by_role("textbox", name="Title")
    await expect(title).to_be_focused()
    await expect(title).to_have_value("First name")
    await title.fill("Second name")
    await title.press("Enter")
    await expect(_link(tab, "Second name")).to_be_visible()
    await expect(tab.page.get_by_role("heading", name="Second name", level=1)).to_be_visible()
    await tab.page.reload()
    await expect(_link(tab, "Second name")).to_be_visible()
    await expect(tab.page).to_have_title(re.compile("^Second name · "))


async def test_escape_gives_up_renaming(tab: Tab) -> None:
    await _new_conversation(tab, "Stays")
    await _choose(tab, "Stays", "Rename")
    title = _list(tab).get_by_role("textbox", name="Title")
    await title.fill("Goes")
    await title.press("Escape")
    await expect(_link(tab, "Stays")).to_be_focused()
    await expect(_link(tab, "Goes")).to_have_count(0)


async def _compose(tab: Tab, syllable: str) -> None:
    """As an input method does: the syllable is there and not finished yet."""
    session = await tab.page.context.new_cdp_session(tab.page)
    await session.send("Input.imeSetComposition", {"text": syllable, "selectionStart": 1, "selectionEnd": 1})


@pytest.mark.parametrize("key", ["Escape", "Enter"])
async def test_a_key_that_ends_a_syllable_does_not_end_renaming(tab: Tab, key: str) -> None:
    await _new_conversation(tab, "Stays")
    await _choose(tab, "Stays", "Rename")
    title = _list(tab).get_by_role("textbox", name="Title")
    await title.fill("새 제목 ")
    await _compose(tab, "한")
    await expect(title).to_have_value("새 제목 한")
    await title.dispatch_event("keydown", {"key": key, "isComposing": True, "bubbles": True, "cancelable": True})
    await title.dispatch_event("keydown", {"key": key, "keyCode": 229, "bubbles": True, "cancelable": True})
    await expect(title).to_be_focused()
    await expect(title).to_have_value("새 제목 한")
    await title.press("End")  # the syllable is finished
    await title.press("Enter")
    await expect(_link(tab, "새 제목 한")).to_be_visible()


async def test_escape_that_ends_a_syllable_leaves_the_form_of_a_new_folder(tab: Tab) -> None:
    await _new_conversation(tab, "First")
    form = tab.page.locator(".new-folder")
    await form.locator("summary").click()
    name = form.get_by_role("textbox")
    await name.fill("여행 ")
    await name.dispatch_event("keydown", {"key": "Escape", "isComposing": True, "bubbles": True, "cancelable": True})
    await expect(name).to_be_visible()
    await expect(name).to_have_value("여행 ")
    await name.press("Escape")
    await expect(name).to_be_hidden()


async def test_delete_and_undo(tab: Tab) -> None:
    await _new_conversation(tab, "Precious")
    path = tab.path
    await _choose(tab, "Precious", "Delete")
    await expect(tab.page.get_by_text("“Precious” was deleted.").first).to_be_visible()
    await expect(_link(tab, "Precious")).to_have_count(0)
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await tab.button("Undo").click()
    await expect(_link(tab, "Precious")).to_be_visible()
    await expect(tab.button("Undo")).to_have_count(0)
    await _link(tab, "Precious").click()
    await expect(tab.questions).to_contain_text("Precious")
    assert tab.path == path


async def test_a_deleted_conversation_is_gone(tab: Tab) -> None:
    await _new_conversation(tab, "Regrets")
    path = tab.path
    await _choose(tab, "Regrets", "Delete")
    await expect(_link(tab, "Regrets")).to_have_count(0)
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    tab.device.expect_problem("status of 404")
    response = await tab.open(path)
    assert response
    assert response.status == 404


async def test_older_conversations_come_on_scrolling(device: Device, alice: Person, site: Site) -> None:
    site.run(MAKE_CONVERSATIONS.format(name=alice.name))
    tab = await device.tab()
    links = _list(tab).get_by_role("link", name=re.compile("^Topic"))
    first = await links.count()
    assert 10 < first < 60
    await _link(tab, f"Topic {first}").scroll_into_view_if_needed()
    while (before := await links.count()) < 60:
        await links.last.scroll_into_view_if_needed()
        await expect(links.nth(before)).to_be_attached()
    titles = [title.strip() for title in await links.all_inner_texts()]
    assert titles == [f"Topic {number}" for number in range(1, 61)]
