"""The network goes away in mid-answer and comes back: a calm line, and the whole answer."""

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import Error, expect

from tests.browser.conftest import Devices
from tests.browser.line import Line
from tests.browser.people import NO_CONNECTION, Device, Person, Tab, make_conversation, numbered_words
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

WORDS = 80
OFFLINE = "You are offline."
QUESTION = f"script:words-{WORDS} pause-10 pause-20"
HIDE = """
from conversations.models import Message
from conversations.moderating import hide
hide(Message.objects.get(conversation={!r}, role="assistant"))
"""
LOCK = """
from django.utils import timezone
from conversations.models import Conversation
Conversation.objects.filter(pk={!r}).update(locked_at=timezone.now())
"""
# A page holds the lock until it has gone, and not only until another one is shown in its place.
HOLD_WHILE_THERE = "new Promise((held) => navigator.locks.request('page', () => new Promise(() => held())))"
UNTIL_GONE = "navigator.locks.request('page', () => {})"
MAKE_MANY = """
from accounts.models import User
from conversations.models import Conversation, Folder
owner = User.objects.get(username={name!r})
for number in range(40):
    Conversation.objects.create(owner=owner, title=f"Topic {{number:02d}}")
folder = Folder.objects.create(owner=owner, name="Work")
Conversation.objects.create(owner=owner, title="Filed away", folder=folder)
"""


@pytest_asyncio.fixture(loop_scope="session")
async def far_tab(devices: Devices, alice: Person, line: Line) -> Tab:
    """A new chat behind the line that can be cut."""
    device = await devices(alice, url=line.url)
    device.expect_problem(NO_CONNECTION)
    return await device.tab()


async def _whole(tab: Tab) -> None:
    await tab.answered()
    assert await tab.words() == numbered_words(WORDS)
    await expect(tab.questions).to_have_count(1)
    await expect(tab.answers).to_have_count(1)


def _go_on_to_the_end(scripted_provider: ScriptedProvider) -> None:
    for _ in range(2):
        scripted_provider.release()


async def test_connections_are_cut_and_come_back_at_once(
    far_tab: Tab, line: Line, scripted_provider: ScriptedProvider
) -> None:
    await far_tab.ask(QUESTION)
    await far_tab.see_words(10)
    await line.cut()
    await line.mend()
    scripted_provider.release()
    await far_tab.see_words(20)
    scripted_provider.release()
    await _whole(far_tab)


async def test_the_server_cannot_be_reached_for_a_while(
    far_tab: Tab, line: Line, scripted_provider: ScriptedProvider
) -> None:
    await far_tab.ask(QUESTION)
    await far_tab.see_words(10)
    await line.cut()
    await expect(far_tab.page.get_by_text("Reconnecting")).to_be_visible()
    _go_on_to_the_end(scripted_provider)
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats[-1].end == "complete")
    await expect(far_tab.answer).to_have_attribute("data-status", "running")
    await line.mend()
    await _whole(far_tab)
    await expect(far_tab.page.get_by_text("Reconnecting")).to_be_hidden()


async def test_a_message_was_hidden_while_the_server_could_not_be_reached(far_tab: Tab, line: Line, site: Site) -> None:
    await far_tab.ask("script:words-20")
    await far_tab.answered()
    await line.cut()
    site.run(HIDE.format(far_tab.path.split("/")[2]))
    await line.mend()
    await expect(far_tab.answer).to_contain_text("A moderator has hidden this message.")
    await expect(far_tab.answer).not_to_contain_text("w0001")


async def test_what_waits_and_a_lock_came_while_the_server_could_not_be_reached(
    far_tab: Tab, device: Device, line: Line, site: Site, scripted_provider: ScriptedProvider
) -> None:
    await far_tab.ask(QUESTION)
    await far_tab.see_words(10)
    near_tab = await device.tab(far_tab.path)
    await near_tab.see_words(10)
    await line.cut()
    await near_tab.ask("Asked elsewhere")
    await expect(near_tab.button("Take back")).to_be_visible()
    site.run(LOCK.format(far_tab.path.split("/")[2]))
    await line.mend()
    waiting = far_tab.page.get_by_role("list", name="Messages that wait for their turn")
    await expect(waiting).to_contain_text("Asked elsewhere")
    await expect(far_tab.page.get_by_text("A moderator has locked this conversation.")).to_be_visible()
    _go_on_to_the_end(scripted_provider)
    await far_tab.answered()


async def test_the_computer_is_offline_for_a_while(
    far_tab: Tab, line: Line, scripted_provider: ScriptedProvider
) -> None:
    await far_tab.ask(QUESTION)
    await far_tab.see_words(10)
    line.fall_silent()
    await far_tab.device.context.set_offline(True)
    await expect(far_tab.page.get_by_text("You are offline. Nothing is lost")).to_be_visible()
    _go_on_to_the_end(scripted_provider)
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats[-1].end == "complete")
    await line.cut()
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await _whole(far_tab)
    await expect(far_tab.page.get_by_text("You are offline")).to_be_hidden()


async def test_what_is_sent_while_offline_is_sent_when_the_line_is_back(
    far_tab: Tab, line: Line, scripted_provider: ScriptedProvider
) -> None:
    """In its order, once, and told once."""
    await line.cut()
    await far_tab.device.context.set_offline(True)
    for text in ("The first", "The second", "The third"):
        await far_tab.ask(text)
        await expect(far_tab.box).to_have_value("")
        await expect(far_tab.page.get_by_text(text, exact=True)).to_be_visible()
    await far_tab.box.fill("Not sent yet")
    await expect(far_tab.page.get_by_text(OFFLINE)).to_have_count(1)
    await expect(far_tab.page.get_by_text(OFFLINE)).to_be_visible()
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await expect(far_tab.page.get_by_text(OFFLINE)).to_have_count(0)
    await expect(far_tab.answers).to_have_count(3)
    await far_tab.answered()
    await far_tab.page.reload()
    assert [text.strip() for text in await far_tab.questions.locator("[data-message-body]").all_inner_texts()] == [
        "The first",
        "The second",
        "The third",
    ]
    await expect(far_tab.answers).to_have_count(3)
    await expect(far_tab.box).to_have_value("Not sent yet")
    assert len(scripted_provider.chats) == 3


async def test_what_was_written_offline_survives_a_reload_as_a_draft(far_tab: Tab, line: Line) -> None:
    """The line is cut besides: at a reload DevTools lets go of the page that leaves, for which it is online then."""
    beside = await far_tab.device.context.new_page()
    await beside.goto(f"{far_tab.device.url}/robots.txt")
    await far_tab.page.evaluate(HOLD_WHILE_THERE)
    await line.cut()
    await far_tab.device.context.set_offline(True)
    await far_tab.ask("The first")
    await far_tab.ask("The second")
    await far_tab.box.fill("The third")
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        await far_tab.page.reload()
    await beside.evaluate(UNTIL_GONE)  # else it might still be sent
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await far_tab.page.wait_for_url("chrome-error://**")
    await far_tab.open("/")
    await expect(far_tab.box).to_have_value("The first\nThe second\nThe third")


async def test_nothing_else_tells_of_being_offline(far_tab: Tab, line: Line) -> None:
    await far_tab.ask("Here")
    await far_tab.answered()
    await far_tab.page.get_by_role("link", name="New chat", exact=True).click()
    await expect(far_tab.questions).to_have_count(0)
    await line.cut()
    await far_tab.device.context.set_offline(True)
    link = far_tab.page.get_by_role("link", name="Here", exact=True)
    for _ in range(3):
        await link.click()
        await expect(link).not_to_have_attribute("aria-current", "page")
    await expect(far_tab.page.get_by_text(OFFLINE)).to_have_count(1)
    await expect(far_tab.page.get_by_text("Reconnecting")).to_have_count(0)
    await expect(far_tab.page.get_by_text("cannot be reached")).to_have_count(0)
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await expect(far_tab.page.get_by_text(OFFLINE)).to_have_count(0)


async def test_a_command_given_offline_is_done_when_the_line_is_back(far_tab: Tab, line: Line) -> None:
    await far_tab.ask("script:words-5")
    await far_tab.answered()
    await line.cut()
    await far_tab.device.context.set_offline(True)
    await far_tab.button("Regenerate").click()
    await line.mend()
    async with far_tab.page.expect_response("**/regenerate/"):
        await far_tab.device.context.set_offline(False)
    await far_tab.answered()
    await expect(far_tab.button("Previous version")).to_be_visible()


async def test_what_could_not_be_sent_is_sent_when_the_server_is_back(far_tab: Tab, line: Line) -> None:
    await line.cut()
    await far_tab.ask("Are you there?")
    await expect(far_tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    await expect(far_tab.page.get_by_text("Reconnecting")).to_have_count(0)
    await line.mend()
    await far_tab.answered()
    await expect(far_tab.page.get_by_role("alert")).to_be_empty()
    await expect(far_tab.box).to_have_value("")
    await far_tab.page.reload()
    await expect(far_tab.questions).to_have_count(1)


@pytest.mark.parametrize("is_seen", [False, True])
async def test_the_answer_to_a_sent_message_is_lost_on_the_way(
    far_tab: Tab, line: Line, scripted_provider: ScriptedProvider, is_seen: bool
) -> None:
    """The server has the message, the page does not know: sending it again makes no second one."""
    line.hold_answers()
    await far_tab.ask("Only once")
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats)
    await line.cut()
    await expect(far_tab.box).to_have_value("Only once")
    await line.mend()
    if is_seen:
        await expect(far_tab.questions).to_have_count(1)
    await far_tab.box.press("Enter")
    await expect(far_tab.box).to_have_value("")
    await far_tab.answered()
    await expect(far_tab.questions).to_have_count(1)
    await expect(far_tab.answers).to_have_count(1)
    await far_tab.page.reload()
    await expect(far_tab.questions).to_have_count(1)
    await expect(far_tab.answers).to_have_count(1)
    assert len(scripted_provider.chats) == 1


async def test_what_was_to_be_fetched_while_offline_comes_when_the_line_is_back(
    far_tab: Tab, line: Line, site: Site, alice: Person
) -> None:
    """The earlier messages that one scrolled up to, the older conversations, the folder that was opened."""
    site.run(MAKE_MANY.format(name=alice.name))
    await far_tab.open(make_conversation(site, alice, 60))
    await expect(far_tab.page.get_by_text("number 059").last).to_be_in_viewport()
    await line.cut()
    await far_tab.device.context.set_offline(True)
    for x, far in ((700, -99_999), (100, 99_999)):
        await far_tab.page.mouse.move(x, 300)
        async with far_tab.page.expect_event("requestfailed"):
            await far_tab.page.mouse.wheel(0, far)
    await far_tab.page.locator(".folder summary").first.click()
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await expect(far_tab.page.locator("article").nth(16)).to_be_attached()
    await expect(far_tab.page.get_by_role("link", name="Topic 00")).to_be_attached()
    await expect(far_tab.page.get_by_role("link", name="Filed away")).to_be_visible()


async def test_the_link_to_what_did_not_come_brings_it(tab: Tab, site: Site, alice: Person) -> None:
    tab.device.expect_problem("status of 500|htmx:responseError|Response Status Error")
    await tab.page.route("**/messages/?*", lambda route: route.fulfill(status=500))
    await tab.open(make_conversation(site, alice, 60))
    path = tab.path
    await expect(tab.page.get_by_text("number 059").last).to_be_in_viewport()
    await tab.page.mouse.move(700, 300)
    await tab.page.mouse.wheel(0, -99_999)
    await expect(tab.page.locator(".earlier[data-missed]")).to_be_attached()
    await tab.page.unroute("**/messages/?*")
    await tab.page.get_by_role("link", name="Earlier messages").click()
    await expect(tab.page.locator("article").nth(16)).to_be_attached()
    assert tab.path == path


async def test_an_answer_that_is_stopped_while_offline_stops_when_the_line_is_back(far_tab: Tab, line: Line) -> None:
    await far_tab.ask(QUESTION)
    await far_tab.see_words(10)
    await line.cut()
    await far_tab.device.context.set_offline(True)
    await far_tab.button("Stop").click()
    await expect(far_tab.page.get_by_text(OFFLINE)).to_have_count(1)
    await expect(far_tab.page.get_by_role("alert")).to_be_empty()
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await far_tab.answered("stopped")
    await expect(far_tab.page.get_by_role("alert")).to_be_empty()


async def test_a_stop_that_does_not_arrive_speaks_of_no_text(far_tab: Tab, line: Line) -> None:
    await far_tab.ask(QUESTION)
    await far_tab.see_words(10)
    await line.cut()
    await far_tab.button("Stop").click()
    notice = far_tab.page.locator(".toast").get_by_text("Check the connection and try again.")
    await expect(notice).to_be_visible()
    await expect(far_tab.page.get_by_role("alert")).to_be_empty()
    await line.mend()
    await expect(notice).to_be_hidden()
    await far_tab.button("Stop").click()
    await far_tab.answered("stopped")


async def test_a_question_that_is_edited_while_offline_opens_when_the_line_is_back(far_tab: Tab, line: Line) -> None:
    await far_tab.ask("script:words-5")
    await far_tab.answered()
    await line.cut()
    await far_tab.device.context.set_offline(True)
    await far_tab.questions.get_by_role("link", name="Edit").click()
    await expect(far_tab.page.get_by_role("alert")).to_be_empty()
    await line.mend()
    await far_tab.device.context.set_offline(False)
    await expect(far_tab.page.get_by_role("textbox", name="Edit the question")).to_have_value("script:words-5")


async def test_what_is_sent_into_silence_is_given_back_and_sent_later(
    far_tab: Tab, line: Line, scripted_provider: ScriptedProvider
) -> None:
    """No connection ends and nothing arrives: nobody waits for that for ever."""
    await far_tab.ask("script:words-5")
    await far_tab.answered()
    far_tab.device.expect_problem("htmx:timeout")
    assert await far_tab.page.evaluate("htmx.config.timeout") == 30_000
    await far_tab.page.evaluate("htmx.config.timeout = 2000")
    line.fall_silent()
    await far_tab.ask("script:words-7")
    await expect(far_tab.page.get_by_role("alert")).to_contain_text("is sent when the connection is back.")
    await expect(far_tab.box).to_have_value("script:words-7")
    await line.cut()
    await line.mend()
    await expect(far_tab.answers).to_have_count(2)
    await far_tab.answered()
    await far_tab.page.reload()
    await expect(far_tab.questions).to_have_count(2)
    assert len(scripted_provider.chats) == 2
