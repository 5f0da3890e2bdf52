"""The main job: sign up, ask, watch the answer arrive."""

import asyncio
import re

from playwright.async_api import Route, expect

from tests.browser.conftest import Devices
from tests.browser.people import PASSWORD, Tab, numbered_words
from tests.scripted_provider.fixture import ScriptedProvider


async def test_a_newcomer_signs_up_says_hello_and_gets_an_answer(devices: Devices) -> None:
    tab = await (await devices()).tab("/")
    await expect(tab.page).to_have_url(re.compile("/accounts/login/"))
    await tab.page.get_by_role("link", name="Sign up").click()
    await tab.page.get_by_role("textbox", name="Username").fill("newcomer")
    await tab.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await tab.button("Sign up").click()
    await tab.page.wait_for_url(tab.device.url + "/")
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await tab.ask("Hello")
    await tab.answered()
    await expect(tab.page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    await expect(tab.questions).to_have_count(1)
    await expect(tab.answers).to_have_count(1)
    assert "You wrote “Hello”" in await tab.text()
    await expect(tab.page.get_by_role("navigation").get_by_role("link", name="Hello", exact=True)).to_be_visible()
    assert (await tab.page.title()).startswith("Hello · ")


async def test_the_question_is_there_before_the_server_has_answered(tab: Tab) -> None:
    sent = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await sent.wait()
        await route.continue_()

    await tab.page.route("**/messages/", hold_back)
    await tab.ask("Hello")
    await expect(tab.questions).to_have_text(re.compile("Hello"))
    await expect(tab.page.get_by_text("Thinking")).to_be_visible()
    await expect(tab.box).to_have_value("")
    sent.set()
    await tab.answered()
    await expect(tab.questions).to_have_count(1)
    await expect(tab.answers).to_have_count(1)


async def test_thinking_is_shown_until_the_first_word_comes(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:hang")
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats)
    await expect(tab.page.get_by_text("Thinking")).to_be_visible()
    await expect(tab.answer).to_have_attribute("data-status", re.compile("queued|running"))
    await tab.button("Stop").click()
    await tab.answered("stopped")
    await expect(tab.page.get_by_text("Thinking")).to_be_hidden()


async def test_the_answer_comes_word_by_word(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-40 pause-1 pause-2 pause-3")
    for number in (1, 2, 3):
        await tab.see_words(number)
        assert await tab.words() == numbered_words(number)
        await expect(tab.answer).to_have_attribute("data-status", "running")
        await expect(tab.page.get_by_text("Thinking")).to_be_hidden()
        scripted_provider.release()
    await tab.answered()
    assert (await tab.words())[-1] == "w0040"


async def test_the_conversation_is_found_again(tab: Tab) -> None:
    await tab.ask("Where was I?")
    await tab.answered()
    text, address = await tab.text(), tab.page.url
    await tab.open("/")
    await tab.page.get_by_role("navigation").get_by_role("link", name="Where was I?").click()
    await expect(tab.page).to_have_url(address)
    await tab.answered()
    assert await tab.text() == text


async def test_a_reasoning_model_shows_its_thoughts_folded(tab: Tab) -> None:
    await tab.ask("script:reasoning")
    await tab.answered()
    thoughts = tab.answer.get_by_text("Let me think.")
    await expect(thoughts).to_be_hidden()
    await tab.answer.get_by_text("Thoughts").click()
    await expect(thoughts).to_be_visible()
