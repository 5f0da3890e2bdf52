"""Menus and dialogs: nothing cuts them off, keys lead through them, and they stand where one looks for them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab
from tests.site import Site

MAKE_MANY = """
from accounts.models import User
from conversations.models import Conversation, Folder
owner = User.objects.get(username={name!r})
for number in range(25):
    Conversation.objects.create(owner=owner, title=f"Topic {{number:02d}}")
folder = Folder.objects.create(owner=owner, name="Work")
"""
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
# Whether the element is what one meets at the middle and near the corners of its box, wholly in the window.
UNCOVERED = """element => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const places = [[(left + right) / 2, (top + bottom) / 2], [left + 12, top + 12], [right - 12, bottom - 12]];
    const isInside = left >= 0 && top >= 0 && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5;
    return isInside && places.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
}"""
CENTRE = """element => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return [(left + right) / 2 - innerWidth / 2, (top + bottom) / 2 - innerHeight / 2];
}"""


def _menu(tab: Tab) -> Locator:
    return tab.page.locator(".menu-items:popover-open")


async def _make_many(site: Site, owner: Person) -> None:
    site.run(MAKE_MANY.format(name=owner.name))


async def _opened(tab: Tab, label: str) -> None:
    """Opens the menu and looks whether all of it can be seen."""
    button = tab.page.get_by_label(label, exact=True)
    await button.scroll_into_view_if_needed()
    await button.click()
    await expect(_menu(tab)).to_be_visible()
    assert await _menu(tab).evaluate(UNCOVERED), label


@pytest.mark.parametrize("size", [(1280, 800), (1280, 420), (768, 1024), (640, 400), (360, 640), (320, 480)])
@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
async def test_no_menu_is_cut_off(
    devices: Devices, alice: Person, site: Site, size: tuple[int, int], touch: bool
) -> None:
    await _make_many(site, alice)
    viewport = {"width": size[0], "height": size[1]}
    tab = await (
        await devices(alice, viewport=viewport, **({"has_touch": True, "is_mobile": True} if touch else {}))
    ).tab()
    opener = tab.button("Conversations")
    if await opener.is_visible():
        await opener.click()
    labels = ["Options for the folder “Work”", *(f"Options for “Topic {number:02d}”" for number in (24, 16, 8, 0))]
    for label in labels:
        await _opened(tab, label)
        await tab.page.keyboard.press("Escape")
        await expect(_menu(tab)).to_have_count(0)
        await expect(tab.page.get_by_label(label, exact=True)).to_be_focused()
    await tab.page.locator(".account > summary").click()
    await expect(_menu(tab)).to_be_visible()
    assert await _menu(tab).evaluate(UNCOVERED)


async def test_keys_lead_through_a_menu(tab: Tab, site: Site, alice: Person) -> None:
    await _make_many(site, alice)
    await tab.page.reload()
    button = tab.page.get_by_label("Options for “Topic 03”", exact=True)
    for key in ("Enter", "Space", "ArrowDown", "ArrowUp"):
        await button.focus()
        await tab.page.keyboard.press(key)
        await expect(_menu(tab).get_by_text("Pin", exact=True)).to_be_focused()
        for then, name in [
            ("ArrowDown", "Move"), ("ArrowDown", "Rename"), ("ArrowUp", "Move"), ("End", "Delete"),
            ("ArrowDown", "Pin"), ("ArrowUp", "Delete"), ("Home", "Pin"), ("r", "Rename"), ("a", "Archive"),
        ]:  # fmt: skip
            await tab.page.keyboard.press(then)
            await expect(_menu(tab).get_by_text(name, exact=True)).to_be_focused()
        await tab.page.keyboard.press("Escape")
        await expect(_menu(tab)).to_have_count(0)
        await expect(button).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(_menu(tab).get_by_text("Pin", exact=True)).to_be_focused()
    for _ in range(5):
        await tab.page.keyboard.press("Tab")
    await expect(_menu(tab)).to_have_count(0)


async def test_keys_lead_through_the_menu_of_an_answer(tab: Tab) -> None:
    await tab.ask("Apples")
    await tab.answered()
    button = tab.answer.get_by_role("button", name="Other models and branches")
    await button.focus()
    await tab.page.keyboard.press("ArrowDown")
    branch = _menu(tab).get_by_role("button", name="Go on in a new conversation")
    await expect(branch).to_be_visible()
    assert await _menu(tab).evaluate(UNCOVERED)
    await tab.page.keyboard.press("End")
    await expect(_menu(tab).locator(":is(a, button)").last).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(_menu(tab)).to_have_count(0)
    await expect(button).to_be_focused()


async def test_a_press_beside_closes_a_menu_and_another_opens_in_its_place(tab: Tab, site: Site, alice: Person) -> None:
    await _make_many(site, alice)
    await tab.page.reload()
    await _opened(tab, "Options for “Topic 20”")
    await tab.page.get_by_label("Options for “Topic 22”", exact=True).click()
    await expect(_menu(tab)).to_have_count(1)
    await tab.page.get_by_label("Options for “Topic 22”", exact=True).click()
    await expect(_menu(tab)).to_have_count(0)
    await _opened(tab, "Options for “Topic 22”")
    await tab.page.mouse.click(800, 300)
    await expect(_menu(tab)).to_have_count(0)


async def test_a_press_beside_a_sheet_does_nothing_else(devices: Devices, alice: Person, site: Site) -> None:
    await _make_many(site, alice)
    tab = await (await devices(alice, **PHONE)).tab()
    await tab.button("Conversations").tap()
    await tab.page.get_by_label("Options for “Topic 24”", exact=True).tap()
    box = await _menu(tab).bounding_box()
    assert box
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 360, 740)
    path = tab.path
    await tab.page.get_by_role("link", name="Topic 22").tap(force=True)
    await expect(_menu(tab)).to_have_count(0)
    assert tab.path == path
    await tab.page.get_by_role("link", name="Topic 22").tap()
    await expect(tab.page.get_by_role("heading", name="Topic 22", level=1)).to_be_visible()


@pytest.mark.parametrize(
    "options", [{}, PHONE, {"viewport": {"width": 768, "height": 900}}, {"viewport": {"width": 320, "height": 400}}]
)
async def test_dialogs_open_in_the_middle(devices: Devices, alice: Person, site: Site, options: dict[str, Any]) -> None:
    await _make_many(site, alice)
    tab = await (await devices(alice, **options)).tab()
    await tab.ask("Apples")
    await tab.answered()
    folder = "Options for the folder “Work”"
    for label, command in [(folder, "Rename"), (folder, "Delete"), ("Options for “Topic 24”", "Move")]:
        if await tab.button("Conversations").is_visible():
            await tab.button("Conversations").click()
        await _opened(tab, label)
        await _menu(tab).get_by_text(command, exact=True).click()
        await _is_in_the_middle(tab)
    await tab.button("Close the list").or_(tab.page.locator("body")).first.focus()
    if await tab.button("Close the list").is_visible():
        await tab.button("Close the list").click()
    await tab.page.get_by_role("link", name="Share", exact=True).click()
    await _is_in_the_middle(tab)


async def _is_in_the_middle(tab: Tab) -> None:
    dialog = tab.page.locator("dialog[open]")
    await expect(dialog).to_be_visible()
    across, down = await dialog.evaluate(CENTRE)
    assert abs(across) <= 1
    assert abs(down) <= 1
    assert await dialog.evaluate(UNCOVERED)
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_the_dots_of_a_folder_stand_as_those_of_a_conversation(tab: Tab, site: Site, alice: Person) -> None:
    await _make_many(site, alice)
    await tab.page.reload()
    icons = [
        tab.page.get_by_label(label, exact=True).locator("svg")
        for label in ("Options for the folder “Work”", "Options for “Topic 24”")
    ]
    of_folder, of_entry = [await icon.bounding_box() for icon in icons]
    assert of_folder
    assert of_entry
    assert of_folder["x"] == of_entry["x"]
    assert [await icon.evaluate("icon => getComputedStyle(icon).rotate") for icon in icons] == ["none", "none"]
    name = await tab.page.locator(".folder .ellipsis").bounding_box()
    assert name
    assert abs(name["y"] + name["height"] / 2 - of_folder["y"] - of_folder["height"] / 2) <= 1


async def test_menus_without_a_script(devices: Devices, alice: Person, site: Site) -> None:
    await _make_many(site, alice)
    device: Device = await devices(alice, java_script_enabled=False)
    tab = await device.tab()
    await tab.page.get_by_label("Options for “Topic 20”", exact=True).click()
    await expect(tab.page.get_by_role("link", name="Move", exact=True)).to_be_in_viewport(ratio=1)
    await tab.page.get_by_role("link", name="Move", exact=True).click()
    await expect(tab.page.get_by_role("heading", name="Move to a folder")).to_be_visible()
