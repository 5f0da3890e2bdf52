import re

import pytest

from conversations.rendering import StreamRenderer, render, render_plain

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
    "http://localhost:8000/에 접속하세요": ["http://localhost:8000/"],
    "http://localhost:8000/admin/으로 가세요": ["http://localhost:8000/admin/"],
    "https://example.com/에서는, https://example.com/까지의": ["https://example.com/"] * 2,
    "(https://example.com/에)": ["https://example.com/"],
    "**https://example.com/에서**": ["https://example.com/"],
    "https://example.com/입니다. https://example.com/#를": ["https://example.com/", "https://example.com/#"],
    "https://example.com/만으로도 https://example.com/에서부터": ["https://example.com/"] * 2,
    "www.example.com/은 www.example.com에서": ["https://www.example.com/", "https://www.example.com"],
    "a.b@example.kr로": ["mailto:a.b@example.kr"],
    "https://example.com/wiki/한국어": ["https://example.com/wiki/%ED%95%9C%EA%B5%AD%EC%96%B4"],
    "https://example.com/wiki/한국어를 보면": ["https://example.com/wiki/%ED%95%9C%EA%B5%AD%EC%96%B4"],
    "https://example.com/가을 https://example.com/라면": [
        "https://example.com/%EA%B0%80%EC%9D%84", "https://example.com/%EB%9D%BC%EB%A9%B4"],
    "https://example.com/나라 https://example.com/도로": [
        "https://example.com/%EB%82%98%EB%9D%BC", "https://example.com/%EB%8F%84%EB%A1%9C"],
    "https://example.com/사과_(책)을": ["https://example.com/%EC%82%AC%EA%B3%BC_(%EC%B1%85)"],
    "https://example.com/%EC%97%90에서": ["https://example.com/%EC%97%90"],
    "https://example.com/a。次 「https://example.com/b」": ["https://example.com/a", "https://example.com/b"],
    "<https://example.com/에>": ["https://example.com/%EC%97%90"],
    "www. and www": [],
}  # fmt: skip


@pytest.mark.parametrize(("source", "hrefs"), ADDRESSES.items())
def test_addresses_in_an_answer(source: str, hrefs: list[str]) -> None:
    assert re.findall(r'href="([^"]*)"', render(source)) == hrefs


def test_plain_text_is_verbatim_but_for_its_links() -> None:
    assert render_plain("# a **b** <c>\r\n\nhttps://e.org/x?y=1&z.") == (
        '<p class="plain"># a **b** &lt;c&gt;\n\n<a href="https://e.org/x?y=1&amp;z" '
        'rel="noopener noreferrer nofollow" target="_blank">https://e.org/x?y=1&amp;z</a>.</p>'
    )


def test_particles_in_plain_text_and_while_it_is_written() -> None:
    assert ">http://localhost:8000/</a>에 접속" in render_plain("http://localhost:8000/에 접속")
    renderer = StreamRenderer()
    for char in "http://localhost:8000/에서 보세요":
        renderer.feed(char)
    assert ">http://localhost:8000/</a>에서 보세요" in renderer.html()


def test_no_plain_text_is_no_html() -> None:
    assert render_plain("") == render_plain("\n\n") == ""


def test_plain_text_keeps_white_space_and_replaces_what_no_page_can_show() -> None:
    assert render_plain("  a\tb\n  c\x00\udfff") == '<p class="plain">  a\tb\n  c\ufffd\ufffd</p>'
