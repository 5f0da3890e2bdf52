"""Reading aids: long code, tables as CSV, an answer in other forms, and what it took."""

from pathlib import Path

import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab, make_answer
from tests.site import Site

LINES = 60
LONG_LINE = "x" * 200
TEXT = f"""# Heading

Some **bold** words.

```python
{chr(10).join(f"line_{number} = {number}" for number in range(LINES))}
```

```text
{LONG_LINE}
```

| name | value |
| --- | --- |
| plain | -5 |
| =1+1 | +3.5% |
| "quoted", twice | @cmd |
| 한국어 | 1,200 |
| $\\frac{{a+b}}{{2}}$ | x^2^<br>$x^2$ |
"""
CSV = (
    "name,value\r\nplain,-5\r\n'=1+1,+3.5%\r\n"
    '"""quoted"", twice",\'@cmd\r\n한국어,"1,200"\r\n(a+b)/2,"x^2^\nx^2"\r\n'
)  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def forms(copying: Device, alice: Person, site: Site) -> Tab:
    """An answer with code, a table and formatting, just opened."""
    return await copying.tab(make_answer(site, alice, TEXT))


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


async def _height(place: Locator) -> float:
    return float(await place.evaluate("element => element.getBoundingClientRect().height"))


async def _panel(tab: Tab) -> Locator:
    await tab.answer.get_by_role("link", name="More about this answer").click()
    panel = tab.page.get_by_role("dialog", name="About this answer")
    await expect(panel).to_be_visible()
    return panel


async def test_long_code_is_folded(forms: Tab) -> None:
    code = forms.answer.locator("figure.code").first
    fold = code.get_by_role("button", name=f"Show all {LINES} lines")
    await expect(fold).to_be_visible()
    folded = await _height(code)
    await fold.click()
    await expect(code.get_by_role("button", name="Show fewer lines")).to_have_attribute("aria-expanded", "true")
    assert await _height(code) > folded * 1.5
    await code.get_by_role("button", name="Show fewer lines").click()
    assert await _height(code) == folded


async def test_copying_folded_code_copies_all_of_it(forms: Tab) -> None:
    await forms.answer.locator("figure.code").first.get_by_role("button", name="Copy code").click()
    copied = (await forms.copied()).splitlines()
    assert (len(copied), copied[-1]) == (LINES, f"line_{LINES - 1} = {LINES - 1}")


async def test_short_code_is_not_folded(forms: Tab) -> None:
    await expect(forms.answer.get_by_role("button", name="Show all")).to_have_count(1)


async def test_long_lines_can_be_wrapped(forms: Tab) -> None:
    pre = forms.answer.locator("figure.code pre").nth(1)
    wrap = forms.answer.get_by_role("button", name="Wrap long lines")
    await expect(wrap).to_have_count(1)
    assert await pre.evaluate("pre => pre.scrollWidth > pre.clientWidth")
    await wrap.click()
    await expect(wrap).to_have_attribute("aria-pressed", "true")
    assert await pre.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    await wrap.click()
    assert await pre.evaluate("pre => pre.scrollWidth > pre.clientWidth")


async def test_code_is_not_folded_while_it_is_written_nor_under_the_readers_eyes(tab: Tab) -> None:
    await tab.ask("script:markdown")
    await tab.answered()
    assert await tab.answer.locator('[data-fold][aria-expanded="false"]').count() == 0


async def test_a_table_as_csv(forms: Tab) -> None:
    await forms.button("Copy as CSV").click()
    assert await forms.copied() == CSV


async def test_a_table_as_a_file(forms: Tab) -> None:
    async with forms.page.expect_download() as under_way:
        await forms.button("Download CSV").click()
    download = await under_way.value
    assert download.suggested_filename == "table.csv"
    assert _bytes(await download.path()) == b"\xef\xbb\xbf" + CSV.encode()


async def _copy_formatted(tab: Tab) -> tuple[str, str]:
    """The HTML and the text on the clipboard."""
    await (await _panel(tab)).get_by_role("button", name="Copy with formatting").click()
    text = await tab.copied()
    html = await tab.page.evaluate(
        "navigator.clipboard.read().then(([item]) => item.getType('text/html')).then(blob => blob.text())"
    )
    return html, text


async def test_markdown_as_the_model_wrote_it(forms: Tab) -> None:
    await forms.answer.get_by_role("button", name="Copy", exact=True).click()
    assert await forms.copied() == TEXT


async def test_markdown_by_key_after_streaming(copying: Device) -> None:
    tab = await copying.tab()
    await tab.ask("script:markdown")
    await tab.answered()
    await tab.page.locator("#reading").focus()
    await tab.page.keyboard.press("c")
    copied = await tab.copied()
    source = await tab.page.evaluate(
        "fetch(document.querySelector('[data-copy][data-source]').dataset.source).then(r => r.text())"
    )
    assert copied == source
    assert "```" in copied


async def test_markdown_where_the_page_came_without_https(copying: Device, alice: Person, site: Site) -> None:
    """There the browser has no clipboard interface: what is selected is copied."""
    tab = await copying.tab()
    await tab.page.add_init_script("delete Navigator.prototype.clipboard")
    await tab.open(make_answer(site, alice, TEXT))
    await tab.answer.get_by_role("button", name="Copy", exact=True).click()
    await expect(tab.page.get_by_role("status").filter(has_text="Copied.")).to_have_count(1)
    await tab.box.press("ControlOrMeta+v")
    await expect(tab.box).to_have_value(TEXT)


async def test_a_question_as_it_was_written(copying: Device) -> None:
    tab = await copying.tab()
    text = "1. 첫째 **굵게**\n\n  - https://example.org/a에서\n\t끝"
    await tab.ask(text)
    await tab.answered()
    await tab.questions.get_by_role("button", name="Copy", exact=True).click()
    assert await tab.copied() == text


async def test_what_cannot_be_fetched_is_not_called_copied(forms: Tab) -> None:
    forms.device.expect_problem("404|clipboard|htmx")
    await forms.page.route("**/source/", lambda route: route.fulfill(status=404))
    await forms.answer.get_by_role("button", name="Copy", exact=True).click()
    await expect(forms.page.locator(".toast")).to_be_visible()
    await expect(forms.page.get_by_role("status").filter(has_text="Copied.")).to_have_count(0)


RICH = """# Heading

3. three
4. four
   - inner

     ```python
     x = 1
     ```

- [x] done
- [ ] open

> quoted **bold**

A [link](https://example.org/a), https://example.org and $\\frac{a+b}{2}$ or $x^2$.

| name | value |
| --- | --- |
| a | 1 |
"""
RICH_TEXT = """Heading

3. three
4. four
   - inner
     x = 1

- [x] done
- [ ] open

> quoted bold

A link (https://example.org/a), https://example.org and (a+b)/2 or x^2.

name\tvalue
a\t1"""


async def test_with_formatting(forms: Tab) -> None:
    html, text = await _copy_formatted(forms)
    assert "Some bold words." in text
    assert "<strong>bold</strong>" in html
    assert "<table>" in html
    for own in ("<button", "class=", "tabindex", "data-", "aria-", "<figure", "<figcaption", "<span"):
        assert own not in html, own


async def test_with_formatting_text_has_its_marks(copying: Device, alice: Person, site: Site) -> None:
    tab = await copying.tab(make_answer(site, alice, RICH))
    html, text = await _copy_formatted(tab)
    assert [line for line in text.splitlines() if line.strip()] == [line for line in RICH_TEXT.splitlines() if line]
    for kept in (
        "<h1>Heading</h1>",
        '<ol start="3">',
        "<pre>x = 1</pre>",
        'href="https://example.org/a"',
        "<math",
        "<mfrac>",
    ):
        assert kept in html, kept
    assert "nofollow" not in html


async def test_selecting_by_hand_takes_no_words_of_the_product(forms: Tab) -> None:
    await forms.page.evaluate("getSelection().selectAllChildren(document.getElementById('messages'))")
    await forms.page.keyboard.press("ControlOrMeta+c")
    copied = str(await forms.page.evaluate("navigator.clipboard.readText()"))
    assert "Some bold words." in copied
    lines = {line.strip() for line in copied.splitlines()}
    assert not lines & {"Question", "Answer", "Thoughts", "Copy", "python", "text", "Copy as CSV", "Download CSV"}, (
        lines
    )


async def test_what_it_took(forms: Tab) -> None:
    panel = await _panel(forms)
    for said in ("1,200", "345", "$0.0042", "0.35 s", "12.4 s", "1,545"):
        await expect(panel.get_by_text(said, exact=True).first).to_be_visible()
    await expect(panel.get_by_role("button", name="Copy with formatting")).to_be_focused()
    await expect(panel).to_be_in_viewport(ratio=1)
    assert await violations(forms.page) == []
    await forms.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(forms.answer.get_by_role("link", name="More about this answer")).to_be_focused()


async def test_what_a_fresh_answer_took(tab: Tab) -> None:
    await tab.ask("script:words-5")
    await tab.answered()
    panel = await _panel(tab)
    await expect(panel.get_by_text("Came to its own end")).to_be_visible()


async def test_on_a_narrow_screen(devices: Devices, forms: Tab) -> None:
    await forms.page.set_viewport_size({"width": 320, "height": 568})
    panel = await _panel(forms)
    await expect(panel).to_be_in_viewport(ratio=1)
    assert await forms.page.evaluate("document.documentElement.scrollWidth") <= 320
