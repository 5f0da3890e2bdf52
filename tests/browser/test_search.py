"""Search as a person uses it: by typing, by the keyboard, and without JavaScript."""

import re

from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab, make_conversation
from tests.site import Site


async def _search(tab: Tab, text: str) -> None:
    await tab.page.wait_for_load_state()  # before, nobody hears what is typed
    await tab.page.get_by_role("searchbox").fill(text)


async def test_results_come_as_one_types_and_open_at_the_message(device: Device, alice: Person, site: Site) -> None:
    path = make_conversation(site, alice, 80)
    tab = await device.tab()
    await tab.page.get_by_role("link", name="Search", exact=True).click()
    await expect(tab.page.get_by_role("searchbox")).to_be_focused()
    await _search(tab, "number 012")
    hit = tab.page.locator("[data-search-hit]")
    await expect(hit).to_have_count(1)
    await expect(hit.locator("mark").nth(1)).to_have_text("012")
    await expect(tab.page.get_by_role("searchbox")).to_be_focused()
    await expect(tab.page).to_have_url(re.compile(r"/search/\?q=number"))
    await hit.click()
    await expect(tab.page).to_have_url(re.compile(re.escape(path) + r"\?at=\d+#message-\d+"))
    target = tab.page.locator(".message:target")
    await expect(target).to_contain_text("number 012")
    await expect(target).to_be_in_viewport()
    await expect(tab.box).to_have_count(0)
    await tab.page.get_by_role("link", name="Later messages").click()
    await expect(tab.page.locator(".message:target")).to_contain_text("number 020")
    await tab.page.get_by_role("link", name="Go to the latest messages").click()
    await expect(tab.page.get_by_text("number 079").first).to_be_in_viewport()
    await expect(tab.box).to_be_visible()


async def test_a_hit_on_the_last_page_stays_in_sight_and_the_page_is_live(
    device: Device, alice: Person, site: Site
) -> None:
    make_conversation(site, alice, 80)
    tab = await device.tab("/search/?q=number 070")
    await tab.page.locator("[data-search-hit]").click()
    await expect(tab.page.locator(".message:target")).to_be_in_viewport()
    await tab.ask("Hello")
    await tab.answered()


async def test_nothing_found_says_what_to_do(device: Device) -> None:
    tab = await device.tab("/search/")
    await _search(tab, "없는말")
    await expect(tab.page.get_by_text("Nothing was found for")).to_be_visible()
    await _search(tab, "")
    await expect(tab.page.get_by_text("from one syllable on")).to_be_visible()


async def test_without_javascript(devices: Devices, alice: Person, site: Site) -> None:
    make_conversation(site, alice, 80)
    device = await devices(alice, java_script_enabled=False)
    tab = await device.tab("/search/")
    await _search(tab, "number")
    await tab.page.get_by_role("searchbox").press("Enter")
    await expect(tab.page.locator("[data-search-hit]")).to_have_count(20)
    await tab.page.get_by_role("link", name="More results").click()
    await expect(tab.page.locator("[data-search-hit]").first).to_contain_text("number 059")
    await tab.page.locator("[data-search-hit]").last.click()
    await expect(tab.page.get_by_text("number 040").first).to_be_visible()


async def test_on_a_small_screen_nothing_is_wider_than_it(devices: Devices, alice: Person, site: Site) -> None:
    make_conversation(site, alice, 4)
    device = await devices(alice, viewport={"width": 320, "height": 640})
    tab = await device.tab("/search/?q=number")
    await expect(tab.page.locator("[data-search-hit]")).to_have_count(4)
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= 320
