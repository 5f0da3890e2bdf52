"""Order in the list: pin, archive, folders, many at once, a temporary chat, instructions for one conversation."""

import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab
from tests.site import Site

MAKE_TOPICS = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from conversations.models import Conversation, Folder
owner = User.objects.get(username={name!r})
now = timezone.now()
folder = Folder.objects.create(owner=owner, name="Archive of work") if {filed} else None
Conversation.objects.bulk_create(
    Conversation(owner=owner, title=f"Topic {{number}}", folder=folder, updated_at=now - timedelta(seconds=number))
    for number in range(1, {count} + 1)
)
"""


def _list(tab: Tab) -> Locator:
    return tab.page.get_by_role("navigation", name="Conversations")


def _link(tab: Tab, title: str) -> Locator:
    return _list(tab).get_by_role("link", name=title, exact=True)


def _folder(tab: Tab, name: str) -> Locator:
    return _list(tab).locator("summary").filter(has_text=re.compile(f"^{name}$"))


async def _choose(tab: Tab, title: str, command: str) -> None:
    await _link(tab, title).hover()
    await _list(tab).get_by_label(f"Options for “{title}”").click()
    await _list(tab).get_by_text(command, exact=True).locator("visible=true").click()


def _topics(site: Site, owner: Person, count: int, *, filed: bool = False) -> None:
    site.run(MAKE_TOPICS.format(name=owner.name, count=count, filed=filed))


async def _make_folder(tab: Tab, name: str) -> None:
    await _list(tab).get_by_text("New folder", exact=True).click()
    box = _list(tab).get_by_role("textbox", name="Name of the folder")
    await expect(box).to_be_focused()
    await box.fill(name)
    await box.press("Enter")
    await expect(_folder(tab, name)).to_be_focused()


async def test_pin_and_unpin(device: Device, alice: Person, site: Site) -> None:
    _topics(site, alice, 3)
    tab = await device.tab()
    pinned = _list(tab).get_by_role("region", name="Pinned").get_by_role("link")
    await expect(pinned).to_have_count(0)
    await _choose(tab, "Topic 2", "Pin")
    await expect(pinned).to_have_text(["Topic 2"])
    await expect(_link(tab, "Topic 2")).to_have_count(1)
    await expect(_link(tab, "Topic 2")).to_be_focused()
    await tab.page.reload()
    await expect(pinned).to_have_text(["Topic 2"])
    await _choose(tab, "Topic 2", "Unpin")
    await expect(pinned).to_have_count(0)
    today = _list(tab).locator("[data-group]").get_by_role("link")
    await expect(today).to_have_text(["Topic 1", "Topic 2", "Topic 3"])


async def test_archive_undo_and_the_archives_page(device: Device, alice: Person, site: Site) -> None:
    _topics(site, alice, 2)
    tab = await device.tab()
    await _choose(tab, "Topic 1", "Archive")
    await expect(_link(tab, "Topic 1")).to_have_count(0)
    await tab.button("Undo").click()
    await expect(_link(tab, "Topic 1")).to_be_focused()
    await _choose(tab, "Topic 2", "Archive")
    await expect(_link(tab, "Topic 2")).to_have_count(0)
    await tab.open("/conversations/archived/")
    await tab.button("Back to the list: “Topic 2”").click()
    await expect(tab.page.get_by_text("1 conversation is back in the list.")).to_be_visible()
    await tab.open("/")
    await expect(_link(tab, "Topic 2")).to_be_visible()


async def test_the_open_conversation_is_archived_and_taken_back(tab: Tab) -> None:
    await tab.ask("Put me away")
    await tab.answered()
    await _choose(tab, "Put me away", "Archive")
    await expect(tab.page.get_by_text("This conversation is in the archive.")).to_be_visible()
    await tab.ask("Still here")
    await expect(tab.questions).to_have_count(2)
    await tab.answered()
    await expect(_link(tab, "Put me away")).to_have_count(0)
    await tab.button("Back to the list").click()
    await expect(_link(tab, "Put me away")).to_have_attribute("aria-current", "page")
    await expect(tab.page.get_by_text("This conversation is in the archive.")).to_have_count(0)


async def test_a_folder_is_made_filled_opened_renamed_and_deleted(device: Device, alice: Person, site: Site) -> None:
    _topics(site, alice, 2)
    tab = await device.tab()
    await _make_folder(tab, "Work")
    await _choose(tab, "Topic 1", "Move")
    dialog = tab.page.get_by_role("dialog", name="Move to a folder")
    await dialog.get_by_role("button", name="Work").click()
    await expect(dialog).to_have_count(0)
    await expect(_folder(tab, "Work")).to_be_focused()
    await expect(_link(tab, "Topic 1")).to_have_count(0)
    await _folder(tab, "Work").press("Enter")
    await expect(_link(tab, "Topic 1")).to_be_visible()
    await _list(tab).get_by_label("Options for the folder “Work”").click()
    await _list(tab).get_by_text("Rename", exact=True).locator("visible=true").click()
    name = tab.page.get_by_role("dialog").get_by_role("textbox", name="Name of the folder")
    await expect(name).to_be_focused()
    await name.fill("Play")
    await name.press("Enter")
    await expect(_folder(tab, "Play")).to_be_focused()
    await expect(_link(tab, "Topic 1")).to_be_visible()  # what was open is open again
    await _list(tab).get_by_label("Options for the folder “Play”").click()
    await _list(tab).get_by_text("Delete", exact=True).locator("visible=true").click()
    await tab.page.get_by_role("dialog").get_by_role("button", name="Delete the folder").click()
    await expect(_folder(tab, "Play")).to_have_count(0)
    await expect(_list(tab).get_by_role("region", name="Today").get_by_role("link")).to_have_text(
        ["Topic 1", "Topic 2"]
    )


async def test_a_dialog_closes_with_escape_and_gives_the_focus_back(device: Device, alice: Person, site: Site) -> None:
    _topics(site, alice, 1)
    tab = await device.tab()
    await _choose(tab, "Topic 1", "Move")
    dialog = tab.page.get_by_role("dialog", name="Move to a folder")
    await expect(dialog.get_by_role("textbox")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(_link(tab, "Topic 1")).to_be_focused()


async def test_a_name_that_is_taken_is_said_in_the_dialog(device: Device, alice: Person, site: Site) -> None:
    device.expect_problem("status of 422")
    _topics(site, alice, 1)
    tab = await device.tab()
    await _make_folder(tab, "Work")
    await _choose(tab, "Topic 1", "Move")
    name = tab.page.get_by_role("dialog").get_by_role("textbox", name="New folder")
    await name.fill("Work")
    await name.press("Enter")
    await expect(tab.page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "You already have a folder of this name."
    )
    await expect(name).to_be_focused()
    await name.fill("Play")
    await name.press("Enter")
    await expect(_folder(tab, "Play")).to_be_focused()
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)


async def test_a_long_folder_loads_as_one_scrolls(device: Device, alice: Person, site: Site) -> None:
    _topics(site, alice, 70, filed=True)
    tab = await device.tab()
    links = _list(tab).get_by_role("link", name=re.compile("^Topic"))
    await expect(links).to_have_count(0)
    await _folder(tab, "Archive of work").click()
    await expect(links.first).to_be_visible()
    while (before := await links.count()) < 70:
        await links.last.scroll_into_view_if_needed()
        await expect(links.nth(before)).to_be_attached()
    titles = [title.strip() for title in await links.all_inner_texts()]
    assert titles == [f"Topic {number}" for number in range(1, 71)]
    await links.first.click()
    await expect(tab.page.get_by_role("heading", name="Topic 1", level=1)).to_be_visible()


async def test_a_message_brings_its_conversation_to_the_top_of_the_open_folder(
    device: Device, alice: Person, site: Site
) -> None:
    _topics(site, alice, 3, filed=True)
    tab = await device.tab()
    await _folder(tab, "Archive of work").click()
    await _link(tab, "Topic 3").click()
    await expect(tab.page.get_by_role("heading", name="Topic 3", level=1)).to_be_visible()
    await tab.ask("Hello")
    await tab.answered()
    links = _list(tab).get_by_role("link", name=re.compile("^Topic"))
    await expect(links).to_have_text(["Topic 3", "Topic 1", "Topic 2"])


async def test_many_at_once_with_shift_and_space(device: Device, alice: Person, site: Site) -> None:
    _topics(site, alice, 8)
    tab = await device.tab("/conversations/")
    boxes = tab.page.get_by_role("checkbox", name=re.compile("^Topic"))
    await expect(boxes).to_have_count(8)
    await boxes.nth(1).click()
    await tab.page.get_by_text("Topic 5").click(modifiers=["Shift"])
    await expect(tab.page.get_by_text("Chosen: 4")).to_be_visible()
    await boxes.nth(6).focus()
    await tab.page.keyboard.press("Space")
    await expect(tab.page.get_by_text("Chosen: 5")).to_be_visible()
    await tab.button("Delete").click()
    await expect(tab.page.get_by_text("5 conversations were deleted.")).to_be_visible()
    await expect(boxes).to_have_count(3)
    await tab.button("Undo").click()
    await expect(boxes).to_have_count(8)
    await tab.page.get_by_role("checkbox", name="All of this page").check()
    await expect(tab.page.get_by_text("Chosen: 8")).to_be_visible()
    await tab.button("Archive").click()
    await expect(tab.page.get_by_text("8 conversations were archived.")).to_be_visible()


async def test_without_javascript(devices: Devices, alice: Person, site: Site) -> None:
    _topics(site, alice, 3)
    tab = await (await devices(alice, java_script_enabled=False)).tab()
    await _choose(tab, "Topic 1", "Move")
    await tab.page.get_by_role("textbox", name="New folder").fill("Work")
    await tab.button("Create and move").click()
    await _folder(tab, "Work").click()
    await _list(tab).get_by_role("link", name="Open the folder").click()
    await expect(tab.page.get_by_role("heading", name="Work")).to_be_visible()
    await expect(tab.page.get_by_role("link", name="Topic 1")).to_be_visible()
    await tab.open("/conversations/")
    await tab.page.get_by_role("checkbox", name=re.compile("^Topic 2")).check()
    await tab.button("Delete").click()
    await expect(tab.page.get_by_text("1 conversation was deleted.")).to_be_visible()
    await tab.button("Undo").click()
    await expect(tab.page.get_by_role("checkbox", name=re.compile("^Topic"))).to_have_count(3)
    await tab.open("/")
    await tab.page.get_by_role("link", name="Temporary chat").click()
    await tab.box.fill("Hello")
    await tab.button("Send").click()
    await expect(tab.page.get_by_text("gone on")).to_be_visible()
    await expect(_link(tab, "Hello")).to_have_count(0)
    await tab.button("Keep").click()
    await expect(_link(tab, "Hello")).to_be_visible()


async def test_a_temporary_chat_stays_out_of_the_list_until_it_is_kept(tab: Tab) -> None:
    await tab.page.get_by_role("link", name="Temporary chat").click()
    await expect(tab.page.get_by_text("gone 24 hours after it begins")).to_be_visible()
    await tab.ask("Between us")
    await tab.answered()
    await expect(tab.page.get_by_text("gone on")).to_be_visible()
    await expect(_link(tab, "Between us")).to_have_count(0)
    await tab.page.reload()
    await expect(tab.questions).to_contain_text("Between us")
    await tab.ask("And this")
    await expect(tab.questions).to_have_count(2)
    await tab.answered()
    await expect(_link(tab, "Between us")).to_have_count(0)
    await tab.button("Keep").click()
    await expect(_link(tab, "Between us")).to_have_attribute("aria-current", "page")
    await expect(tab.button("Keep")).to_have_count(0)


async def test_instructions_of_a_new_conversation_come_with_its_first_message(tab: Tab) -> None:
    model = tab.page.get_by_role("button", name=re.compile("^Model and settings"))
    box = tab.page.get_by_role("textbox", name="Instructions for this conversation")
    await model.click()
    await box.fill("Answer in verse.")
    await model.click()
    await tab.ask("Hello")
    await tab.answered()
    await tab.page.reload()
    await model.click()
    await expect(box).to_have_value("Answer in verse.")
