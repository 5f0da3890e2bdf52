"""The response cache: one key for one question, plain values, and no harm when the cache is away."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.cache import cache

from providers import response_cache
from providers.base import Answer, ChatRequest, Image, Turn, Usage
from providers.response_cache import aget, aput, get, key_of, put

ANSWER = Answer("Hello.", "Hm.", Usage(10, 5, 2, 1), "stop")
REQUEST = ChatRequest("gpt-4o", (Turn("user", "안녕하세요"),), system="Be brief.", temperature=0.7, max_tokens=100)
KEY = key_of("openai/gpt-4o", REQUEST)


def test_what_is_put_comes_back() -> None:
    put(KEY, ANSWER)
    assert get(KEY) == ANSWER


async def test_for_coroutines() -> None:
    await aput(KEY, ANSWER)
    assert await aget(KEY) == ANSWER


def test_nothing_was_put() -> None:
    assert get(KEY) is None


def test_the_same_question_has_the_same_key() -> None:
    assert key_of("openai/gpt-4o", replace(REQUEST, turns=(Turn("user", "안녕하세요"),))) == KEY
    assert key_of("openai/gpt-4o", replace(REQUEST, temperature=0)) == key_of(
        "openai/gpt-4o", replace(REQUEST, temperature=0.0)
    )


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, model="gpt-4o-mini"),
        replace(REQUEST, system=""),
        replace(REQUEST, temperature=None),
        replace(REQUEST, temperature=0.8),
        replace(REQUEST, max_tokens=None),
        replace(REQUEST, max_tokens=101),
        replace(REQUEST, turns=(Turn("user", "안녕하세요 "),)),
        replace(REQUEST, turns=(Turn("assistant", "안녕하세요"),)),
        replace(REQUEST, turns=(Turn("user", "Hi"), Turn("assistant", "Hi"), Turn("user", "안녕하세요"))),
        replace(REQUEST, turns=(Turn("user", "안녕하세요", (Image("image/png", b"a"),)),)),
        replace(REQUEST, turns=(Turn("user", "안녕하세요", (Image("image/jpeg", b"a"),)),)),
        replace(REQUEST, turns=(Turn("user", "안녕하세요", (Image("image/png", b"b"),)),)),
    ],
)
def test_whatever_differs_has_another_key(request_: ChatRequest) -> None:
    put(KEY, ANSWER)
    assert get(key_of("openai/gpt-4o", request_)) is None


def test_another_provider_has_another_key() -> None:
    assert key_of("azure/gpt-4o", REQUEST) != KEY


def test_texts_cannot_be_moved_across_the_borders_of_turns() -> None:
    one = replace(REQUEST, turns=(Turn("user", 'a"},{"content":"b'),))
    two = replace(REQUEST, turns=(Turn("user", "a"), Turn("user", "b")))
    assert key_of("m", one) != key_of("m", two)


def test_the_key_gives_nothing_away_and_fits_every_cache() -> None:
    assert KEY.isascii()
    assert len(KEY) < 200
    assert "gpt" not in KEY


def test_text_that_is_not_unicode_has_a_key_too() -> None:
    assert key_of("m", replace(REQUEST, system="\ud800"))


@pytest.mark.parametrize("reason", ["length", "content_filter", "refusal", "other", None])
def test_only_answers_that_ended_by_themselves_are_kept(reason: str | None) -> None:
    put(KEY, replace(ANSWER, finish_reason=reason))  # type: ignore[arg-type]
    assert get(KEY) is None


def test_it_is_kept_as_long_as_the_settings_say(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RESPONSE_CACHE_SECONDS = 0
    put(KEY, ANSWER)
    assert get(KEY) is None


@pytest.mark.parametrize(
    "stored",
    [
        "text",
        {},
        {"version": 0, "text": "a", "reasoning": "", "usage": {"input_tokens": 1, "output_tokens": 1}},
        {"version": 1, "text": "a", "reasoning": ""},
        {"version": 1, "text": "a", "reasoning": "", "usage": {"unknown": 1}},
        {"version": 1, "text": None, "reasoning": "", "usage": {"input_tokens": 1, "output_tokens": 1}},
        {"version": 1, "text": "a", "reasoning": "", "usage": None},
    ],
)
def test_what_another_version_stored_reads_as_nothing(stored: object) -> None:
    cache.set(KEY, stored)
    assert get(KEY) is None


def test_what_is_stored_is_plain_data() -> None:
    put(KEY, ANSWER)
    stored = cache.get(KEY)
    assert type(stored) is dict
    assert {type(value) for value in stored.values()} <= {str, int, dict}


class Away:
    """A cache whose server is gone."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        def fail(*_args: object, **_kwargs: object) -> None:
            raise ConnectionError("no cache at redis://:a-secret@cache")

        return fail


def test_a_cache_that_is_away_is_an_empty_one(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(response_cache, "cache", Away())
    put(KEY, ANSWER)
    assert get(KEY) is None
    assert "ConnectionError" in caplog.text
    assert "a-secret" not in caplog.text
    assert ANSWER.text not in caplog.text
