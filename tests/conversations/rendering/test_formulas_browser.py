"""Formulas in a real browser: what MathML Core leaves to our style sheets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from conversations.rendering import render
from tests.conftest import chromium

pytestmark = pytest.mark.browser
STYLES = [Path("static/css") / f"{name}.css" for name in ("tokens", "palette", "base", "conversation")]
LONG = "f(x) = a_0 + a_1 x + a_2 x^2 + a_3 x^3 + a_4 x^4 + a_5 x^5 + a_6 x^6 + a_7 x^7"
LEFT_AND_RIGHT = """
cell => { const box = document.createRange(); box.selectNodeContents(cell);
  const inner = box.getBoundingClientRect(), outer = cell.getBoundingClientRect();
  return [inner.left - outer.left, outer.right - inner.right]; }
"""


@pytest.fixture(scope="module")
def phone() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 320, "height": 700})
        browser.close()


def show(page: Page, source: str) -> None:
    body = f'<article class="message" data-role="assistant"><div data-message-body>{render(source)}</div></article>'
    page.set_content(f"<!doctype html><main>{body}</main>")
    for style in STYLES:
        page.add_style_tag(content=style.read_text())


@pytest.mark.parametrize("source", [f"so ${LONG}$ then", f"so $${LONG}$$ then", f"$${LONG}$$", f"- a\n  - b ${LONG}$"])
def test_a_long_formula_scrolls_by_itself_and_the_page_does_not(phone: Page, source: str) -> None:
    show(phone, source)
    formula = phone.locator(".formula")
    assert phone.evaluate("document.documentElement.scrollWidth") == 320
    assert formula.evaluate("one => one.scrollWidth > one.clientWidth")
    formula.focus()
    phone.keyboard.press("ArrowRight")
    phone.wait_for_function("document.querySelector('.formula').scrollLeft > 0")


def test_a_formula_that_could_scroll_stands_on_the_line(phone: Page) -> None:
    show(phone, "a $b+b+b+b+b+b+b+b+b+b$")
    formula = phone.locator(".formula mi").first.evaluate("letter => letter.getBoundingClientRect().bottom")
    text = phone.evaluate(
        """(() => { const range = document.createRange();
        range.selectNodeContents(document.querySelector("p").firstChild);
        return range.getBoundingClientRect().bottom; })()"""
    )
    assert abs(formula - text) < 8


def test_cases_begin_at_the_left_and_equations_meet_at_their_sign(phone: Page) -> None:
    show(phone, "$$\\begin{cases} x & a \\\\ xxxxxxx & b \\end{cases}$$")
    left, right = phone.locator("mtd").first.evaluate(LEFT_AND_RIGHT)
    assert left + 20 < right
    show(phone, "\\begin{align} x &= a \\\\ xxxxxxx &= b \\end{align}")
    left, right = phone.locator("mtd").first.evaluate(LEFT_AND_RIGHT)
    assert right + 20 < left
