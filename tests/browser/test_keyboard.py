"""Everything by keyboard alone; the focus is always to be seen, and never lost to the page's body."""

import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab

TABS_AT_MOST = 40
FOCUS = """() => {
    const focused = document.activeElement;
    const box = focused.getBoundingClientRect();
    const rings = [focused, ...focused.querySelectorAll("*"), focused.closest(".composer-box")].filter(Boolean);
    return {
        lost: focused === document.body,
        shown: box.width > 0 && box.height > 0 && rings.some(element => {
            const style = getComputedStyle(element);
            return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        }),
        what: focused.outerHTML.slice(0, 120),
    };
}"""


async def _focus_is_seen(tab: Tab) -> None:
    focus = await tab.page.evaluate(FOCUS)
    assert not focus["lost"]
    assert focus["shown"], focus["what"]


async def _tab_to(tab: Tab, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus, which is to be seen on every stop on the way."""
    await target.wait_for()
    for _ in range(TABS_AT_MOST):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await tab.page.keyboard.press(key)
        await _focus_is_seen(tab)
    raise AssertionError(f"Tab does not reach {target}")


async def test_from_the_login_to_an_answer(devices: Devices, alice: Person) -> None:
    tab = await (await devices()).tab("/accounts/login/")
    keyboard = tab.page.keyboard
    await _tab_to(tab, tab.page.get_by_role("textbox", name="Username or e-mail"))
    await keyboard.type(alice.name)
    await _tab_to(tab, tab.page.get_by_role("textbox", name="Password"))
    await keyboard.type(alice.password)
    await keyboard.press("Enter")
    await tab.page.wait_for_url(tab.device.url + "/")
    await _tab_to(tab, tab.box)
    await keyboard.type("Hello")
    await keyboard.press("Enter")
    await tab.answered()
    await expect(tab.box).to_be_focused()


async def test_skip_link(tab: Tab) -> None:
    link = tab.page.get_by_role("link", name="Skip to the content")
    await _tab_to(tab, link, "Shift+Tab")
    await expect(link).to_be_in_viewport()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("main")).to_be_focused()


async def test_the_list_by_keyboard(tab: Tab) -> None:
    keyboard = tab.page.keyboard
    await tab.ask("Apples")
    await tab.answered()
    new_chat = tab.page.get_by_role("link", name="New chat", exact=True)
    await _tab_to(tab, new_chat, "Shift+Tab")
    await keyboard.press("Enter")
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await expect(tab.box).to_be_focused()
    apples = tab.page.get_by_role("link", name="Apples", exact=True)
    await _tab_to(tab, apples, "Shift+Tab")
    await keyboard.press("Enter")
    await expect(tab.questions).to_contain_text("Apples")
    await expect(tab.box).to_be_focused()


async def test_rename_and_delete_by_keyboard(tab: Tab) -> None:
    keyboard = tab.page.keyboard
    await tab.ask("Apples")
    await tab.answered()
    await _tab_to(tab, tab.page.get_by_label("Options for “Apples”"), "Shift+Tab")
    await keyboard.press("Enter")
    await _tab_to(tab, tab.page.get_by_role("link", name="Rename"))
    await keyboard.press("Enter")
    await expect(tab.page.get_by_role("textbox", name="Title")).to_be_focused()
    await keyboard.press("ControlOrMeta+a")
    await keyboard.type("Pears")
    await keyboard.press("Enter")
    await expect(tab.page.get_by_role("link", name="Pears", exact=True)).to_be_focused()
    await _focus_is_seen(tab)
    await _tab_to(tab, tab.page.get_by_label("Options for “Pears”"))
    await keyboard.press("Enter")
    await keyboard.press("Escape")
    await expect(tab.page.get_by_label("Options for “Pears”")).to_be_focused()
    await keyboard.press("Enter")
    await _tab_to(tab, tab.page.get_by_role("button", name="Delete"))
    await keyboard.press("Enter")
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await expect(tab.box).to_be_focused()
    await _tab_to(tab, tab.button("Undo"))
    await keyboard.press("Enter")
    await expect(tab.page.get_by_role("link", name="Pears", exact=True)).to_be_visible()
    await _focus_is_seen(tab)


async def test_deleting_another_conversation_keeps_the_focus(tab: Tab) -> None:
    await tab.ask("Apples")
    await tab.answered()
    await tab.page.get_by_role("link", name="New chat", exact=True).click()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await _tab_to(tab, tab.page.get_by_label("Options for “Apples”"), "Shift+Tab")
    await tab.page.keyboard.press("Enter")
    await _tab_to(tab, tab.page.get_by_role("button", name="Delete"))
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("link", name="Apples", exact=True)).to_have_count(0)
    await _focus_is_seen(tab)


async def test_the_settings_panel_by_keyboard(tab: Tab) -> None:
    keyboard = tab.page.keyboard
    button = tab.page.get_by_role("button", name=re.compile("Model and settings"))
    await _tab_to(tab, button, "Shift+Tab")
    await keyboard.press("Enter")
    panel = tab.page.get_by_role("dialog", name="Settings of this conversation")
    await _tab_to(tab, panel.get_by_role("combobox", name="Model"))
    streaming = panel.get_by_role("checkbox", name="Show the answer while it is written")
    await _tab_to(tab, streaming)
    await keyboard.press("Space")
    await expect(streaming).not_to_be_checked()
    await keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(button).to_be_focused()


async def test_changing_a_setting_keeps_the_focus(tab: Tab) -> None:
    await tab.ask("Hello")
    await tab.answered()
    await tab.page.get_by_role("button", name=re.compile("Model and settings")).click()
    panel = tab.page.get_by_role("dialog", name="Settings of this conversation")
    tab.device.expect_problem("htmx:(afterRequest|sendAbort)")
    slider = panel.get_by_role("slider", name="Temperature")
    await slider.focus()
    await tab.page.keyboard.press("ArrowRight")
    await expect(panel.get_by_text("Saved.", exact=True)).to_be_visible()
    await expect(slider).to_be_focused()
    await tab.page.keyboard.press("ArrowRight")
    await expect(slider).to_have_value("0.9")


async def test_the_buttons_of_an_answer_by_keyboard(tab: Tab) -> None:
    await tab.ask("script:clean-cut")
    await tab.answered("interrupted")
    await _tab_to(tab, tab.button("Continue"), "Shift+Tab")
    await tab.page.keyboard.press("Enter")
    await tab.answered()
    await _focus_is_seen(tab)
    await _tab_to(tab, tab.answer.get_by_role("button", name="Regenerate"))
    await tab.page.keyboard.press("Enter")
    await tab.answered("interrupted")
    await _focus_is_seen(tab)


async def test_the_settings_page_by_keyboard(device: Device) -> None:
    tab = await device.tab("/settings/")
    await _tab_to(tab, tab.page.get_by_role("spinbutton", name="Temperature"))
    await tab.page.keyboard.press("ArrowUp")
    await _tab_to(tab, tab.button("Save"))
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_text("Saved.", exact=True)).to_be_visible()
    await expect(tab.button("Save")).to_be_focused()
    await expect(tab.page.get_by_role("spinbutton", name="Temperature")).to_have_value("0.8")
