import re

import pytest

from conversations.rendering import render, render_plain

ADDRESSES = {
    "see https://example.org/a?b=c#d now": ["https://example.org/a?b=c#d"],
    "http://localhost:8000.": ["http://localhost:8000"],
    "(https://example.org/a)": ["https://example.org/a"],
    "https://en.wikipedia.org/wiki/A_(b)": ["https://en.wikipedia.org/wiki/A_(b)"],
    "https://example.org/a를 보세요": ["https://example.org/a"],
    "https://example.org입니다": ["https://example.org"],
    "https://ko.wikipedia.org/wiki/대한민국": ["https://ko.wikipedia.org/wiki/%EB%8C%80%ED%95%9C%EB%AF%BC%EA%B5%AD"],
    "**https://example.org/a_b_c**입니다": ["https://example.org/a_b_c"],
    "www.example.org/x, and": ["https://www.example.org/x"],
    "first.last+tag@mail.example.org.": ["mailto:first.last+tag@mail.example.org"],
    "HTTPS://EXAMPLE.ORG": ["HTTPS://EXAMPLE.ORG"],
    "<https://example.org>": ["https://example.org"],
    "[https://example.org](https://other.example)": ["https://other.example"],
    "example.org and a.b": [],
    "`https://example.org`": [],
    "http:// and https://.": [],
    "xhttp://example.org": [],
    "ftp://example.org": [],
    "javascript:alert(1)": [],
    "@name and a@b": [],
    "www. and www": [],
}


@pytest.mark.parametrize(("source", "hrefs"), ADDRESSES.items())
def test_addresses_in_an_answer(source: str, hrefs: list[str]) -> None:
    assert re.findall(r'href="([^"]*)"', render(source)) == hrefs


def test_plain_text_is_verbatim_but_for_its_links() -> None:
    assert render_plain("# a **b** <c>\r\n\nhttps://e.org/x?y=1&z.") == (
        '<p class="plain"># a **b** &lt;c&gt;\n\n<a href="https://e.org/x?y=1&amp;z" '
        'rel="noopener noreferrer nofollow" target="_blank">https://e.org/x?y=1&amp;z</a>.</p>'
    )


def test_no_plain_text_is_no_html() -> None:
    assert render_plain("") == render_plain("\n\n") == ""


def test_plain_text_keeps_white_space_and_replaces_what_no_page_can_show() -> None:
    assert render_plain("  a\tb\n  c\x00\udfff") == '<p class="plain">  a\tb\n  c\ufffd\ufffd</p>'
