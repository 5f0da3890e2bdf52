import cProfile
import json
from collections.abc import Callable
from itertools import count
from math import inf
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings

from conversations.rendering import StreamRenderer, budget, containers, render
from conversations.rendering import stream as stream_module

from . import page
from .documents import cut_documents

PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300, database=None)


def stream(pieces: list[str]) -> tuple[StreamRenderer, page.Element]:
    """Feeds the pieces and applies the operations; after each, the page must be what a fresh one would be."""
    renderer, body = StreamRenderer(), page.Element("body")
    for piece in pieces:
        page.apply(body, renderer.feed(piece))
        assert body == page.parse(renderer.html())
    return renderer, body


@PATIENT
@given(cut_documents())
@example(["a | b\n|---|", "---|\n", "x\n"])
@example(["text\na | b\n--|--", " x\n\n", "end"])  # the head of a table that turns out to be none
@example(["para\r", "\n\r\nnext"])
@example(["text\n$$x$$", " and more\n\n", "end"])  # a block of one line that turns out to be none
@example(["see [ref]\n\nnext\n\n", "[ref]: https://example.org\n"])  # defined after its use
@example(['[ref]: https://example.org\n"title\n', 'goes on"\n\n', "[ref]\n"])
@example(["note[^1]\n\nnext\n\n", "[^1]: below\n"])
@example(["a &lt", ";b", " <", "&"])
@example(["```py\nx\n```", "x\n", "```\n\nend"])  # a closing fence that turns out to be none
@example(["- a\n- b\n- c\n", "- d\n\n- loose\n", "\n1. other\n"])
@example(["$$\n# Heading\n\x85\n"])  # white space to Python, a character to markdown
@example(["\x85\n\nt\n\\["])
@example([":\r$$\n.$$", "\\"])  # a block of two lines that turns out to be part of the paragraph before it
@example(["a|\x85\n|-|-|\n|\u2029|\x0b|\n", "|1|2|\n|3|4|\n", "|5|6|"])
def test_any_document_in_any_pieces(pieces: list[str]) -> None:
    renderer, body = stream(pieces)
    page.apply(body, renderer.finish())
    assert renderer.html() == render("".join(pieces))
    assert body == page.parse(renderer.html())


def shown_after(*pieces: str) -> str:
    return stream(list(pieces))[0].html()


@PATIENT
@given(cut_documents())
def test_long_lists_and_tables_in_any_pieces(pieces: list[str]) -> None:
    with mock.patch.object(containers, "MIN_LENGTH", 0):
        renderer, body = stream(pieces)
    page.apply(body, renderer.finish())
    assert body == page.parse(render("".join(pieces)))


@pytest.mark.parametrize("steps", range(1, 80, 2))
def test_time_may_run_out_at_any_step(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser's steps, and then those of rendering: the page goes on from where it was, and ends whole."""
    text = (
        "Intro\n\n- a\n- b **c**\n- d\n  - e\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n"
        "> q\n\n```py\nx = 1\n```\n\nend"
    )
    pieces = [text[start : start + 7] for start in range(0, len(text), 7)]
    with monkeypatch.context() as patched:
        patched.setattr(containers, "MIN_LENGTH", 0)
        for module in (budget, stream_module):
            patched.setattr(module, "thread_time", count().__next__)  # each look at the clock takes one second
        patched.setattr(budget, "_STEPS", 1)
        patched.setattr(stream_module, "LOOK_SECONDS", steps)
        patched.setattr(stream_module, "LONGEST_LOOK", steps)
        patched.setattr(stream_module, "SECONDS", inf)
        renderer, body = stream(pieces)
    page.apply(body, renderer.finish())
    assert renderer.html() == render(text)
    assert body == page.parse(renderer.html())


def test_words_are_appended_as_they_are() -> None:
    renderer = StreamRenderer()
    assert renderer.feed("Hello") == [(0, 0, "<p>Hello</p>")]
    assert renderer.feed(" wor") == [(1, " wor")]
    assert renderer.feed("ld, 안녕") == [(1, "ld, 안녕")]
    assert renderer.finish() == []


def test_emphasis_shows_before_it_is_closed() -> None:
    assert shown_after("a **bo") == "<p>a <strong>bo</strong></p>"
    assert shown_after("a **bo", "ld te") == "<p>a <strong>bold te</strong></p>"
    assert shown_after("a **bold*") == "<p>a <strong>bold</strong></p>"
    assert shown_after("a *it") == "<p>a <em>it</em></p>"
    assert shown_after("a `co") == "<p>a <code>co</code></p>"
    assert shown_after("a [li") == "<p>a <a>li</a></p>"
    assert shown_after("a [link](https://exa") == "<p>a <a>link</a></p>"


def test_operators_are_no_emphasis() -> None:
    assert shown_after("2**10 is") == "<p>2**10 is</p>"
    assert shown_after("3 * 4 is") == "<p>3 * 4 is</p>"
    assert shown_after("_name is") == "<p>_name is</p>"


def test_markers_wait_for_their_word() -> None:
    for marker in (
        "-",
        "1.",
        "#",
        ">",
        "---",
        "=",
        "**",
        "`",
        "|",
        "| a | b",
        "```py",
        "| a |\n|--",
        "text\n-",
        "text\n===",
    ):
        before, _, _ = marker.rpartition("\n")
        assert shown_after(marker) == (f"<p>{before}</p>" if before == "text" else "")


def test_a_row_has_only_the_cells_that_are_written() -> None:
    html = shown_after("| a | b |\n|---|---|\n| one")
    assert html.endswith("<tbody><tr><td>one</td></tr></tbody></table></div>")


def test_code_grows_line_by_line_and_gets_its_colours_at_the_end() -> None:
    renderer, body = StreamRenderer(), page.Element("body")
    ops = [renderer.feed(piece) for piece in ("```python\n", "x =", " 1\n", "``", "`\n")]
    assert [len(op[-1]) for op in ops[1][:1]] == [3]
    assert ops[2] == [(3, " 1")]
    assert ops[3] == []
    assert ops[4] == [(3, 0, 'x = <span class="m">1</span>')]
    for op in ops:
        page.apply(body, op)
    assert body == page.parse(renderer.html())


def test_a_text_too_deep_for_the_parser_goes_on_as_it_is() -> None:
    renderer, body = stream(["> " * 100, "deep", " <b>", "\n\n**more**"])
    assert body.text().endswith("deep <b>\n\n**more**")
    page.apply(body, renderer.finish())
    assert renderer.html() == render("> " * 100 + "deep <b>\n\n**more**")


def test_finish_takes_a_render_that_is_there_already() -> None:
    renderer, body = stream(["a\n\n", "b *c"])
    page.apply(body, renderer.finish(render("a\n\nb *c")))
    assert body == page.parse(render("a\n\nb *c"))


def test_nothing_comes_of_nothing() -> None:
    renderer = StreamRenderer()
    assert renderer.feed("") == renderer.feed("\n \n") == renderer.finish() == []
    assert renderer.html() == ""


@pytest.mark.parametrize(
    "unit", ["word ", "- item **b** `c`\n", "| a | **b** |\n", "> line *x*\n", "a *b* c\n", "para\n\n"]
)
def test_bytes_grow_with_the_text_and_not_faster(unit: str) -> None:
    """Four times the text may cost four times the bytes, with some room for rounding."""
    head = "| a | b |\n|---|---|\n" if unit[0] == "|" else ""
    small, large = (sent(head + unit * count) for count in (200, 800))
    assert large < small * 5


def sent(text: str) -> int:
    renderer = StreamRenderer()
    ops = [renderer.feed(text[start : start + 7]) for start in range(0, len(text), 7)]
    return len(json.dumps(ops))


@pytest.mark.parametrize(
    "unit",
    ["$$\n", "> $$\n", "- $$\n", "\\[ a\n", "> \\[\n", "\\(\n", "<details>\n", "> <details>\n", "<!--\n", "`\n",
     "|a|b|\n", "2024. \n", "2024. 1.\n", "```markdown\n```\n", "```md\n```md\n```\n", "<details><details>"],
)  # fmt: skip
def test_signs_without_an_end_cost_a_bounded_number_of_calls_for_each_character(unit: str) -> None:
    text = unit * (4_000 // len(unit))
    render("a $$x$$ `b`\n\n|a|\n|-|\n")
    assert calls(lambda: render(text)) < 120 * len(text)
    assert calls(lambda: [*map(StreamRenderer().feed, cut(text, 4))]) < 700 * len(text)


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def calls(run: Callable[[], object]) -> int:
    profile = cProfile.Profile()
    profile.runcall(run)
    return sum(entry.callcount for entry in profile.getstats())
