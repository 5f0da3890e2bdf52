"""A Markdown export in which every text ends where it ends, whatever is open at its end and whoever reads it."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from accounts.models import User
from conversations.models import Message
from conversations.transfer.contained import contained, fenced, in_a_line
from conversations.transfer.exporting import as_markdown, gather
from tests.conversations.conftest import converse

FENCES = ["```", "~~~", "````python\nx = 1", "~~~~~\n```\nx", "  ```\nx", "```\n~~~", "~~~\n```", "```\n    ```",
          "- a\n\n  ```\n  x", "> ```\n> x", "1. ```", "> - ~~~~\n>   x", "```md\n```python\nx\n```"]  # fmt: skip
HTML = ["<!--", "a <!-- b", "<!-- a --", "<!-->", "<script>", "<style>", "<textarea>", "<title>", "<pre>", "<xmp>",
        "<![CDATA[ a", "<!DOCTYPE a", "<?php a", "<details>", "<details><summary>a", "<details>\n\n```\n",
        "<div hidden>", "a <u>b", "<table><tr><td>", "<iframe>", "<plaintext>", "<select><option>", "<template>",
        "</main>", "<svg><title>", "<a href='", "- <!-- a", "> <details>", "| a |\n|---|\n| <!-- |",
        "| a |\n|---|\n| b |<details>", "| a |\n|---|\n| b | <!-- |", "a | b\n-|-\nc | d | <pre>", "`a\n\n<!-- b`",
        "\\\\<!-- a", "`` ` <script>", "<SCRIPT>\n", "<sub>a</sub><sup>", "*<details>*", "# <!--",
        "[a]: <!--", "    a\n<!--", "<details>\n</details>\n<details>"]  # fmt: skip
OTHERS = ["$$", "$$\na = b", "a\n\n$$\nx", "\\[ a", "\\begin{align}", "    code", "\tcode", "a\n---", "a\n===", "---",
          "| a | b |\n|---|---|", "| a |\n|-|\n| b", "[a]: http://b", "[a]:", "[a]: http://b 'c", "[^1]: note",
          "a[^1]\n\n[^1]: note\n\n    more", "- a\n  - b\n", "> a", "> a\nb", "a\\", "a  ", "**a", "[a](b", "![a](",
          "`a", "``", "&", "\\", "* * *", "#", "<http://a", "1."]  # fmt: skip
ALL = FENCES + HTML + OTHERS
READERS = [
    MarkdownIt("commonmark", {"html": True}),
    MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]),
]


class Page(HTMLParser):
    """The words of a page that a reader sees, and what is open at its end."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words, self.opened = "", list[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "hr", "img"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.opened and self.opened[-1] == tag:
            self.opened.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style", "textarea", "title", "details"} & set(self.opened):
            self.words += data


def is_seen_after(text: str) -> bool:
    """Whether a heading and a word that come after the text are what they are, in any reader."""
    document = f"{text}\n\n## What follows\n\nthe end\n"
    for reader in READERS:
        html = reader.render(document)
        page = Page(html)
        if not html.endswith("<h2>What follows</h2>\n<p>the end</p>\n") or page.opened or "the end" not in page.words:
            return False
    return True


@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize("is_markdown", [True, False], ids=["answer", "question"])
def test_what_follows_is_seen(text: str, is_markdown: bool) -> None:
    assert is_seen_after(contained(text, 1, is_markdown))


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.lists(
        st.sampled_from([*ALL, "\n", "\n\n", " ", "> ", "- ", "    ", "</details>", "-->", "```", "a"]), max_size=6
    )
)
def test_what_follows_is_seen_after_any_mixture(parts: list[str]) -> None:
    assert is_seen_after(contained("".join(parts), 1, True))


@pytest.mark.parametrize("text", ["$$", "$$\na = b", "a\n\n$$\nx", "```\n$$\n```\n\n$$\nb"])
def test_an_open_formula_is_closed(text: str) -> None:
    assert contained(text, 1, True) == f"{text}\n$$"


@pytest.mark.parametrize(
    "text",
    ["plain", "*a* `b` [c](http://d)", "a < b && c > d", "`<!--` and `<script>`", "```html\n<!-- a\n```", "<https://a.b>",
     "H<sub>2</sub>O<br>", "<details><summary>a</summary>\n\nb\n\n</details>", "$a$ and $$b$$", "    <script>"],
)  # fmt: skip
def test_what_ends_by_itself_stays_as_it_was_written(text: str) -> None:
    assert contained(text, 1, True) == text


def test_html_is_shown() -> None:
    assert contained("why <div> and <!-- a -->?", 1, False) == "why \\<div> and \\<!-- a -->?"


def test_notes_of_two_answers_stay_apart() -> None:
    text = "a[^1] `[^1]`\n\n[^1]: b"
    assert contained(text, 3, True) == "a[^3-1] `[^1]`\n\n[^3-1]: b"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("see [a].\n\n[a]: http://b", "see [a][3-a].\n\n[3-a]: http://b"),
        (
            "[b c][A] and [a][] and ![i][a]\n\n[a]: http://b 'c'",
            "[b c][3-A] and [a][3-a] and ![i][3-a]\n\n[3-a]: http://b 'c'",
        ),
        ("> [a]: /b\n\n[a] `[a]` [other] [a](d)", "> [3-a]: /b\n\n[a][3-a] `[a]` [other] [a](d)"),
        ("a[^1] [x]\n\n[^1]: so [x]\n\n[x]: y", "a[^3-1] [x][3-x]\n\n[^3-1]: so [x][3-x]\n\n[3-x]: y"),
    ],
)
def test_links_of_two_answers_stay_apart(text: str, made: str) -> None:
    assert contained(text, 3, True) == made


@pytest.mark.parametrize(
    "text", ["[a [b] c][d]\n\n[d]: e", "[d][x][y]\n\n[x]: e", "[a\nb]\n\n[a b]: c", "- [a]\n\n  [a]: b"]
)
def test_a_link_leads_where_it_led(text: str) -> None:
    for reader in READERS:
        assert reader.render(contained(text, 3, True)) == reader.render(text)


def test_a_question_defines_no_links() -> None:
    assert contained("[a]: http://b", 1, False) == "\\[a]: http://b"


def test_a_fence_is_longer_than_any_in_it() -> None:
    assert fenced("````\na") == "`````text\n````\na\n`````"


def test_a_title_is_one_line_of_text() -> None:
    assert in_a_line("a\n<!-- `b`") == "a \\<!-- \\`b\\`"


@pytest.mark.parametrize(
    "sign", ["<", "`", "[", "[^", "\\", "<a", "$$", "```\n", "> ", "- ", "[a]: b\n", "`a ``b ", "![a]("]
)
def test_no_text_takes_long(sign: str) -> None:
    text = sign * (50_000 // len(sign)) + "x<a\n\n[^1]: a note"
    began = time.thread_time()
    contained(text, 1, True)
    assert time.thread_time() - began < 2.5  # half a second, on a slow machine


@pytest.mark.django_db
def test_an_export_has_all_its_messages(alice: User) -> None:
    conversation = converse(alice, *(text for open_text in ALL for text in (open_text, open_text)))
    Message.objects.filter(role="assistant").update(reasoning="a <!-- thought\n```\n<details>")
    conversation.title, conversation.system_prompt = "<!-- title", "<script>\n```"
    text = as_markdown(gather(conversation))
    for reader in READERS:
        html = reader.render(text)
        assert html.count("<h2>Question") == html.count("<h2>Answer") == len(ALL)
        assert not {"script", "style", "details", "table"} & set(Page(html).opened)


def test_a_long_answer_with_a_definition_is_no_block_of_code() -> None:
    paragraph = "Some *words* of an ordinary answer, with `code` and a [link](https://example.org) in each line. " * 4
    text = "\n\n".join([paragraph] * 150) + "\n\nSee [docs].\n\n[docs]: https://example.org"
    assert not contained(text, 1, True).startswith("`")
    assert len(text) > 50_000
