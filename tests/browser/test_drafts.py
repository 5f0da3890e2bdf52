"""Unsent messages: each new chat has its own, none is lost, and nobody sees another person's."""

import asyncio
from collections.abc import Iterator

from playwright.async_api import expect

from tests.browser.people import Device, Person, Tab


async def _looked(tab: Tab) -> None:
    """Until the page has looked for a draft."""
    await expect(tab.page.locator("#composer[data-restored]")).to_be_visible()


async def test_two_new_chats_have_two_drafts(device: Device) -> None:
    first, second = await device.tab(), await device.tab()
    await first.box.fill("the first")
    await expect(second.box).to_have_value("")
    await second.box.fill("the second")
    await first.page.reload()
    await second.page.reload()
    await expect(first.box).to_have_value("the first")
    await expect(second.box).to_have_value("the second")
    await second.box.fill("")
    await first.page.reload()
    await expect(first.box).to_have_value("the first")


async def test_a_third_tab_takes_nothing_from_those_that_are_there(device: Device) -> None:
    first, second = await device.tab(), await device.tab()
    await first.box.fill("the first")
    await second.box.fill("the second")
    third = await device.tab()
    await _looked(third)
    await expect(third.box).to_have_value("")


async def test_what_a_closed_tab_has_left_is_in_the_next_one_and_only_there(device: Device) -> None:
    first = await device.tab()
    await first.box.fill("not yet sent")
    await first.page.close()
    second = await device.tab()
    await expect(second.box).to_have_value("not yet sent")
    third = await device.tab()
    await _looked(third)
    await expect(third.box).to_have_value("")
    await second.box.press("Enter")
    await second.answered()
    await second.open("/")
    await _looked(second)
    await expect(second.box).to_have_value("")


async def test_a_sent_draft_comes_back_in_no_tab(device: Device) -> None:
    first = await device.tab()
    await first.ask("Hello")
    await first.answered()
    second = await device.tab()
    await _looked(second)
    await expect(second.box).to_have_value("")


async def test_somebody_else_at_the_same_computer_sees_no_draft(
    device: Device, alice: Person, crowd: Iterator[Person]
) -> None:
    bob = next(crowd)
    tab = await device.tab()
    await tab.box.fill("private")
    await tab.page.close()
    await device.context.add_cookies([{"name": "sessionid", "value": bob.session, "url": device.url}])
    his = await device.tab()
    await _looked(his)
    await expect(his.box).to_have_value("")
    await his.page.close()
    await device.context.add_cookies([{"name": "sessionid", "value": alice.session, "url": device.url}])
    hers = await device.tab()
    await expect(hers.box).to_have_value("private")


async def test_two_tabs_at_one_conversation_have_two_drafts(device: Device) -> None:
    first = await device.tab()
    await first.ask("Before")
    await first.answered()
    second = await device.tab(first.path)
    await second.box.fill("the second")
    await first.ask("From the first")
    await expect(second.questions).to_have_count(2)
    await first.box.fill("the first")
    await first.page.reload()
    await second.page.reload()
    await expect(first.box).to_have_value("the first")
    await expect(second.box).to_have_value("the second")


async def test_the_draft_of_a_conversation_is_found_in_the_next_tab_that_shows_it(device: Device) -> None:
    first = await device.tab()
    await first.ask("Before")
    await first.answered()
    path = first.path
    await first.box.fill("not yet sent")
    await first.page.get_by_role("link", name="New chat", exact=True).click()
    await expect(first.questions).to_have_count(0)
    second = await device.tab(path)
    await expect(second.box).to_have_value("not yet sent")
    await first.open(path)
    await _looked(first)
    await expect(first.box).to_have_value("")


async def test_a_copied_tab_gets_a_draft_of_its_own(device: Device) -> None:
    first = await device.tab()
    await first.box.fill("the first")
    async with device.context.expect_page() as opened:  # such a tab has the storage of the one that opened it
        await first.page.evaluate("void window.open('/')")
    second = Tab(await opened.value, device)
    await _looked(second)
    async with asyncio.timeout(15):
        while await _name(first) == await _name(second):
            await asyncio.sleep(0.05)
    await second.box.fill("the second")
    await first.page.reload()
    await expect(first.box).to_have_value("the first")


async def _name(tab: Tab) -> str:
    return str(await tab.page.evaluate("sessionStorage.getItem('tab')"))


async def test_nothing_written_stays_after_logging_out_in_no_tab(device: Device) -> None:
    first, second = await device.tab(), await device.tab()
    await first.box.fill("private, the first")
    await second.box.fill("private, the second")
    await first.page.locator(".account summary").click()
    await first.button("Log out").click()
    for tab in (first, second):
        await tab.page.wait_for_url("**/accounts/login/**")
    await second.page.wait_for_load_state()
    kept = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"
    async with asyncio.timeout(10):
        while "private" in await second.page.evaluate(kept):
            await asyncio.sleep(0.05)
    assert "private" not in await first.page.evaluate(kept)
