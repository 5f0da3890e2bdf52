"""Phones: no page scrolls sideways, the list is a drawer, everything can be touched; and paper."""

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab

WIDTHS = (320, 360)
PAGES = ["/", "/settings/", "/accounts/sessions/", "/accounts/password/change/", "/accounts/email/", "/c/"]
TARGET = 44  # CSS pixels, on touch
SIDEWAYS = """() => ["html", "#reading", "#sidebar-list"]
    .map(place => document.querySelector(place))
    .filter(element => element && element.scrollWidth > element.clientWidth)
    .map(element => `${element.id || element.tagName}: ${element.scrollWidth} in ${element.clientWidth}`)"""
CONTROLS = """button, summary, select, textarea, input:not([type=checkbox], [type=hidden]), .button, .entry-link,
    .field-check label, .menu-items > a, .account-links a, .aside a, .product, .earlier a, .next a"""
SMALL = """({ target, controls }) => [...document.querySelectorAll(controls)]
    .filter(control => control.checkVisibility({ visibilityProperty: true }) && !control.closest(".visually-hidden"))
    .map(control => [control, control.getBoundingClientRect()])
    .filter(([, box]) => box.height < target - 0.5 || box.width < target - 0.5)
    .map(([control, box]) => `${control.outerHTML.slice(0, 90)}: ${box.width}x${box.height}`)"""


@pytest_asyncio.fixture(loop_scope="session")
async def phone(devices: Devices, alice: Person, request: pytest.FixtureRequest) -> Device:
    """The narrowest one, or as wide as the test says."""
    size = {"width": getattr(request, "param", 320), "height": 640}
    return await devices(alice, viewport=size, has_touch=True, is_mobile=True, device_scale_factor=2)


async def _fits(tab: Tab) -> None:
    assert await tab.page.evaluate(SIDEWAYS) == []
    assert await tab.page.evaluate(SMALL, {"target": TARGET, "controls": CONTROLS}) == []


@pytest.mark.parametrize("phone", WIDTHS, indirect=True)
async def test_pages_fit_and_can_be_touched(phone: Device) -> None:
    tab = await phone.tab()
    for path in PAGES:
        await tab.open(path)
        await _fits(tab)


async def test_pages_before_the_login_fit(devices: Devices) -> None:
    phone = await devices(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    tab = await phone.tab("/accounts/login/")
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        await tab.open(path)
        await _fits(tab)


@pytest.mark.parametrize("phone", WIDTHS, indirect=True)
async def test_a_conversation_with_everything_fits(phone: Device) -> None:
    tab = await phone.tab()
    await tab.ask("script:markdown")
    await tab.answered()
    await _fits(tab)
    await tab.ask("script:clean-cut " + "x" * 300)
    await tab.answered("interrupted")
    await _fits(tab)
    await tab.ask("script:hold")
    await expect(tab.button("Stop")).to_be_visible()
    await _fits(tab)
    await tab.button("Stop").tap()
    await tab.answered("stopped")


@pytest.mark.parametrize("phone", WIDTHS, indirect=True)
async def test_the_settings_panel_fits(phone: Device) -> None:
    tab = await phone.tab()
    await tab.page.locator(".model-button").tap()
    panel = tab.page.get_by_role("dialog", name="Settings of this conversation")
    await expect(panel.get_by_role("combobox", name="Model")).to_be_in_viewport(ratio=1)
    await _fits(tab)
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_the_drawer(phone: Device) -> None:
    tab = await phone.tab()
    await tab.ask("Apples")
    await tab.answered()
    drawer = tab.page.get_by_role("dialog", name="Conversations")
    opener = tab.button("Conversations")
    await expect(drawer).to_be_hidden()
    await opener.tap()
    await expect(drawer).to_be_visible()
    await _fits(tab)
    await tab.button("Close the list").tap()
    await expect(drawer).to_be_hidden()
    await expect(opener).to_be_focused()
    await opener.tap()
    await expect(drawer).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await opener.tap()
    await drawer.get_by_role("link", name="New chat").tap()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await expect(drawer).to_be_hidden()
    await opener.tap()
    await drawer.get_by_role("link", name="Apples").tap()
    await expect(tab.questions).to_contain_text("Apples")
    await expect(drawer).to_be_hidden()
    await _fits(tab)


async def test_the_menu_in_the_drawer(phone: Device) -> None:
    tab = await phone.tab()
    await tab.ask("Apples")
    await tab.answered()
    await tab.button("Conversations").tap()
    drawer = tab.page.get_by_role("dialog", name="Conversations")
    await drawer.get_by_label("Options for “Apples”").tap()
    await _fits(tab)
    await drawer.get_by_role("button", name="Delete").tap()
    await expect(tab.button("Undo")).to_be_in_viewport(ratio=1)
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()  # which closes the drawer
    await tab.button("Undo").tap()
    await tab.button("Conversations").tap()
    await expect(drawer.get_by_role("link", name="Apples")).to_be_visible()


async def test_the_message_box_is_always_there(phone: Device) -> None:
    tab = await phone.tab()
    await tab.box.fill("line\n" * 60)
    await expect(tab.button("Send")).to_be_in_viewport(ratio=1)
    await tab.ask("script:long-300")
    await tab.answered()
    await expect(tab.box).to_be_in_viewport(ratio=1)
    await expect(tab.button("Send")).to_be_in_viewport(ratio=1)


async def test_korean_fits_too(devices: Devices, alice: Person) -> None:
    phone = await devices(alice, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True, locale="ko-KR")
    tab = (await phone.tab()).in_korean()
    for path in PAGES:
        await tab.open(path)
        await _fits(tab)
    await tab.open("/")
    await tab.ask("script:error-401")
    await tab.answered("failed")
    await _fits(tab)


async def test_reduced_motion_moves_nothing(devices: Devices, alice: Person) -> None:
    tab = await (await devices(alice, reduced_motion="reduce")).tab()
    await tab.ask("script:hold")
    await expect(tab.text_place).to_contain_text("Hello")
    assert await tab.page.evaluate("document.getAnimations().length") == 0
    await tab.page.emulate_media(reduced_motion="no-preference")
    assert await tab.page.evaluate("document.getAnimations().length") > 0


async def test_paper_shows_the_transcript_alone(tab: Tab) -> None:
    await tab.ask("script:long-600")
    await tab.answered()
    await tab.page.emulate_media(media="print")
    await expect(tab.page.get_by_role("navigation")).to_be_hidden()
    await expect(tab.box).to_be_hidden()
    await expect(tab.answer.get_by_role("button")).to_have_count(0)
    await expect(tab.questions).to_be_visible()
    whole = "() => document.documentElement.scrollHeight >= document.getElementById('messages').scrollHeight"
    assert await tab.page.evaluate(whole)
    assert await tab.page.evaluate("document.getElementById('messages').scrollHeight") > 800
