"""axe finds nothing where conversations are found, put in order and branched, in light and dark, in both languages."""

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab
from tests.conversations.pictures import picture
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

LOCALES = ["en-US", "ko-KR"]
PAGES = ["/search/?q=sentence", "/search/?q=nothing-like-it", "/conversations/archived/", "/?temporary=1"]
MAKE = """
from django.utils import timezone
from accounts.models import User
from conversations.models import Conversation, Folder, Message
owner = User.objects.get(username={name!r})
folder = Folder.objects.create(owner=owner, name="업무")
for title, kept in ("Pinned", dict(pinned_at=timezone.now())), ("Filed", dict(folder=folder)), ("Listed", dict()), \\
        ("Archived", dict(archived_at=timezone.now())):
    made = Conversation.objects.create(owner=owner, title=title, **kept)
    made.leaf = Message.objects.create(conversation=made, role="user", content="A sentence to be found")
    made.save()
print(folder.pk)
"""


@pytest_asyncio.fixture(params=LOCALES, loop_scope="session")
async def member(devices: Devices, alice: Person, request: pytest.FixtureRequest) -> Tab:
    tab = await (await devices(alice, locale=request.param)).tab()
    return tab.in_korean() if request.param == "ko-KR" else tab


@pytest.fixture
def folder(site: Site, alice: Person) -> str:
    """The path of a folder; beside it there is a conversation of each kind."""
    return f"/folders/{site.run(MAKE.format(name=alice.name))}/"


async def _is_clean(tab: Tab, state: str) -> None:
    assert await violations(tab.page) == [], state


async def test_pages_of_order_and_search(member: Tab, folder: str) -> None:
    for path in (folder, *PAGES):
        await member.open(path)
        await _is_clean(member, path)
    await member.open("/conversations/")
    await member.page.locator("#choose-all").check()
    await _is_clean(member, "all chosen")


async def test_the_list_its_folders_and_dialogs(member: Tab, folder: str) -> None:
    await member.open("/")
    await member.page.locator(".folders details > summary").first.click()
    await member.page.locator(".new-folder > summary").click()
    await _is_clean(member, "a folder and the field for a new one")
    await member.page.locator(".entry .menu > summary").first.click()
    await member.page.locator("[hx-get$='/move/']").first.click()
    await expect(member.page.get_by_role("dialog").locator("visible=true")).to_have_count(1)
    await _is_clean(member, "the dialog that moves")


async def test_attached_files(member: Tab) -> None:
    async with member.page.expect_file_chooser() as opened:
        await member.page.locator("#attach").click()
    await (await opened.value).set_files(
        [
            {"name": "holiday.png", "mimeType": "image/png", "buffer": picture(size=(60, 40))},
            {"name": "notes.py", "mimeType": "text/x-python", "buffer": b"print(1)\n"},
        ]
    )
    await expect(member.page.locator("#composer-attachments > li")).to_have_count(2)
    await _is_clean(member, "in the composer")
    await member.ask("What is this?")
    await member.answered()
    await _is_clean(member, "sent")


async def test_versions_the_menu_of_an_answer_and_what_waits(member: Tab, scripted_provider: ScriptedProvider) -> None:
    await member.ask("script:words-5")
    await member.answered()
    await _edit(member).click()
    text = member.page.locator("form.edit textarea")
    await expect(text).to_be_focused()
    await _is_clean(member, "an edit")
    await text.fill("script:words-9 pause-3")
    await text.press("Enter")
    await member.answered("running")  # the new one: the former had three words too
    await member.see_words(3)
    await member.ask("Waits")
    await expect(member.page.locator("#waiting > li")).to_have_count(1)
    await _is_clean(member, "a message that waits, and versions")
    scripted_provider.release()
    await expect(member.questions).to_have_count(2)
    await member.answered()
    await member.answer.locator("button[popovertarget$='-menu']").click()
    await expect(member.answer.locator("[popover] form, [popover] button").first).to_be_visible()
    await _is_clean(member, "the menu of an answer")


def _edit(tab: Tab) -> Locator:
    return tab.page.locator("[data-tree=edit]")
