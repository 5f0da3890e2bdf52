"""The part of a text that is shown: around the match, of whole words, without markdown's marks."""

from conversations.search.passages import LENGTH, passage, whole
from conversations.search.query import parse


def _shown(text: str, query: str) -> str:
    pieces = passage(text, parse(query))
    assert pieces is not None
    return "".join(f"[{p.text}]" if p.is_match else p.text for p in pieces)


def test_a_short_text_is_shown_whole() -> None:
    assert _shown("서버가 느려요.", "서버") == "[서버]가 느려요."


def test_of_a_long_text_the_words_around_the_match() -> None:
    text = " ".join(f"낱말{n}" for n in range(500))
    shown = _shown(text, "낱말250")
    assert "[낱말250]" in shown
    assert shown.startswith("…낱말")
    assert shown.endswith("…")
    assert len(shown) < LENGTH + 30
    assert all(word.strip("…[]") in text.split() for word in shown.split())


def test_without_spaces_it_is_cut_between_syllables() -> None:
    shown = _shown("가" * 300 + "나" + "가" * 300, "나")
    assert "[나]" in shown
    assert len(shown) < LENGTH + 10


def test_every_match_is_marked_once() -> None:
    assert _shown("사과와 사과, 배", "사과 배") == "[사과]와 [사과], [배]"
    assert _shown("한국은행", "한국은 국은행") == "[한국은행]"


def test_letters_that_become_two_do_not_shift_the_mark() -> None:
    assert _shown("ﬁﬁﬁ ßß ½ 서버가", "서버") == "ﬁﬁﬁ ßß ½ [서버]가"
    assert _shown("Die Straße dort", "strasse") == "Die [Straße] dort"


def test_marks_and_line_ends_are_left_out() -> None:
    assert _shown("# 제목\n\n- **서버**가\n> `멈췄다`", "서버") == "제목 [서버]가 멈췄다"


def test_lines_of_text_stay_lines() -> None:
    assert _shown("장미꽃\n한 송이  \n\n피었네", "송이") == "장미꽃\n한 [송이]\n피었네"


def test_a_text_without_it_has_no_passage() -> None:
    assert passage("사과", parse("배")) is None
    assert whole("사과", parse("배")) is None


def test_an_emoji_is_marked_whole() -> None:
    assert _shown("정말 좋아요👍🏽 네", "👍") == "정말 좋아요[👍🏽] 네"
    assert _shown("가족 👨‍👩‍👧‍👦 여행", "👩") == "가족 [👨‍👩‍👧‍👦] 여행"
    assert _shown("사랑 ❤️ 해요", "❤") == "사랑 [❤️] 해요"
    assert _shown("🇺🇸🇰🇷", "🇰🇷") == "🇺🇸[🇰🇷]"


def test_a_name_is_marked_with_its_signs() -> None:
    assert _shown("ASP.NET과 .NET 8", ".net") == "ASP[.NET]과 [.NET] 8"
    assert _shown("C++과 C", "c++") == "[C++]과 C"
    assert _shown("판 v1.2.3!", "1.2.3") == "판 v[1.2.3]!"
    assert _shown("__init__.py를", "__init__") == "[__init__].py를"
    assert _shown("2**10은", "2**10") == "[2**10]은"


def test_a_mark_of_markdown_that_was_looked_for_is_shown() -> None:
    assert "[**]" in _shown("f(**kwargs)를 **굵게**", "**")


def test_it_is_not_cut_within_an_emoji() -> None:
    shown = _shown("👨‍👩‍👧‍👦" * 100 + "사과" + "👨‍👩‍👧‍👦" * 100, "사과")
    assert shown.strip("…") == "👨‍👩‍👧‍👦" * shown.split("[")[0].count("👦") + "[사과]" + "👨‍👩‍👧‍👦" * shown.split("]")[
        1
    ].count("👦")
