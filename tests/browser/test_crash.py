"""The server is killed in mid-answer and started again, with the page open all the while."""

import asyncio
import re

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import PATIENCE
from tests.browser.people import NO_CONNECTION, Device, Tab, numbered_words
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Process

WORDS = 120
QUESTION = f"script:words-{WORDS} pause-60"


@pytest_asyncio.fixture(loop_scope="session")
async def broken_off(device: Device, web: Process) -> Tab:
    """A conversation whose answer was cut by the death of the server, which is back; the page was open throughout."""
    device.expect_problem(NO_CONNECTION)
    tab = await device.tab()
    await tab.ask(QUESTION)
    await tab.see_words(60)
    await _kept(tab, "w0060")
    await asyncio.to_thread(web.kill)
    await expect(tab.page.get_by_text("Reconnecting")).to_be_visible()
    await asyncio.to_thread(web.start)
    await tab.answered("interrupted")
    return tab


async def _kept(tab: Tab, word: str) -> None:
    """Until the word is in the database, which is where a page that is read anew has it from."""
    async with asyncio.timeout(PATIENCE / 1000):
        while word not in await (await tab.page.request.get(tab.page.url)).text():
            await asyncio.sleep(0.05)


async def test_the_text_so_far_is_kept_and_marked_and_goes_on_in_place(
    broken_off: Tab, scripted_provider: ScriptedProvider
) -> None:
    kept = await broken_off.words()
    assert kept == numbered_words(len(kept))
    assert len(kept) == 60
    await expect(broken_off.answer).to_contain_text("The answer broke off before its end.")
    await expect(broken_off.questions).to_have_count(1)
    await expect(broken_off.questions).to_contain_text(QUESTION)
    await expect(broken_off.page.get_by_text("Reconnecting")).to_be_hidden()
    before, identity = await broken_off.text(), await broken_off.answer.get_attribute("id")
    await broken_off.button("Continue").click()
    await broken_off.answered()
    text = await broken_off.text()
    assert text.startswith(before.rstrip())
    assert "Go on with your last answer" in text[len(before) :]  # what the scripted model says to any wish
    assert kept[-1] in str(scripted_provider.chats[-1].body["messages"])
    await expect(broken_off.answers).to_have_count(1)
    assert await broken_off.answer.get_attribute("id") == identity
    await broken_off.page.reload()
    assert await broken_off.text() == text


async def test_regenerate_writes_anew(broken_off: Tab, scripted_provider: ScriptedProvider) -> None:
    await broken_off.button("Regenerate").click()
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: len(provider.chats) > 1)
    scripted_provider.release()
    await expect(broken_off.answer).to_have_attribute("data-status", re.compile("queued|running|complete"))
    await broken_off.answered()
    assert await broken_off.words() == numbered_words(WORDS)
    await expect(broken_off.answers).to_have_count(1)
    await expect(broken_off.questions).to_have_count(1)
    await broken_off.page.reload()
    assert await broken_off.words() == numbered_words(WORDS)


async def test_the_question_is_kept_when_nothing_was_answered_yet(
    device: Device, web: Process, scripted_provider: ScriptedProvider
) -> None:
    device.expect_problem(NO_CONNECTION)
    tab = await device.tab()
    await tab.ask("script:words-20 pause-0")
    await tab.page.wait_for_url("**/c/*/")
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats)
    await asyncio.to_thread(web.kill)
    await asyncio.to_thread(web.start)
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: len(provider.chats) > 1)
    scripted_provider.release()
    await tab.answered()
    assert await tab.words() == numbered_words(20)
    await expect(tab.questions).to_have_count(1)


async def test_a_message_sent_while_the_server_is_down(device: Device, web: Process) -> None:
    device.expect_problem(NO_CONNECTION)
    tab = await device.tab()
    await asyncio.to_thread(web.kill)
    await tab.ask("Is anybody there?")
    await expect(tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    await expect(tab.box).to_have_value("Is anybody there?")
    await asyncio.to_thread(web.start)
    await tab.button("Send").click()
    await tab.answered()
    await expect(tab.page.get_by_role("alert")).to_be_empty()
    await tab.page.reload()
    await expect(tab.questions).to_have_count(1)
    await expect(tab.answers).to_have_count(1)
