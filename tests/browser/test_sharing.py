"""Sharing in the browser: the dialog, the public page, phones, paper, and without JavaScript."""

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Route, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab, make_conversation
from tests.browser.test_small_screens import SIDEWAYS, SMALL, TARGET
from tests.site import Site

SCRIPT = re.compile(r"/js/sharing[^/]*\.js$")
CONTROLS = "button, select, .button, input:not([type=hidden]), .earlier a, .share-links h2 a, .aside a, .product"
LOCALES = ["en-US", "ko-KR"]
SHARE = """
from conversations.models import Conversation
from conversations.sharing import share
print(share(Conversation.objects.get(pk={pk!r}), days=7).token)
"""


def make_link(site: Site, conversation: str) -> str:
    """The path of a new link to the conversation with this path."""
    pk = conversation.strip("/").split("/")[1]
    return f"/share/{site.run(SHARE.format(pk=pk))}/"


def dialog(tab: Tab) -> Locator:
    return tab.page.get_by_role("dialog")


async def open_dialog(tab: Tab) -> Locator:
    await tab.page.locator(".share-button").click()
    await expect(dialog(tab)).to_be_visible()
    return dialog(tab)


async def make(tab: Tab) -> str:
    """Make a link in the dialog; its path."""
    await dialog(tab).locator("form[hx-post*='/share/'] button").click()
    address = dialog(tab).locator(".share-address").first
    await expect(address).to_be_focused()
    return (await address.input_value()).removeprefix(tab.device.url)


@pytest_asyncio.fixture(params=LOCALES, loop_scope="session")
async def member(devices: Devices, alice: Person, request: pytest.FixtureRequest) -> Tab:
    tab = await (await devices(alice, locale=request.param)).tab()
    return tab.in_korean() if request.param == "ko-KR" else tab


async def test_a_link_from_the_button_to_the_guest_and_its_end(tab: Tab, devices: Devices) -> None:
    await expect(tab.page.locator(".share-button")).to_be_hidden()  # a new chat
    await tab.ask("script:markdown")
    await tab.answered()
    opened = await open_dialog(tab)
    await expect(opened.get_by_role("combobox", name="Expires after")).to_be_focused()
    path = await make(tab)
    await expect(opened).to_contain_text("The link is ready")

    guest = await (await devices()).tab(path)
    guest.device.expect_problem("status of 404")
    await expect(guest.answers).to_have_count(1)
    assert await guest.answers.locator("table").count() > 0
    assert await guest.page.locator("img, script").count() == 0

    await opened.get_by_role("button", name=re.compile("^Revoke")).click()
    await expect(opened.get_by_role("status")).to_be_focused()
    await expect(opened.locator(".share-address")).to_have_count(0)
    await guest.page.reload()
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("This link shows nothing")


async def test_the_dialog_by_keyboard(tab: Tab) -> None:
    await tab.ask("Hello")
    await tab.answered()
    button = tab.page.get_by_role("link", name="Share", exact=True)
    await button.focus()
    await tab.page.keyboard.press("Enter")
    await expect(dialog(tab)).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(dialog(tab)).to_have_count(0)
    await expect(button).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await dialog(tab).get_by_role("button", name="Close").click()
    await expect(dialog(tab)).to_have_count(0)
    await expect(button).to_be_focused()


async def test_escape_closes_the_dialog_and_stops_no_answer(tab: Tab) -> None:
    await tab.ask("script:hold")
    await expect(tab.text_place).to_contain_text("Hello")
    await open_dialog(tab)
    await tab.page.keyboard.press("Escape")
    await expect(dialog(tab)).to_have_count(0)
    await expect(tab.answer).to_have_attribute("data-status", "running")
    await tab.page.keyboard.press("Escape")
    await tab.answered("stopped")


async def test_copying_says_so_and_keeps_the_focus(tab: Tab) -> None:
    await tab.device.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.ask("Hello")
    await tab.answered()
    opened = await open_dialog(tab)
    path = await make(tab)
    copy = opened.get_by_role("button", name="Copy")
    await copy.click()
    await expect(opened.get_by_role("status")).to_have_text("Copied.")
    assert await tab.page.evaluate("navigator.clipboard.readText()") == tab.device.url + path
    await expect(copy).to_be_focused()


async def _hold_back_script(tab: Tab) -> asyncio.Event:
    """A slow network: what the dialog's buttons do comes after the event."""
    go_on = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await tab.page.route(SCRIPT, hold_back)
    return go_on


async def test_the_first_press_on_copy_copies(tab: Tab, site: Site) -> None:
    """The dialog is not seen before its buttons do something."""
    await tab.device.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.ask("Hello")
    await tab.answered()
    path = make_link(site, tab.path)
    go_on = await _hold_back_script(tab)
    async with tab.page.expect_request(SCRIPT):
        await tab.page.locator(".share-button").click()
    await expect(dialog(tab)).to_be_hidden()
    go_on.set()
    await dialog(tab).get_by_role("button", name="Copy").click()
    await expect(dialog(tab).get_by_role("status")).to_have_text("Copied.")
    assert await tab.page.evaluate("navigator.clipboard.readText()") == tab.device.url + path


async def test_pressed_again_before_it_shows_there_is_one_dialog(tab: Tab) -> None:
    await tab.ask("Hello")
    await tab.answered()
    go_on = await _hold_back_script(tab)
    await tab.page.locator(".share-button").click()
    waiting = await tab.page.locator("#share-dialog").element_handle()
    assert waiting
    await tab.page.locator(".share-button").click()
    await tab.page.wait_for_function("waiting => !waiting.isConnected", arg=waiting)
    go_on.set()
    await expect(dialog(tab)).to_be_visible()
    await expect(tab.page.locator("#share-dialog")).to_have_count(1)


async def test_the_dialog_opens_without_its_script(tab: Tab) -> None:
    tab.device.expect_problem("net::ERR_")
    await tab.ask("Hello")
    await tab.answered()
    await tab.page.route(SCRIPT, lambda route: route.abort())
    await open_dialog(tab)
    await make(tab)


async def test_a_temporary_chat_has_no_button(device: Device) -> None:
    tab = await device.tab("/?temporary=1")
    await tab.ask("Hello")
    await tab.answered()
    await expect(tab.page.locator(".share-button")).to_be_hidden()
    await tab.button("Keep").click()
    await expect(tab.page.locator(".share-button")).to_be_visible()


async def test_axe_finds_nothing(member: Tab) -> None:
    await member.ask("script:markdown")
    await member.answered()
    await open_dialog(member)
    path = await make(member)
    assert await violations(member.page) == []
    for page in (path, "/shares/", member.path + "share/"):
        await member.open(page)
        assert await violations(member.page) == [], page
    member.device.expect_problem("status of 404")
    await member.open("/share/guessed/")
    assert await violations(member.page) == []


@pytest.mark.parametrize("locale", LOCALES)
async def test_everything_fits_a_phone(devices: Devices, alice: Person, site: Site, locale: str) -> None:
    size = {"width": 320, "height": 640}
    phone = await devices(alice, viewport=size, has_touch=True, is_mobile=True, locale=locale)
    tab = await phone.tab()
    tab = tab.in_korean() if locale == "ko-KR" else tab
    await tab.ask("script:markdown")
    await tab.answered()
    await open_dialog(tab)
    path = await make(tab)
    await _fits(tab)
    own = tab.path + "share/"
    for page in (own, "/shares/", path, make_link(site, make_conversation(site, alice, 230))):
        await tab.open(page)
        await _fits(tab)


async def _fits(tab: Tab) -> None:
    assert await tab.page.evaluate(SIDEWAYS) == []
    inside = "dialog[open] "
    scope = inside if await tab.page.locator(inside).count() else ""
    controls = ", ".join(scope + control for control in CONTROLS.split(", "))
    assert await tab.page.evaluate(SMALL, {"target": TARGET, "controls": controls}) == []


async def test_without_javascript(devices: Devices, alice: Person, site: Site) -> None:
    tab = await (await devices(alice, java_script_enabled=False)).tab(make_conversation(site, alice, 230))
    await tab.page.get_by_role("link", name="Share", exact=True).click()
    await tab.page.get_by_role("combobox", name="Expires after").select_option("1 day")
    await tab.button("Make a link").click()
    address = tab.page.get_by_role("textbox", name="Link")
    await expect(address).to_have_count(1)
    await expect(tab.button("Copy")).to_be_hidden()
    path = (await address.input_value()).removeprefix(tab.device.url)

    guest = await (await devices(java_script_enabled=False)).tab(path)
    guest.device.expect_problem("status of 404")
    await expect(guest.questions.last).to_contain_text("number 228")
    await guest.page.get_by_role("link", name="Earlier messages").click()
    await expect(guest.questions.first).to_contain_text("number 000")
    await guest.page.get_by_role("link", name="To the newest messages").click()
    await expect(guest.questions.last).to_contain_text("number 228")

    await tab.open("/shares/")
    await tab.page.get_by_role("button", name=re.compile("^Revoke")).click()
    await expect(tab.page.get_by_role("status")).to_contain_text("The link is revoked")
    await expect(tab.page.get_by_role("textbox", name="Link")).to_have_count(0)
    await guest.page.reload()
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("This link shows nothing")


async def test_the_public_page_on_paper(devices: Devices, alice: Person, site: Site) -> None:
    guest = await (await devices()).tab(make_link(site, make_conversation(site, alice, 230)))
    await guest.page.emulate_media(media="print", color_scheme="dark")
    await expect(guest.page.get_by_role("link", name="Earlier messages")).to_be_hidden()
    await expect(guest.answers.last).to_be_visible()
    await expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
    rendered = "() => [...document.querySelectorAll('.message')].every(m => m.firstElementChild.checkVisibility())"
    assert await guest.page.evaluate(rendered)
    assert await guest.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
