"""The palette: by keyboard, by mouse, while Korean is being typed, and where the focus goes."""

import asyncio
import contextlib
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Error, Locator, Route, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider

COMPOSING_ENTER = """input => input.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, isComposing: true }))"""


def _dialog(tab: Tab) -> Locator:
    return tab.page.get_by_role("dialog", name="Find a conversation or a command")


def _marked(tab: Tab) -> Locator:
    return _dialog(tab).get_by_role("option", selected=True)


async def _open(tab: Tab) -> Locator:
    """The palette's input; the page has been loaded."""
    await tab.page.wait_for_load_state()
    await tab.page.keyboard.press("Control+k")
    await expect(_dialog(tab)).to_be_visible()
    await expect(_marked(tab)).to_have_count(1)
    return _dialog(tab).get_by_role("combobox")


async def _talks(tab: Tab, *titles: str) -> None:
    for title in titles:
        if tab.path != "/":
            await tab.page.get_by_role("link", name="New chat", exact=True).click()
            await tab.page.get_by_role("heading", name="New chat", level=1).wait_for()
        await tab.ask(title)
        await tab.answered()


async def _hold_back(tab: Tab, *queries: str, fails: bool = False) -> asyncio.Event:
    """A slow network: what is found for these comes, or fails, after the event."""
    go_on = asyncio.Event()

    async def hold_back(route: Route) -> None:
        if parse_qs(urlsplit(route.request.url).query, keep_blank_values=True).get("q", [""])[0] in queries:
            await go_on.wait()
        with contextlib.suppress(Error):  # the page has given it up
            await (route.abort() if fails else route.continue_())

    await tab.page.route("**/palette/?*", hold_back)
    return go_on


async def test_to_a_conversation_by_its_title(tab: Tab) -> None:
    await _talks(tab, "Apples", "Pears", "Plums")
    field = await _open(tab)
    await expect(field).to_be_focused()
    await expect(_marked(tab)).to_have_text("Plums")
    await field.press_sequentially("app")
    await expect(_marked(tab)).to_have_text("Apples")
    await field.press("Enter")
    await expect(_dialog(tab)).to_be_hidden()
    await expect(tab.questions).to_contain_text("Apples")
    await expect(tab.box).to_be_focused()
    await tab.page.go_back()
    await expect(tab.questions).to_contain_text("Plums")


async def test_arrows_home_and_end(tab: Tab) -> None:
    field = await _open(tab)
    options = _dialog(tab).get_by_role("option")
    count = await options.count()
    for key, place in (("ArrowDown", 1), ("End", count - 1), ("ArrowDown", 0), ("ArrowUp", count - 1), ("Home", 0)):
        await field.press(key)
        await expect(options.nth(place)).to_have_attribute("aria-selected", "true")
        await expect(_marked(tab)).to_be_in_viewport()
        identity = await options.nth(place).get_attribute("id")
        assert await field.get_attribute("aria-activedescendant") == identity
    await expect(field).to_be_focused()


async def test_escape_brings_the_focus_back(tab: Tab) -> None:
    await tab.box.fill("A draft")
    field = await _open(tab)
    await field.press("Escape")
    await expect(_dialog(tab)).to_be_hidden()
    await expect(tab.box).to_be_focused()
    await expect(tab.box).to_have_value("A draft")


async def test_enter_opens_what_was_typed_and_not_what_was_found_before(tab: Tab) -> None:
    await _talks(tab, "Apples", "Pears", "Plums")
    field = await _open(tab)
    go_on = await _hold_back(tab, "app")
    await field.fill("app")
    await field.press("Enter")
    await expect(_dialog(tab)).to_be_visible()
    go_on.set()
    await expect(tab.questions).to_contain_text("Apples")
    await expect(_dialog(tab)).to_be_hidden()


async def test_enter_in_the_palette_opened_again_waits_for_its_list(tab: Tab) -> None:
    await _talks(tab, "Apples", "Pears")
    field = await _open(tab)
    await field.fill("app")
    await expect(_marked(tab)).to_have_text("Apples")
    await field.press("Enter")
    await expect(tab.questions).to_contain_text("Apples")
    go_on = await _hold_back(tab, "")
    await tab.page.keyboard.press("Control+k")
    await field.press("Enter")
    await expect(_dialog(tab)).to_be_visible()
    go_on.set()
    await expect(tab.questions).to_contain_text("Pears")


async def test_enter_opens_nothing_when_the_server_is_away(tab: Tab) -> None:
    tab.device.expect_problem("net::ERR_")
    await _talks(tab, "Apples", "Pears")
    path = tab.path
    field = await _open(tab)
    go_on = await _hold_back(tab, "app", fails=True)
    await field.fill("app")
    await field.press("Enter")
    go_on.set()
    await expect(tab.page.get_by_text("The server cannot be reached.").first).to_be_visible()
    await field.press("Enter")
    await expect(_dialog(tab)).to_be_visible()
    await expect(_marked(tab)).to_have_count(0)
    assert await field.get_attribute("aria-activedescendant") is None
    assert tab.path == path


async def test_who_closes_the_palette_after_enter_opens_nothing(tab: Tab) -> None:
    """Not either when it is opened again before what was asked for has come."""
    await _talks(tab, "Apples", "Pears")
    path = tab.path
    field = await _open(tab)
    go_on = await _hold_back(tab, "app", "")
    await field.fill("app")
    await field.press("Enter")
    await field.press("Escape")
    await expect(_dialog(tab)).to_be_hidden()
    async with tab.page.expect_request_finished(lambda request: request.url.endswith("?q=") or "?q=&" in request.url):
        await tab.page.keyboard.press("Control+k")
        await expect(_dialog(tab)).to_be_visible()
        go_on.set()
    await expect(_marked(tab)).to_have_text("Pears")
    await expect(_dialog(tab)).to_be_visible()
    assert tab.path == path


async def test_the_same_keys_close_it(tab: Tab) -> None:
    await _open(tab)
    await tab.page.keyboard.press("Control+k")
    await expect(_dialog(tab)).to_be_hidden()
    await expect(tab.box).to_be_focused()


async def test_escape_in_the_palette_stops_no_answer(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(1)
    field = await _open(tab)
    await field.press("Escape")
    scripted_provider.release()
    await tab.answered("complete")


async def test_it_begins_anew_each_time(tab: Tab) -> None:
    field = await _open(tab)
    await field.fill("settings")
    await expect(_marked(tab)).to_have_text("Settings")
    await field.press("Escape")
    field = await _open(tab)
    await expect(field).to_have_value("")
    await expect(_marked(tab)).to_have_text("New chat")


async def test_a_command_that_is_a_page(tab: Tab) -> None:
    field = await _open(tab)
    await field.fill("settings")
    await expect(_marked(tab)).to_have_text("Settings")
    await field.press("Enter")
    await tab.page.wait_for_url("**/settings/")


async def test_a_command_that_is_a_post(tab: Tab) -> None:
    field = await _open(tab)
    await field.fill("log out")
    await expect(_marked(tab)).to_have_text("Log out")
    await field.press("Enter")
    await tab.page.wait_for_url("**/accounts/login/**")


async def test_a_model_for_this_conversation(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("Hello")
    await tab.answered()
    field = await _open(tab)
    await field.fill("large")
    await expect(_marked(tab)).to_contain_text("large")
    await field.press("Enter")
    await expect(tab.page.locator("#model-name")).to_contain_text("large")
    await tab.ask("And now")
    await tab.answered()
    assert "large" in scripted_provider.chats[-1].body["model"]


async def test_by_mouse(tab: Tab) -> None:
    await _open(tab)
    await _dialog(tab).get_by_role("option", name="Keyboard shortcuts").click()
    await expect(tab.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await expect(_dialog(tab)).to_be_hidden()


async def test_nothing_found_says_so(tab: Tab) -> None:
    field = await _open(tab)
    await field.fill("zzzz")
    await expect(_dialog(tab).get_by_role("status")).to_have_text("Nothing has this in its name.")
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(_dialog(tab)).to_be_visible()


async def test_enter_that_ends_a_syllable_chooses_nothing(devices: Devices, alice: Person) -> None:
    tab = (await (await devices(alice, locale="ko-KR")).tab()).in_korean()
    await tab.ask("사과")
    await tab.answered()
    await tab.page.keyboard.press("Control+k")
    field = tab.page.get_by_role("combobox", name="대화나 명령 찾기")
    await field.fill("사과")
    await expect(tab.page.get_by_role("option", selected=True)).to_have_text("사과")
    await field.evaluate(COMPOSING_ENTER)
    await expect(field).to_be_visible()
    await field.press("Enter")
    await expect(field).to_be_hidden()


async def test_the_server_is_away(device: Device) -> None:
    tab = await device.tab()
    await tab.page.wait_for_load_state()
    device.expect_problem(r"net::ERR_|WebSocket|htmx:")
    await tab.page.route("**/palette/**", lambda route: route.abort())
    await tab.page.keyboard.press("Control+k")
    await expect(tab.page.get_by_text("The server cannot be reached.").first).to_be_visible()
    await tab.page.unroute("**/palette/**")
    await tab.page.keyboard.press("Control+k")
    await expect(_dialog(tab)).to_be_visible()


async def test_nothing_of_it_is_loaded_before_it_is_wanted(device: Device) -> None:
    page = await device.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(device.url)
    await page.wait_for_load_state("networkidle")
    assert not [url for url in asked if any(part in url for part in ("palette", "shortcuts", "tables", "copying"))]
    assert len(asked) <= 12


async def test_accessible_and_narrow(devices: Devices, alice: Person) -> None:
    tab = await (await devices(alice, viewport={"width": 320, "height": 640})).tab()
    await tab.ask("Apples")
    await tab.answered()
    await _open(tab)
    assert await violations(tab.page) == []
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= 320
