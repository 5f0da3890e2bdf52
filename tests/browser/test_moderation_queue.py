"""The queue and the screen of a case by keyboard alone, in both languages, and with an image; axe finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab
from tests.site import Site

IMAGE_IS_THERE = "() => document.querySelector('.turn-files img').naturalWidth > 0"  # text would be evaluated
CASES = """
from io import BytesIO
from PIL import Image
from django.core.files.uploadedfile import SimpleUploadedFile
from django.contrib.auth.models import Group
from accounts.models import User
from conversations import attachments
from conversations.models import Conversation, Message
from conversations.rendering import render
from moderation.models import Case, Flag
moderator = User.objects.get(username={moderator!r})
moderator.groups.add(Group.objects.get(name="Moderators"))
User.objects.filter(pk=moderator.pk).update(is_staff=True)
owner = User.objects.get(username={owner!r})
text = "A list:\\n\\n- one\\n\\n```python\\nprint(1)\\n```\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n"
for number in range(4):
    talk = Conversation.objects.create(owner=owner, title=f"Talk {{number}}")
    asked = Message.objects.create(conversation=talk, role="user", content=f"Question {{number}}")
    answer = Message.objects.create(
        conversation=talk, role="assistant", parent=asked, content=text, html=render(text), model="openai/scripted"
    )
    Conversation.objects.filter(pk=talk.pk).update(leaf=answer)
    case = Case.objects.create(
        person=owner, conversation=talk, message=answer, reason="spam", score=0.95, flag_count=1, model="openai/x"
    )
    Flag.objects.create(case=case, source="report", reason="spam", score=0.95, note="Please look")
picture = BytesIO()
Image.new("RGB", (1600, 900), "teal").save(picture, "PNG")
file = attachments.store(owner, SimpleUploadedFile("teal.png", picture.getvalue()))
attachments.attach([file], message=asked)
"""


@pytest.fixture
def queue(site: Site, alice: Person, crowd: Iterator[Person]) -> str:
    """The path of a queue of four cases, which alice looks after: those of somebody whom no other test knows."""
    owner = next(crowd)
    site.run(CASES.format(moderator=alice.name, owner=owner.name))
    return f"/admin/moderation/case/?person={owner.name}"


def _rows(page: Page) -> list[str]:
    return [f".case-row:nth-child({number})" for number in (1, 2, 3, 4)]


async def _at_a_case(tab: Tab, heading: str = "") -> None:
    await expect(tab.page).to_have_url(re.compile(r"/admin/moderation/case/\d+/"))
    if heading:
        await expect(tab.page.locator(".case-text h2")).to_contain_text(heading)
    await tab.page.wait_for_load_state()  # before, nobody listens to the keys


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
async def test_by_keyboard_alone(devices: Devices, alice: Person, queue: str, locale: str) -> None:
    tab = await (await devices(alice, locale=locale)).tab(queue)
    page, keys = tab.page, tab.page.keyboard
    first, second, *_others = _rows(page)
    assert await violations(page) == []

    # The list: down, choose, up, open.
    await keys.press("j")
    await expect(page.locator(f"{first} .case-link")).to_be_focused()
    await keys.press("j")
    await expect(page.locator(f"{second} .case-link")).to_be_focused()
    await keys.press("x")
    await expect(page.locator(f"{second} input")).to_be_checked()
    await expect(page.locator("[data-chosen]")).to_contain_text("1")
    await keys.press("x")
    await expect(page.locator(f"{second} input")).not_to_be_checked()
    await keys.press("k")
    await keys.press("Enter")
    await _at_a_case(tab, "Talk 3")
    assert await violations(page) == []

    # Letters that one writes are letters; Escape leaves the text.
    await keys.press("w")
    await expect(page.locator("#warn-note")).to_be_focused()
    await keys.type("a d x ?")
    await expect(page.locator("#warn-note")).to_have_value("a d x ?")
    await keys.press("Escape")
    await keys.press("?")
    await expect(page.locator("[data-keys-help] dl")).to_be_visible()
    assert await violations(page) == []

    # Take it, decide, and the next one is there.
    await keys.press("a")
    await expect(page.locator('[value="release"]')).to_be_visible()
    await expect(page.locator(".messagelist")).to_be_visible()
    await page.wait_for_load_state()
    await keys.press("d")
    await _at_a_case(tab, "Talk 2")
    await keys.press("h")
    await _at_a_case(tab, "Talk 1")
    await keys.press("u")
    await expect(page.locator(".case-row")).to_have_count(2)
    await page.wait_for_load_state()

    # Several at once.
    await keys.press("j")
    await keys.press("x")
    await keys.press("j")
    await keys.press("x")
    await page.locator('[name="action"][value="escalate"]').focus()
    await keys.press("Enter")
    await expect(page.locator(".case-row .tag-strong")).to_have_count(2)
    await page.wait_for_load_state()
    await page.set_viewport_size({"width": 360, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await tab.open("/admin/")
    assert await violations(page) == []


async def test_an_image_in_a_case(devices: Devices, alice: Person, queue: str) -> None:
    tab = await (await devices(alice)).tab(queue)
    page = tab.page
    await page.locator(".case-link").first.click()
    await _at_a_case(tab, "Talk 3")
    await page.get_by_text("Show the image").click()
    image = page.locator(".turn-files img")
    await expect(image).to_be_visible()
    await page.wait_for_function(IMAGE_IS_THERE)
    for width in (1280, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await violations(page) == []
    await page.get_by_role("link", name="Read the whole conversation").click()
    await expect(page).to_have_url(re.compile(r"/admin/conversations/conversation/"))
    await page.wait_for_load_state()
    await page.get_by_text("Show the image").click()
    await page.wait_for_function(IMAGE_IS_THERE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await violations(page) == []


async def test_two_moderators_on_one_case(devices: Devices, alice: Person, queue: str) -> None:
    device = await devices(alice)
    device.expect_problem("status of 409")
    tab = await device.tab(queue)
    await tab.page.locator(".case-link").first.click()
    await _at_a_case(tab)
    other = await device.tab(urlpath := tab.page.url.removeprefix(device.url))
    assert urlpath.startswith("/admin/moderation/case/")
    await other.page.keyboard.press("d")
    await expect(other.page.locator(".case-text h2")).to_contain_text("Talk 2")
    await tab.page.keyboard.press("w")
    await tab.page.keyboard.type("Careful words")
    await tab.page.locator('[value="warn"]').click()
    alert = tab.page.get_by_role("alert")
    await expect(alert).to_contain_text("has dismissed this case meanwhile.")
    await expect(tab.page.get_by_text("Careful words")).to_be_visible()
    await tab.page.wait_for_load_state()
    assert await violations(tab.page) == []
