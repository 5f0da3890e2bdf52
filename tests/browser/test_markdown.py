"""An answer with everything markdown, as the page shows it."""

import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab

FIBONACCI = '''def fibonacci(n: int) -> int:
    """The n-th number."""
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
'''


@pytest_asyncio.fixture(loop_scope="session")
async def shown(tab: Tab) -> Locator:
    """The text of the answer that shows everything, streamed to its end."""
    await tab.ask("script:markdown")
    await tab.answered()
    return tab.text_place


async def test_headings_lists_tasks_table_and_quote(shown: Locator) -> None:
    await expect(shown.get_by_role("heading", name="Everything markdown", level=3)).to_be_visible()
    await expect(shown.get_by_role("heading", name="A table", level=5)).to_be_visible()
    await expect(shown.locator("ol > li > ul > li > ul > li")).to_have_text("deeper")
    await expect(shown.get_by_role("listitem").filter(has_text="done")).to_have_text("☑ done")
    await expect(shown.get_by_role("listitem").filter(has_text="to do")).to_have_text("☐ to do")
    table = shown.get_by_role("table")
    await expect(table.get_by_role("columnheader")).to_have_text(["Language", "Greeting", "Count"])
    await expect(table.get_by_role("row").last.get_by_role("cell")).to_have_text(["한국어", "안녕하세요", "34"])
    await expect(shown.locator("blockquote > blockquote")).to_contain_text("and one inside it")


async def test_korean_emphasis_and_formulas(shown: Locator) -> None:
    await expect(shown.locator("strong", has_text="한국어(괄호)")).to_have_text("한국어(괄호)")
    await expect(shown.get_by_text("한국어(괄호)을 강조해도")).to_be_visible()
    await expect(shown.locator("math")).to_have_count(2)
    await expect(shown.locator('math[display="block"] mfrac')).to_have_count(1)
    assert await shown.locator("math").first.evaluate("math => math.getBoundingClientRect().width") > 20


async def test_a_link_opens_safely_in_a_tab_of_its_own(shown: Locator) -> None:
    link = shown.get_by_role("link", name="link", exact=True)
    await expect(link).to_have_attribute("href", "https://example.com/")
    await expect(link).to_have_attribute("target", "_blank")
    rel = (await link.get_attribute("rel") or "").split()
    assert {"noopener", "noreferrer"} <= set(rel)


async def test_code_is_highlighted_and_labelled(shown: Locator) -> None:
    figure = shown.get_by_role("figure").first
    await expect(figure.get_by_text("python", exact=True)).to_be_visible()
    await expect(figure.locator("pre")).to_have_text(FIBONACCI)
    colours = await figure.locator("pre span").evaluate_all(
        "spans => [...new Set(spans.map(span => getComputedStyle(span).color))]"
    )
    assert len(colours) >= 3
    await expect(shown.locator("pre").nth(1)).to_have_text('<script>alert("inert")</script>\n')
    assert await shown.locator("script").count() == 0


async def test_code_and_answer_can_be_copied(devices: Devices, alice: Person) -> None:
    device: Device = await devices(alice, permissions=["clipboard-read", "clipboard-write"])
    tab = await device.tab()
    await tab.ask("script:markdown")
    await tab.answered()
    await expect(tab.page.get_by_role("status").filter(has_text="The answer is finished.")).to_have_count(1)
    await tab.answer.get_by_role("figure").first.get_by_role("button", name="Copy code").click()
    await expect(tab.page.get_by_role("status").filter(has_text="Copied.")).to_have_count(1)
    assert await tab.page.evaluate("navigator.clipboard.readText()") == FIBONACCI.rstrip()
    await tab.answer.get_by_role("button", name="Copy", exact=True).click()
    copied = await tab.clipboard("안녕하세요")
    assert "Copy code" not in copied
    assert "The footnote's text." in copied


async def test_a_footnote_leads_there_and_back(tab: Tab, shown: Locator) -> None:
    reference = shown.get_by_role("link", name="1", exact=True)
    await reference.click()
    note = shown.get_by_text("The footnote's text.")
    await expect(note).to_be_in_viewport()
    await shown.get_by_role("link", name="↩").click()
    await expect(reference).to_be_in_viewport()
    await expect(tab.answers).to_have_count(1)


async def test_streamed_and_reloaded_look_the_same(tab: Tab, shown: Locator) -> None:
    streamed = await tab.html()
    await tab.page.reload()
    assert await tab.html() == streamed
