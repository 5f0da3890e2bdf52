"""An answer of a million characters opens and scrolls like any other, and is copied whole."""

import pytest
from playwright.async_api import expect

from tests.bench.long_answer import make, seconds
from tests.browser.conftest import Devices
from tests.browser.people import Person
from tests.site import Site

SIZE = 1_000_000
TEXTS = {
    "one script": "x" * SIZE,
    "many scripts": "한a1글漢,.!" * (SIZE // 8),
    "code": f"```\n{'y' * (SIZE - 100)}\n```",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_it_opens_scrolls_and_is_copied_whole(devices: Devices, alice: Person, site: Site, text: str) -> None:
    path = make(site, text, owner=alice.name)
    device = await devices(alice, permissions=["clipboard-read", "clipboard-write"])
    tab = await device.tab()
    opened, scrolled = await seconds(tab.page, device.url + path)
    assert opened < 12, opened
    assert scrolled < 6, scrolled
    await tab.answer.get_by_role("button", name="Copy", exact=True).click()
    await expect(tab.page.get_by_role("status").filter(has_text="Copied.")).to_have_count(1)
    assert await tab.page.evaluate("navigator.clipboard.readText()") == text
