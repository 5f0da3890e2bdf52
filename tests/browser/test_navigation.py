"""Going from one conversation to another on a slow line: what was clicked is marked at once, and a bar shows."""

import asyncio

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab

BAR = """() => getComputedStyle(document.querySelector('.shell'), '::before').blockSize"""
BAR_SHOWN = f"() => ({BAR})() === '2px'"
NO_BAR = f"() => ({BAR})() !== '2px'"


def _link(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("link", name=name, exact=True)


async def _two(tab: Tab) -> None:
    await tab.ask("Apples")
    await tab.answered()
    await _link(tab, "New chat").click()
    await expect(tab.questions).to_have_count(0)
    await tab.ask("Pears")
    await tab.answered()


async def _held(tab: Tab, name: str, *, fails: bool = False, status: int = 0) -> asyncio.Event:
    go_on = asyncio.Event()
    path = await _link(tab, name).get_attribute("href")

    async def hold(route: Route) -> None:
        await go_on.wait()
        if status:
            await route.fulfill(status=status, body="no")
        else:
            await (route.abort() if fails else route.continue_())

    await tab.page.route(f"**{path}", hold)
    return go_on


async def test_an_entry_is_marked_at_once_and_a_bar_shows(tab: Tab) -> None:
    await _two(tab)
    go_on = await _held(tab, "Apples")
    await _link(tab, "Apples").click()
    await expect(_link(tab, "Apples")).to_have_attribute("aria-current", "page")
    await expect(_link(tab, "Pears")).not_to_have_attribute("aria-current", "page")
    await tab.page.wait_for_function(BAR_SHOWN)
    await expect(tab.questions).to_contain_text("Pears")
    go_on.set()
    await expect(tab.questions).to_contain_text("Apples")
    await tab.page.wait_for_function(NO_BAR)
    await expect(_link(tab, "Apples")).to_have_attribute("aria-current", "page")


async def test_a_new_chat_marks_none(tab: Tab) -> None:
    await _two(tab)
    go_on = await _held(tab, "New chat")
    await _link(tab, "New chat").click()
    await expect(tab.page.locator("#sidebar [aria-current]")).to_have_count(0)
    go_on.set()
    await expect(tab.questions).to_have_count(0)


async def test_the_last_of_several_clicks_counts(tab: Tab) -> None:
    await _two(tab)
    tab.device.expect_problem("htmx:")
    first = await _held(tab, "Apples")
    await _link(tab, "Apples").click()
    await _link(tab, "Pears").click()
    await expect(_link(tab, "Pears")).to_have_attribute("aria-current", "page")
    first.set()
    await tab.page.wait_for_function(NO_BAR)
    await expect(_link(tab, "Pears")).to_have_attribute("aria-current", "page")
    await expect(_link(tab, "Apples")).not_to_have_attribute("aria-current", "page")
    await expect(tab.questions).to_contain_text("Pears")


@pytest.mark.parametrize(
    ("status", "sentence"), [(0, "The server cannot be reached."), (502, "That did not work. Try again in a moment.")]
)
async def test_a_failure_takes_the_mark_back_and_says_so(tab: Tab, status: int, sentence: str) -> None:
    await _two(tab)
    tab.device.expect_problem("net::ERR_|htmx:|status of 502|Response Status")
    go_on = await _held(tab, "Apples", fails=True, status=status)
    await _link(tab, "Apples").click()
    await expect(_link(tab, "Apples")).to_have_attribute("aria-current", "page")
    go_on.set()
    await expect(_link(tab, "Pears")).to_have_attribute("aria-current", "page")
    await expect(_link(tab, "Apples")).not_to_have_attribute("aria-current", "page")
    await expect(tab.page.get_by_role("region", name="Notices")).to_contain_text(sentence)
    await tab.page.wait_for_function(NO_BAR)


async def test_the_bar_does_not_move_where_motion_is_not_wanted(devices: Devices, alice: Person) -> None:
    tab = await (await devices(alice, reduced_motion="reduce")).tab()
    await _two(tab)
    go_on = await _held(tab, "Apples")
    await _link(tab, "Apples").click()
    await tab.page.wait_for_function(BAR_SHOWN)
    assert await tab.page.evaluate("document.getAnimations().length") == 0
    go_on.set()
    await expect(tab.questions).to_contain_text("Apples")
