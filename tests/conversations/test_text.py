import pytest

from conversations.text import storable, storable_piece, title_of


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
        ("\n\n## **How** do queues work\nthen more", "How** do queues work"),
        ("비가 오는 날 서울에서 할 만한 일을 알려 줘", "비가 오는 날 서울에서 할 만한 일을 알려 줘"),
        ("\x07 \n```", ""),
        ("word " * 40, "word word word word word word word word word word word…"),
        ("가" * 200, "가" * 59 + "…"),
    ],
)
def test_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title_of(text)) <= 60
