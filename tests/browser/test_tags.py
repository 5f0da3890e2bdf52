"""Harmless tags of an answer in a browser: tables as CSV, what unfolds, what paper shows."""

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.people import Device, Person, Tab, make_answer
from tests.site import Site

TEXT = """장미꽃
한 송이

| name | value |
| --- | --- |
| H<sub>2</sub>O | one<br>two |
| <details><summary>more</summary>inside</details> | <kbd>C</kbd> |

<details>
<summary>정답</summary>

답은 **42**예요.

</details>
"""


@pytest_asyncio.fixture(loop_scope="session")
async def tagged(copying: Device, alice: Person, site: Site) -> Tab:
    """An answer with tags, just opened."""
    return await copying.tab(make_answer(site, alice, TEXT))


async def test_a_line_break_in_a_cell_is_one_in_the_csv(tagged: Tab) -> None:
    await tagged.button("Copy as CSV").click()
    rows = (await tagged.copied()).split("\r\n")
    assert rows[:2] == ["name,value", 'H2O,"one\ntwo"']
    assert "inside" in rows[2]


async def test_a_line_end_is_one(tagged: Tab) -> None:
    first = tagged.text_place.locator("p").first
    assert await first.evaluate("p => p.innerText") == "장미꽃\n한 송이"


async def test_details_unfold_and_paper_shows_them(tagged: Tab) -> None:
    body = tagged.text_place.get_by_text("답은")
    await expect(body).to_be_hidden()
    await tagged.text_place.get_by_text("정답", exact=True).click()
    await expect(body).to_be_visible()
    await tagged.text_place.get_by_text("정답", exact=True).click()
    await expect(body).to_be_hidden()
    await tagged.page.emulate_media(media="print")
    await expect(body).to_be_visible()
