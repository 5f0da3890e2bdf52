"""Whoever types while the page is still coming loses nothing: no letter, no earlier draft, no place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Devices
from tests.browser.people import NO_CONNECTION, Device, Person, Tab

SCRIPTS = "**/*.js"
DRAFTS = """Object.entries(localStorage).filter(([key]) => key.startsWith("draft:"))
    .map(([, draft]) => JSON.parse(draft).text)"""
PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)


@asynccontextmanager
async def _scripts_held(page: Page) -> AsyncIterator[None]:
    """The page is shown, and its scripts come when this ends."""
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(SCRIPTS, hold)
    yield
    go_on.set()
    await page.wait_for_load_state()
    await page.unroute(SCRIPTS)


async def _show(tab: Tab, path: str = "/") -> None:
    """The first picture: without any script the box has the focus."""
    await tab.page.goto(tab.device.url + path, wait_until="commit")
    await expect(tab.box).to_be_focused()


async def _looked(tab: Tab) -> None:
    await expect(tab.page.locator("#composer[data-restored]")).to_be_visible()


async def test_letters_typed_before_the_scripts_are_there_are_in_the_box(tab: Tab) -> None:
    """Without a click: the box has the focus from the first picture on. And what was typed is a draft from then on."""
    async with _scripts_held(tab.page):
        await _show(tab)
        await tab.page.keyboard.type("Hello ")
    await tab.page.keyboard.type("there")
    await _looked(tab)
    await expect(tab.box).to_have_value("Hello there")
    await tab.page.reload()
    await expect(tab.box).to_have_value("Hello there")


async def test_what_was_typed_before_the_scripts_came_is_kept_without_another_letter(tab: Tab) -> None:
    async with _scripts_held(tab.page):
        await _show(tab)
        await tab.box.press_sequentially("one\ntwo\nthree")
    await _looked(tab)
    await tab.page.reload()
    await expect(tab.box).to_have_value("one\ntwo\nthree")


async def test_an_earlier_draft_stays_before_what_is_typed_at_once(tab: Tab) -> None:
    await tab.box.fill("earlier")
    async with _scripts_held(tab.page):
        await _show(tab)
        await tab.page.keyboard.type("no")
    await _looked(tab)
    assert await tab.page.evaluate(DRAFTS) == ["earlier\nno"]
    await tab.page.keyboard.type("w")
    await expect(tab.box).to_have_value("earlier\nnow")
    await tab.page.reload()
    await expect(tab.box).to_have_value("earlier\nnow")


@pytest.mark.parametrize("how", ["Enter", "the button"])
async def test_what_is_sent_at_once_is_what_was_seen_and_the_earlier_draft_is_in_the_box_then(
    tab: Tab, how: str
) -> None:
    await tab.box.fill("earlier")
    async with _scripts_held(tab.page):
        await _show(tab)
        await tab.page.keyboard.type("now")
    await _looked(tab)
    await (tab.page.keyboard.press("Enter") if how == "Enter" else tab.button("Send").click())
    await expect(tab.questions.locator("[data-message-body]")).to_have_text("now")
    await tab.answered()
    await expect(tab.box).to_have_value("earlier")
    await tab.page.reload()
    await expect(tab.box).to_have_value("earlier")
    await expect(tab.questions).to_have_count(1)


async def test_a_syllable_begun_before_the_scripts_came_is_ended_in_peace(tab: Tab) -> None:
    """A Korean input method has it open: a box whose text is changed then would cut it in two."""
    await tab.box.fill("earlier")
    keyboard = await tab.page.context.new_cdp_session(tab.page)
    async with _scripts_held(tab.page):
        await _show(tab)
        await keyboard.send("Input.imeSetComposition", {"text": "하", "selectionStart": 1, "selectionEnd": 1})
    await _looked(tab)
    await keyboard.send("Input.imeSetComposition", {"text": "한", "selectionStart": 1, "selectionEnd": 1})
    await expect(tab.box).to_have_value("한")
    await keyboard.send("Input.insertText", {"text": "한"})
    await expect(tab.box).to_have_value("earlier\n한")


async def test_a_draft_left_by_another_tab_waits_for_the_next_one(device: Device) -> None:
    first = await device.tab()
    await first.box.fill("left behind")
    await first.page.close()
    second = await device.tab("/robots.txt")
    async with _scripts_held(second.page):
        await _show(second)
        await second.page.keyboard.type("now")
    await _looked(second)
    await expect(second.box).to_have_value("now")
    third = await device.tab()
    await expect(third.box).to_have_value("left behind")
    await expect(second.box).to_have_value("now")


async def test_whoever_is_in_another_field_by_then_stays_there(tab: Tab) -> None:
    async with _scripts_held(tab.page):
        await _show(tab)
        await tab.page.get_by_role("button", name="Model and settings").click()
        field = tab.page.get_by_role("textbox", name="Instructions for this conversation")
        await field.press_sequentially("Be ")
    await _looked(tab)
    await tab.page.keyboard.type("brief")
    await expect(field).to_have_value("Be brief")
    await expect(tab.box).to_have_value("")


async def test_a_phone_does_not_begin_with_its_keyboard(devices: Devices, alice: Person) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "user_agent": PHONE}
    tab = await (await devices(alice, **phone)).tab()
    await _looked(tab)
    await expect(tab.box).not_to_be_focused()


@pytest.mark.parametrize("how", ["refused", "unreachable"])
async def test_what_an_earlier_chat_could_not_send_comes_back_before_what_is_typed_in_the_next(
    tab: Tab, how: str
) -> None:
    tab.device.expect_problem(f"{NO_CONNECTION}|status of 500|htmx:")
    go_on = asyncio.Event()

    async def fail(route: Route) -> None:
        await go_on.wait()
        await (route.fulfill(status=500) if how == "refused" else route.abort())

    await tab.page.route("**/messages/", fail)
    await tab.ask("the first")
    await tab.page.get_by_role("link", name="New chat", exact=True).click()
    await expect(tab.questions).to_have_count(0)
    await expect(tab.box).to_be_focused()
    await tab.page.keyboard.type("second")
    async with tab.page.expect_event("requestfinished" if how == "refused" else "requestfailed"):
        go_on.set()
    await tab.page.keyboard.type("!")
    await expect(tab.box).to_have_value("the first\nsecond!")
    await tab.page.reload()
    await expect(tab.box).to_have_value("the first\nsecond!")
