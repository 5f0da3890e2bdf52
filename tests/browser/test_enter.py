"""What Enter does: it sends from a keyboard of keys, and makes a new line on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
# As on a tablet in a keyboard with a pad: what is touched comes first, and there is a fine pointer too.
WITH_POINTER = """matchMedia = (real => query => {
    const found = real(query);
    return query === "(any-pointer: fine)" ? Object.defineProperty(found, "matches", { value: true }) : found;
})(matchMedia);"""
COMPOSING = [{"isComposing": True}, {"keyCode": 229}, {"isComposing": True, "ctrlKey": True}]


async def _edit_box(tab: Tab) -> Locator:
    await tab.questions.first.get_by_role("link", name="Edit", exact=True).click()
    return tab.page.get_by_role("textbox", name="Edit the question")


async def _does_not_send_while_composing(box: Locator, tab: Tab, count: int) -> None:
    for more in COMPOSING:
        await box.dispatch_event(
            "keydown", {"key": "Enter", "code": "Enter", "bubbles": True, "cancelable": True} | more
        )
    await expect(tab.questions).to_have_count(count)


async def test_on_a_phone_enter_makes_a_new_line_and_the_button_sends(devices: Devices, alice: Person) -> None:
    tab = await (await devices(alice, **PHONE)).tab()
    await tab.page.wait_for_load_state()
    await expect(tab.box).to_have_attribute("enterkeyhint", "enter")
    await expect(tab.button("Send")).to_have_attribute("title", "Send")
    await tab.box.press_sequentially("one")
    await tab.box.press("Enter")
    await tab.box.press_sequentially("two")
    await _does_not_send_while_composing(tab.box, tab, 0)
    await expect(tab.box).to_have_value("one\ntwo")
    await tab.button("Send").tap()
    await expect(tab.questions.locator("[data-message-body]")).to_have_text("one\ntwo")
    await tab.answered()
    edit = await _edit_box(tab)
    await expect(edit).to_have_attribute("enterkeyhint", "enter")
    await edit.press("End")
    await edit.press("Enter")
    await edit.press_sequentially("three")
    await expect(edit).to_have_value("one\ntwo\nthree")
    await tab.button("Ask again").tap()
    await expect(tab.questions.locator("[data-message-body]")).to_have_text("one\ntwo\nthree")
    await tab.answered()


async def test_at_a_keyboard_enter_sends(tab: Tab) -> None:
    await tab.page.wait_for_load_state()
    await expect(tab.box).to_have_attribute("enterkeyhint", "send")
    await expect(tab.button("Send")).to_have_attribute("title", "Send (Enter)")
    await tab.box.fill("one")
    await _does_not_send_while_composing(tab.box, tab, 0)
    await tab.box.press("Enter")
    await expect(tab.questions).to_have_count(1)
    await tab.answered()
    edit = await _edit_box(tab)
    await expect(edit).to_have_attribute("enterkeyhint", "send")
    await edit.press("Shift+Enter")
    await edit.press_sequentially("two")
    await edit.press("Enter")
    await expect(tab.questions.locator("[data-message-body]")).to_have_text("one\ntwo")
    await tab.answered()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("key", ["Control+Enter", "Meta+Enter"])
async def test_control_and_enter_send_everywhere(
    devices: Devices, alice: Person, options: dict[str, Any], key: str
) -> None:
    tab = await (await devices(alice, **options)).tab()
    await tab.page.wait_for_load_state()
    await tab.box.fill("one")
    await tab.box.press(key)
    await expect(tab.questions).to_have_count(1)
    await tab.answered()
    edit = await _edit_box(tab)
    await edit.fill("another")
    await edit.press(key)
    await expect(tab.questions.locator("[data-message-body]")).to_have_text("another")
    await tab.answered()


async def test_a_tablet_in_a_keyboard_sends_from_its_keys_alone(devices: Devices, alice: Person) -> None:
    device = await devices(alice, **PHONE)
    await device.context.add_init_script(WITH_POINTER)
    tab = await device.tab()
    await tab.page.wait_for_load_state()
    await tab.box.fill("one")
    drawn = {"key": "Enter", "code": "", "bubbles": True, "cancelable": True}
    await tab.box.dispatch_event("keydown", drawn)  # as of a keyboard on the screen
    await expect(tab.questions).to_have_count(0)
    await tab.box.press("Enter")
    await expect(tab.questions).to_have_count(1)
    await tab.answered()


async def test_other_boxes_of_several_lines_keep_their_enter(devices: Devices, alice: Person) -> None:
    tab = await (await devices(alice)).tab()
    await tab.page.wait_for_load_state()
    await tab.page.locator(".model-button").click()
    box = tab.page.locator("#settings-system-prompt")
    await box.press_sequentially("one")
    await box.press("Enter")
    await box.press_sequentially("two")
    await expect(box).to_have_value("one\ntwo")
    await expect(tab.questions).to_have_count(0)
