"""One address is one entry of the browser's history, whatever is written there."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, expect

from tests.browser.people import Tab

LENGTH = "history.length"


async def _say(tab: Tab, text: str, count: int) -> None:
    await tab.ask(text)
    await expect(tab.answers).to_have_count(count)
    await tab.answered()


async def _follow(tab: Tab, link: Locator) -> None:
    """Until the pane that the link leads to is there."""
    path = await link.get_attribute("href")
    async with tab.page.expect_response(lambda response: urlsplit(response.url).path == path):
        await link.click()
    await expect(tab.page.locator("#main")).not_to_have_attribute("aria-busy", "true")


async def test_back_leaves_a_conversation_at_once_however_much_was_written(tab: Tab) -> None:
    await _say(tab, "One", 1)
    await tab.page.get_by_role("link", name="New chat", exact=True).click()
    await expect(tab.questions).to_have_count(0)
    before = await tab.page.evaluate(LENGTH)
    for number in range(1, 4):
        await _say(tab, f"Message {number}", number)
    assert await tab.page.evaluate(LENGTH) == before + 1  # from the new chat to the conversation
    path = tab.path
    await tab.page.go_back()
    await expect(tab.questions).to_have_count(0)
    assert tab.path == "/"
    await tab.page.go_forward()
    await expect(tab.questions).to_have_count(3)
    assert tab.path == path


async def test_commands_add_no_entry(tab: Tab) -> None:
    await _say(tab, "script:words-5", 1)
    before = await tab.page.evaluate(LENGTH)
    async with tab.page.expect_response("**/regenerate/"):
        await tab.button("Regenerate").click()
    await tab.answered()
    await tab.questions.get_by_role("link", name="Edit").click()
    await tab.page.get_by_role("textbox", name="Edit the question").fill("script:words-7")
    await tab.button("Ask again").click()
    await expect(tab.questions).to_contain_text("script:words-7")
    await tab.answered()
    await tab.button("Previous version").first.click()
    await expect(tab.questions).to_contain_text("script:words-5")
    assert await tab.page.evaluate(LENGTH) == before


@pytest.mark.parametrize("name", ["One", "New chat"])
async def test_a_link_to_where_one_is_adds_no_entry(tab: Tab, name: str) -> None:
    await _say(tab, "One", 1)
    link = tab.page.get_by_role("link", name=name, exact=True)
    await _follow(tab, link)
    before = await tab.page.evaluate(LENGTH)
    for _ in range(2):
        await _follow(tab, link)
    await expect(tab.page.get_by_role("heading", name=name, level=1, exact=True)).to_be_visible()
    assert await tab.page.evaluate(LENGTH) == before


async def test_another_conversation_is_another_entry(tab: Tab) -> None:
    await _say(tab, "One", 1)
    await tab.page.get_by_role("link", name="New chat", exact=True).click()
    await expect(tab.questions).to_have_count(0)
    await _say(tab, "Two", 1)
    before = await tab.page.evaluate(LENGTH)
    await tab.page.get_by_role("link", name="One", exact=True).click()
    await expect(tab.questions).to_contain_text("One")
    assert await tab.page.evaluate(LENGTH) == before + 1
    await tab.page.go_back()
    await expect(tab.questions).to_contain_text("Two")
