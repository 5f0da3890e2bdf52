"""The same product in a browser without JavaScript: log in, read, send, reload for the answer."""

import re

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import PASSWORD, Device, Person, Tab, make_conversation
from tests.site import Site


@pytest_asyncio.fixture(loop_scope="session")
async def plain(devices: Devices, alice: Person) -> Device:
    return await devices(alice, java_script_enabled=False)


async def _send(tab: Tab, text: str) -> None:
    await tab.box.fill(text)
    await tab.button("Send").click()


async def _reload_until_answered(tab: Tab) -> None:
    """As a person would, who reloads until the answer has come to its end."""
    await tab.page.wait_for_load_state()  # before, the newest answer may not be there yet
    while await tab.answer.get_attribute("data-status") in ("queued", "running"):
        await tab.page.reload()


async def test_the_whole_walk(devices: Devices) -> None:
    tab = await (await devices(java_script_enabled=False)).tab("/accounts/signup/")
    await tab.page.get_by_role("textbox", name="Username").fill("oldschool")
    await tab.page.get_by_role("textbox", name="E-mail").fill("oldschool@example.org")
    await tab.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await tab.button("Sign up").click()
    await expect(tab.page.get_by_text("A mail is on its way to oldschool@example.org.")).to_be_visible()
    await _send(tab, "Hello")
    await expect(tab.page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    await _reload_until_answered(tab)
    assert "You wrote “Hello”" in await tab.text()
    await _send(tab, "And more")
    await expect(tab.questions).to_have_count(2)
    await _reload_until_answered(tab)
    assert "You wrote “And more”" in await tab.text()
    await tab.page.get_by_text("oldschool").click()
    await tab.button("Log out").click()
    await expect(tab.page).to_have_url(re.compile("/accounts/login/"))


async def test_an_answer_in_progress_offers_to_reload(plain: Device) -> None:
    tab = await plain.tab()
    await _send(tab, "script:hold")
    link = tab.page.get_by_role("link", name="Reload to see the rest")
    await link.click()
    await expect(tab.questions).to_have_count(1)
    await expect(link).to_be_visible()


async def test_rename_and_delete(plain: Device) -> None:
    tab = await plain.tab()
    await _send(tab, "Old name")
    menu = tab.page.get_by_label("Options for “Old name”")
    await menu.click()
    await tab.page.get_by_role("link", name="Rename").click()
    await tab.page.get_by_role("textbox", name="Title").fill("New name")
    await tab.button("Save").click()
    await expect(tab.page.get_by_role("heading", name="New name", level=1)).to_be_visible()
    await tab.page.get_by_label("Options for “New name”").click()
    await tab.button("Delete").click()
    await expect(tab.page).to_have_url(tab.device.url + "/")
    await expect(tab.page.get_by_role("link", name="New name")).to_have_count(0)


async def test_what_is_too_long_is_refused_with_the_text_kept(plain: Device) -> None:
    plain.expect_problem("status of 422")
    tab = await plain.tab()
    await _send(tab, "x" * 10_001)
    await expect(tab.page.get_by_role("alert")).to_contain_text("too long")
    assert len(await tab.box.input_value()) == 10_001


async def test_regenerate_and_continue(plain: Device) -> None:
    tab = await plain.tab()
    await _send(tab, "script:clean-cut")
    await _reload_until_answered(tab)
    kept = await tab.text()
    await tab.button("Continue").click()
    await _reload_until_answered(tab)
    assert (await tab.text()).startswith(kept)
    await tab.button("Regenerate").click()
    await _reload_until_answered(tab)
    await expect(tab.answers).to_have_count(1)


async def test_settings_are_saved(plain: Device) -> None:
    tab = await plain.tab("/settings/")
    await tab.page.get_by_role("combobox", name="Theme").select_option("Dark")
    await tab.button("Save").click()
    await expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_older_messages_are_a_link_away(plain: Device, alice: Person, site: Site) -> None:
    tab = await plain.tab(make_conversation(site, alice, 60))
    await expect(tab.questions.last).to_contain_text("number 058")
    for _ in range(3):
        await tab.page.get_by_role("link", name="Earlier messages").click()
    await expect(tab.questions.first).to_contain_text("number 000")
