"""axe finds nothing on any page, in light and dark, in English and Korean."""

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider

OUTSIDE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-page/"]
INSIDE = ["/", "/settings/", "/accounts/sessions/", "/accounts/password/change/", "/accounts/email/", "/c/"]


@pytest_asyncio.fixture(params=["en-US", "ko-KR"], loop_scope="session")
async def guest(devices: Devices, request: pytest.FixtureRequest) -> Tab:
    """Somebody who is not signed in, in each language."""
    return await (await devices(locale=request.param)).tab("/accounts/login/")


@pytest_asyncio.fixture(params=["en-US", "ko-KR"], loop_scope="session")
async def member(devices: Devices, alice: Person, request: pytest.FixtureRequest) -> Tab:
    """Alice's new chat, in each language."""
    tab = await (await devices(alice, locale=request.param)).tab()
    return tab.in_korean() if request.param == "ko-KR" else tab


async def test_pages_before_the_login(guest: Tab) -> None:
    guest.device.expect_problem("status of 404")
    for path in OUTSIDE:
        await guest.open(path)
        assert await violations(guest.page) == [], path


async def test_a_refused_login(guest: Tab) -> None:
    await guest.page.locator("[name=login]").fill("nobody")
    await guest.page.locator("[name=password]").fill("wrong")
    await guest.page.locator("main form button[type=submit]").click()
    await expect(guest.page.get_by_role("alert")).to_be_visible()
    await guest.page.wait_for_load_state()
    assert await violations(guest.page) == []


async def test_pages_after_the_login(member: Tab) -> None:
    for path in INSIDE:
        await member.open(path)
        assert await violations(member.page) == [], path


async def test_a_conversation_with_everything_markdown(member: Tab) -> None:
    await member.ask("script:markdown")
    await member.answered()
    assert await violations(member.page) == []


async def test_a_failed_answer_and_a_stopped_one(member: Tab) -> None:
    await member.ask("script:error-401")
    await member.answered("failed")
    assert await violations(member.page) == []
    await member.ask("script:hold")
    await expect(member.page.locator(".stop")).to_be_visible()
    await member.page.keyboard.press("Escape")
    await member.answered("stopped")
    assert await violations(member.page) == []


async def test_a_streaming_answer(member: Tab, scripted_provider: ScriptedProvider) -> None:
    await member.ask("script:hold")
    await expect(member.page.locator('[data-status="running"] > [data-message-body]')).to_contain_text("Hello")
    assert await violations(member.page) == []
    await asyncio.to_thread(scripted_provider.release)
    await member.answered()


async def test_thoughts_settings_panel_and_menus(member: Tab) -> None:
    await member.ask("script:reasoning")
    await member.answered()
    await member.page.locator("[data-reasoning] > summary").click()
    assert await violations(member.page) == []
    await member.page.locator("[popovertarget=settings-panel]").click()
    assert await violations(member.page) == []
    await member.page.keyboard.press("Escape")
    await member.page.locator(".entry .menu > summary").click()
    assert await violations(member.page) == []


async def test_a_refused_message(member: Tab) -> None:
    member.device.expect_problem("status of 422|htmx:")
    await member.ask("x" * 10_001)
    await expect(member.page.locator("#composer-error p")).to_be_visible()
    assert await violations(member.page) == []


async def test_undo_and_the_connection_line(member: Tab) -> None:
    await member.ask("To be deleted")
    await member.answered()
    await member.page.locator(".entry .menu > summary").click()
    await member.page.locator("[data-delete]").click()
    await expect(member.page.locator("[data-toast]")).to_be_visible()
    assert await violations(member.page) == []
    await member.device.context.set_offline(True)
    await expect(member.page.locator("#connection")).not_to_be_empty()
    assert await violations(member.page) == []
