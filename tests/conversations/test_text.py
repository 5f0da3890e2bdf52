import pytest

from conversations.text import cut, one_line, storable, storable_piece, title_of


def test_ordinary_text_stays_as_it_is() -> None:
    text = "  <script>alert(1)</script>\n'; DROP TABLE users; --\t한국어 👩‍👩‍👧  "
    assert storable(text) == text


def test_what_no_database_holds_is_replaced_visibly() -> None:
    assert storable("a\x00b\ud800c") == "a\ufffdb\ufffdc"


def test_line_ends_of_a_form_become_newlines() -> None:
    assert storable("a\r\nb\rc\n") == "a\nb\nc\n"


def test_a_piece_of_a_stream_keeps_its_line_ends() -> None:
    assert storable_piece("a\r") == "a\r"
    assert storable_piece("é\x00\udc00") == "é\ufffd\ufffd"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n## **How** do queues work\nthen more", "How do queues work"),
        ("비가 오는 날 서울에서 할 만한 일을 알려 줘", "비가 오는 날 서울에서 할 만한 일을 알려 줘"),
        ("\x07 \n```", ""),
        ("word " * 40, "word word word word word word word word word word word…"),
        ("가" * 200, "가" * 59 + "…"),
    ],
)
def test_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title_of(text)) <= 60


@pytest.mark.parametrize(
    "text",
    [
        "What is C#", "__init__.py", "*.py", "-1 + 2", "List<T>", "#include <stdio.h>", "~/.bashrc", "a * b * c",
        "snake_case_name", "2*3*4", "x**2 + y**2", "src/**/*.ts", "**/node_modules/**", "f(*args, **kwargs)",
        "self.__class__.__name__", "What does __init__ do?", r"\d+\.\d+", r"C:\Users\_me\*.txt", "&nbsp;",
        "What does <br> do?",
        "<div>hello</div>", "$E = mc^2$ and $a_1 * b_1$", "arr[i](x)", "[TODO] mend", ">>> print(1)", ">_<", "*_*",
        "???",
        "***", "-", "#!/bin/bash", "#태그", "2024. 3. 15. 발표", "1.5배", "می‌خواهم", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\uf8ff logo",
        "/*comment*/ in C",
        "https://example.org/a_b_c", "__FILE__:__LINE__", "=== or ==", "$5 and $10",
    ],
)  # fmt: skip
def test_a_title_keeps_what_is_content(text: str) -> None:
    assert title_of(text) == text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("**중요** 이 코드", "중요 이 코드"),
        ("**중요한 것(괄호)**을", "중요한 것(괄호)을"),
        ("__bold__ and _italic_ and ~~old~~", "bold and italic and old"),
        ("# Heading #", "Heading"),
        ("Heading\n===", "Heading"),
        ("1. 첫째\n2. 둘째", "첫째"),
        ("- [x] done", "done"),
        ("> quoted", "quoted"),
        ("[문서](https://example.org/a)를 봐", "문서를 봐"),
        ("![그림](https://example.org/a.png) 뭐야", "그림 뭐야"),
        ("<https://example.org>", "https://example.org"),
        ("`code` here", "code here"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("```\nTraceback\n```\nWhy?", "Why?"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b"),
        ("$$\nE = mc^2\n$$", "$$ E = mc^2 $$"),
        ("---\nfirst", "first"),
    ],
)
def test_a_title_leaves_out_what_is_markup(text: str, title: str) -> None:
    assert title_of(text) == title


@pytest.mark.parametrize("text", ["", " \n\t", "\x07\x1b", "\u200d\u200b\ufeff", "\u3164", "\u202e", "```\n```"])
def test_what_shows_nothing_gives_no_title(text: str) -> None:
    assert title_of(text) == ""


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧‍👦", "🇰🇷", "👍🏽", "e\u0301\u0323", "\u1100\u1161\u11a8", "☝️", "क्षि"])
def test_a_title_is_never_cut_within_a_letter_or_emoji(cluster: str) -> None:
    title = title_of(cluster * 70)
    assert title.endswith("…")
    assert title[:-1] == cluster * ((len(title) - 1) // len(cluster))
    assert 50 < len(title) <= 60


def test_a_name_is_one_line_that_turns_nothing_round() -> None:
    assert one_line(" a\u202eb\n\tc\u2066 ") == "ab c"
    assert one_line("\u200d \u202e") == ""


def test_a_letter_longer_than_the_whole_room_is_cut_all_the_same() -> None:
    assert cut("e" + "\u0301" * 100, 10) == "e" + "\u0301" * 9
    assert cut("abc", 10) == "abc"
