"""Very long texts come in pieces, whole and while they are written, and lose nothing."""

import re
from html import unescape

import pytest
import regex

from conversations.rendering import StreamRenderer, render, render_plain
from conversations.rendering.pieces import LONGEST, split

SIZE = 1_000_000
TEXTS = {
    "no blank": "x" * SIZE,
    "many scripts": "한a1글漢,.!" * (SIZE // 8),
    "emoji": "👨‍👩‍👧‍👦" * (SIZE // 7),
    "letters with accents": "e\u0301\u0323" * (SIZE // 3),
    "words": "word " * (SIZE // 5),
    "lines": "line\n" * (SIZE // 5),
    "entities": "&" * SIZE,
}


def _words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_long_text_is_whole_and_in_pieces(text: str) -> None:
    for html in (render(text), render_plain(text)):
        assert _words(html).split() == text.split()
        assert html.count('<span class="piece">') > 100
        assert max(map(len, re.findall(r"[^<>]+", html))) < 40_000
    assert "".join(split(text)) == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_piece_ends_within_a_letter_or_emoji(text: str) -> None:
    parts = list(split(text))
    assert sum(len(regex.findall(r"\X", part)) for part in parts) == len(regex.findall(r"\X", text))


def test_code_is_whole_and_keeps_its_lines() -> None:
    line = render(f"```\n{'x' * (SIZE - 100)}\n```")
    assert _words(line) == "x" * (SIZE - 100)
    assert line.count('<span class="piece run">') > 100
    lines = render("```\n" + "value = compute(42)\n" * (SIZE // 20 - 9) + "```")
    assert _words(lines) == ("value = compute(42)\n" * (SIZE // 20 - 9)).removesuffix("\n")
    assert lines.count('<span class="piece">') > 100


def test_what_is_not_very_long_stays_one_text() -> None:
    assert "<span" not in render("x" * LONGEST)
    assert "<span" not in render_plain("x" * LONGEST)


@pytest.mark.parametrize("text", [*TEXTS.values(), f"```\n{'x' * SIZE}\n```", f"- a\n- {'x' * SIZE}"])
def test_it_is_written_in_pieces_too(text: str) -> None:
    """No text of the page grows without bound."""
    text = text[: 2 * LONGEST]
    renderer, longest = StreamRenderer(), 0
    for start in range(0, len(text), 500):
        renderer.feed(text[start : start + 500])
        if start % 50_000 == 0:
            longest = max(longest, *(len(unescape(part)) for part in re.findall(r"[^<>]+", renderer.html())))
    assert longest < LONGEST + 40_000
    renderer.finish()
    assert renderer.html() == render(text)
