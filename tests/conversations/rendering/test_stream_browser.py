"""The same patches in a real browser, whose HTML parser and DOM have the last word."""

import json
import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from conversations.rendering import Op, StreamRenderer, render
from tests.conftest import chromium

from .documents import LINES, WORDS

pytestmark = pytest.mark.browser
APPLY = """
([steps]) => {
  const body = document.createElement("div"), fresh = document.createElement("div"), wrong = [];
  document.body.append(body);
  for (const [ops, html] of steps) {
    for (const [depth, ...rest] of ops) {
      let element = body;
      for (let i = 0; i < depth; i++) element = element.lastElementChild;
      if (rest.length === 1) {
        if (element.lastChild?.nodeType === Node.TEXT_NODE) element.lastChild.appendData(rest[0]);
        else element.append(rest[0]);
      } else {
        while (element.childNodes.length > rest[0]) element.lastChild.remove();
        element.insertAdjacentHTML("beforeend", rest[1]);
      }
    }
    fresh.innerHTML = html;
    if (!body.isEqualNode(fresh)) wrong.push([JSON.stringify(ops), body.innerHTML, fresh.innerHTML]);
  }
  body.remove();
  return wrong;
}
"""


@pytest.fixture(scope="module")
def blank_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def document(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.randint(3, 14)):
        words = chance.choice([" ", ""]).join(chance.choices(WORDS, k=chance.randint(1, 5)))
        parts.append(chance.choice([chance.choice(LINES), chance.choice(["", "- ", "> ", "1. ", "# "]) + words]))
        parts.append(chance.choice(["\n", "\n", "\n\n", "\r\n"]))
    return "".join(parts)


def steps(chance: random.Random) -> list[tuple[list[Op], str]]:
    """Operations and the whole HTML after each piece of a random document, the end included."""
    text, renderer = document(chance), StreamRenderer()
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text), 30)))
    result = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        result.append((renderer.feed(text[start:end]), renderer.html()))
    result.append((renderer.finish(), render(text)))
    return result


@pytest.mark.parametrize("seed", range(4))
def test_patches_make_what_a_fresh_page_would_show(blank_page: Page, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        made = json.loads(json.dumps(steps(chance)))
        assert blank_page.evaluate(APPLY, [made]) == []
