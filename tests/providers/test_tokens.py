"""The guess at token counts."""

from hypothesis import given
from hypothesis import strategies as st

from providers.base import ChatRequest, Turn
from providers.tokens import estimate_tokens, estimate_usage


def test_english_four_characters_a_token() -> None:
    assert estimate_tokens("Hello, world") == 3
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1


def test_korean_one_character_a_token() -> None:
    assert estimate_tokens("안녕하세요") == 5
    assert estimate_tokens("漢字かな") == 4


def test_mixed_text_adds_up() -> None:
    assert estimate_tokens("안녕 abcd") == 2 + 2


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    assert estimate_tokens(first) <= estimate_tokens(first + second) <= estimate_tokens(first) + estimate_tokens(second)


def test_usage_counts_the_whole_prompt_and_marks_itself() -> None:
    request = ChatRequest("m", (Turn("user", "x" * 40), Turn("assistant", ""), Turn("user", "y" * 4)), system="z" * 8)
    usage = estimate_usage(request, ["a" * 4, "b" * 4], ["c" * 8])

    assert usage.estimated
    assert usage.input_tokens == (10 + 4) + (1 + 4) + (2 + 4)
    assert usage.output_tokens == 2 + 2
    assert usage.reasoning_tokens == 2
