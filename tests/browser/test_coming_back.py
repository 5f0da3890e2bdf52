"""An answer belongs to nobody's tab: it goes on without one, and every tab and device shows the same."""

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab, numbered_words
from tests.scripted_provider.fixture import ScriptedProvider

WORDS = 60
QUESTION = f"script:words-{WORDS} pause-5 pause-15 pause-25"


async def _whole(tab: Tab) -> None:
    """The whole answer, once, with its question."""
    await tab.answered()
    assert await tab.words() == numbered_words(WORDS)
    await expect(tab.questions).to_have_count(1)
    await expect(tab.answers).to_have_count(1)
    await expect(tab.questions).to_contain_text(QUESTION)


async def test_the_tab_is_closed_in_mid_answer(device: Device, scripted_provider: ScriptedProvider) -> None:
    tab = await device.tab()
    await tab.ask(QUESTION)
    await tab.see_words(5)
    path = tab.path
    await tab.page.close()
    for _ in range(3):
        scripted_provider.release()
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats[-1].end == "complete")
    await _whole(await device.tab(path))


async def test_the_tab_is_closed_before_the_first_word(device: Device, scripted_provider: ScriptedProvider) -> None:
    tab = await device.tab()
    await tab.ask(f"script:words-{WORDS} pause-0")
    await tab.page.wait_for_url("**/c/*/")
    path = tab.path
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: provider.chats)
    await tab.page.close()
    tab = await device.tab(path)
    scripted_provider.release()
    await tab.answered()
    assert await tab.words() == numbered_words(WORDS)


async def test_reload_in_mid_answer(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask(QUESTION)
    for word in (5, 15, 25):
        await tab.see_words(word)
        await tab.page.reload()
        await expect(tab.questions).to_have_count(1)
        await tab.see_words(word)
        await expect(tab.answer).to_have_attribute("data-status", "running")
        scripted_provider.release()
    await _whole(tab)


async def _see_it_grow(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    """From pause to pause."""
    for word in (5, 15, 25):
        await tab.see_words(word)
        await expect(tab.answer).to_have_attribute("data-status", "running")
        scripted_provider.release()


async def test_a_second_tab_sees_it_live(device: Device, tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask(QUESTION)
    await tab.see_words(5)
    second = await device.tab(tab.path)
    await _see_it_grow(second, scripted_provider)
    await asyncio.gather(_whole(tab), _whole(second))
    assert await second.html() == await tab.html()


async def test_a_second_device_sees_it_live(
    devices: Devices, alice: Person, tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask(QUESTION)
    await tab.see_words(5)
    phone = await (await devices(alice, viewport={"width": 390, "height": 844})).tab(tab.path)
    await _see_it_grow(phone, scripted_provider)
    await asyncio.gather(_whole(tab), _whole(phone))
    assert await phone.html() == await tab.html()


async def test_what_one_tab_asks_the_other_shows(device: Device, tab: Tab) -> None:
    await tab.ask("First")
    await tab.answered()
    second = await device.tab(tab.path)
    await second.answered()
    await tab.ask("Second script:words-20")
    await expect(second.questions).to_have_count(2)
    await second.answered()
    assert await second.words() == numbered_words(20)
    await second.ask("Third")
    await expect(tab.answers).to_have_count(3)
    await asyncio.gather(tab.answered(), second.answered())
    assert await tab.html() == await second.html()


async def test_what_one_tab_goes_on_with_the_other_shows(
    device: Device, tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask("script:words-40 pause-20")
    await tab.see_words(20)
    second = await device.tab(tab.path)
    await second.see_words(20)
    await tab.button("Stop").click()
    await asyncio.gather(tab.answered("stopped"), second.answered("stopped"))
    await tab.button("Continue").click()
    await asyncio.gather(tab.answered(), second.answered())
    assert await second.words() == await tab.words()


async def test_a_markdown_answer_is_the_same_for_who_came_in_the_middle(
    device: Device, tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask("script:markdown pause-60")
    await expect(tab.text_place).to_contain_text("nested")
    second = await device.tab(tab.path)
    await expect(second.text_place).to_contain_text("nested")
    scripted_provider.release()
    await asyncio.gather(tab.answered(), second.answered())
    await second.page.reload()
    assert await second.html() == await tab.html()
