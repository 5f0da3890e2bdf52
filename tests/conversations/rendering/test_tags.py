"""The few HTML tags that are what they mean; everything else stays inert text."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conversations.rendering import StreamRenderer, render
from conversations.rendering.sanitizing import clean

from . import page

PIECES = [
    "<sub>", "</sub>", "<SUP>", "</sup>", "<kbd>", "</kbd>", "<u>", "</u>", "<mark>", "</mark>", "<s>", "</s>", "<br>",
    "<hr>",
    "<details>", "</details>", "<summary>", "</summary>", "<!--", "-->", "<!-- c -->", "<b>", "</b>", "**", "*", "~~",
    "`", "[", "](https://e.org)", "$x$", "| ", "\n", "\n\n", "- ", "> ", "# ", "|--|\n", "글", "word ", "[^1]",
    "[^1]: ",
]  # fmt: skip
tagged = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def cells(html: str) -> list[str]:
    return re.findall(r"<t[hd]>(.*?)</t[hd]>", html)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("a<br>b<BR/>c<br />d</br>e", "a<br>b<br>c<br>d<br>e"),
        ("a<br>\nb", "a<br>b"),
        ("H<sub>2</sub>O, x<sup>2</sup>", "H<sub>2</sub>O, x<sup>2</sup>"),
        ("<kbd>Ctrl</kbd>+<KBD >C</KBD>", "<kbd>Ctrl</kbd>+<kbd>C</kbd>"),
        ("<u>밑줄</u>은 <mark>형광</mark>과 <s>취소</s>", "<u>밑줄</u>은 <mark>형광</mark>과 <s>취소</s>"),
        ("<u>**a**</u> **<u>b</u>**", "<u><strong>a</strong></u> <strong><u>b</u></strong>"),
        ("<sub>a<sup>b</sup></sub>", "<sub>a<sup>b</sup></sub>"),
        ("<mark>a\nb</mark>", "<mark>a<br>b</mark>"),
        ("a<!-- note -->b", "ab"),
        ("a\n<!-- a line -->\nb", "a<br>b"),
        ("a <!-- over\nlines -->b", "a b"),
    ],
)
def test_tags_are_what_they_mean(source: str, html: str) -> None:
    assert render(source) == f"<p>{html}</p>"


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# H<sub>2</sub>O<br>x", "<h3>H<sub>2</sub>O<br>x</h3>"),
        ("- a<br>b", "<ul><li>a<br>b</li></ul>"),
        ("text\n<hr>\nmore", "<p>text</p><hr><p>more</p>"),
        ("a<hr/>b", "<p>a</p><hr><p>b</p>"),
        ("- a\n  <HR>", "<ul><li>a<hr></li></ul>"),
        ("<!-- a -->", ""),
        ("<!-- a --> <!-- b -->", ""),
        ("<!--\n# no heading\n\n- no list\n-->\n\ntext", "<p>text</p>"),
        ("<!-- a\nb --> rest\n\nnext", "<p>rest</p><p>next</p>"),
        ("- a\n  <!-- c\n  d -->\n  b", "<ul><li>a<br>b</li></ul>"),
        ("> <!-- a\n> b -->\n> c", "<blockquote><p>c</p></blockquote>"),
    ],
)
def test_tags_in_blocks(source: str, html: str) -> None:
    assert render(source) == html


def test_tags_in_cells() -> None:
    html = render("| a<br>b | x<sub>1</sub> | c<hr>d | <details><summary>e</summary>f</details> |\n|--|--|--|--|")
    assert cells(html) == ["a<br>b", "x<sub>1</sub>", "c<hr>d", "<details><summary>e</summary>f</details>"]


@pytest.mark.parametrize(
    "source",
    [
        "<sub>a", "a</sub>", "</sub>a<sub>", "<sub class=x>a</sub>", '<mark onclick="x">a</mark>', "<br clear=all>",
        "<b>x</b>",
        "< sub>a</ sub>", "<sub", "<subs>a</subs>", "<!-- open", "text <details>x</details>", "<summary>x</summary>",
        "</details>",
        "<ul><li>x</li></ul>", "<font>x</font>", "<a href=x>y</a>", "<svg><u>", "<img src=x onerror=y>", "</summary>",
    ],
)  # fmt: skip
def test_everything_else_is_text(source: str) -> None:
    body = page.parse(render(source))
    assert body.text() == source
    assert [child.name for child in body.children if isinstance(child, page.Element)] == ["p"]


def test_in_code_and_formulas_tags_are_text() -> None:
    assert render("`<br>` and `<!-- c -->`") == "<p><code>&lt;br&gt;</code> and <code>&lt;!-- c --&gt;</code></p>"
    assert "&lt;details&gt;\n&lt;!-- c --&gt;" in render("```html\n<details>\n<!-- c -->\n```").replace(
        "</span>", ""
    ).replace('<span class="t">', "").replace('<span class="c">', "")
    assert "&lt;br&gt;" in render("\\<br>")


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("**a <sub>b** c</sub>", "<strong>a &lt;sub&gt;b</strong> c&lt;/sub&gt;"),
        ("<sub>a<sup>b</sub>c</sup>", "<sub>a&lt;sup&gt;b</sub>c&lt;/sup&gt;"),
        ("<s>a ~~b</s> c~~", "&lt;s&gt;a <s>b&lt;/s&gt; c</s>"),
    ],
)
def test_tags_out_of_step_are_text(source: str, html: str) -> None:
    assert render(source) == f"<p>{html}</p>"


def test_a_tag_does_not_reach_over_its_block() -> None:
    assert render("x <u>a\n\nb</u>") == "<p>x &lt;u&gt;a</p><p>b&lt;/u&gt;</p>"
    assert cells(render("| <u>a | b</u> |\n|--|--|")) == ["&lt;u&gt;a", "b&lt;/u&gt;"]
    assert render("- <u>a\n- b</u>") == "<ul><li>&lt;u&gt;a</li><li>b&lt;/u&gt;</li></ul>"


@settings(max_examples=600, deadline=None, database=None)
@given(tagged)
@example("<sub>" * 200 + "x" + "</sub>" * 200)
@example("<u>" * 5 + "a" + "</u>" * 5)
def test_any_tags_give_balanced_html_that_the_cleaner_leaves_alone(source: str) -> None:
    html = render(source)
    assert clean(html) == html
    assert page.parse(html).text() is not None


def shown_after(text: str) -> str:
    renderer = StreamRenderer()
    for char in text:
        renderer.feed(char)
    return renderer.html()


def test_while_it_is_written_no_half_of_a_tag_is_seen() -> None:
    for text in ("a <", "a <s", "a </", "a <sub", "a <br", "a <br /", "a <!", "a <!--", "a <!-- not for you"):
        assert shown_after(text) == "<p>a</p>"
    assert shown_after("H<sub>2") == shown_after("H<sub>2</su") == "<p>H<sub>2</sub></p>"
    assert shown_after("**H<sub>2") == "<p><strong>H<sub>2</sub></strong></p>"
    assert shown_after("a\n\n<!-- not\n\nfor you") == "<p>a</p>"
    assert shown_after("a < b") == "<p>a &lt; b</p>"
