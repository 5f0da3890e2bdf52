"""The error tree and its words."""

import re

import pytest
from django.utils import translation

from providers import errors
from providers.errors import ProviderError, describe

CODES = {
    "authentication",
    "permission",
    "quota",
    "rate_limit",
    "context_too_long",
    "content_refused",
    "model_unknown",
    "not_configured",
    "address_inside",
    "no_model_list",
    "no_models",
    "overloaded",
    "timeout",
    "connection_lost",
    "malformed",
    "too_large",
    "bad_request",
    "internal",
    "account_settings",
    "region",
    "too_large_for_rate",
    "address_wrong",
    "blocked",
    "images_not_taken",
    "too_many_images",
    "image_too_large",
    "image_not_read",
}
HANGUL = re.compile(r"[가-힣]")
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ProviderError)]
KINDS.remove(ProviderError)


def test_the_codes_are_these_and_stable() -> None:
    assert {kind.code for kind in KINDS} == CODES
    assert len(KINDS) == len(CODES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_error_says_what_happened_and_what_to_do(kind: type[ProviderError]) -> None:
    with translation.override("en"):
        error = kind("a detail of ours")
        assert error.sentence().endswith(".")
        assert error.advice().endswith(".")
        assert "!" not in error.sentence() + error.advice()
        assert str(error) == f"{kind.code}: a detail of ours"
    with translation.override("ko"):
        assert HANGUL.search(error.sentence())
        assert HANGUL.search(error.advice())


@pytest.mark.parametrize("code", ["blocked", "region", "account_settings", "content_refused", "address_wrong"])
def test_nobody_is_sent_to_look_at_the_key_for_nothing(code: str) -> None:
    with translation.override("en"):
        text = describe(code)
    assert text != describe("internal")
    assert "API key" not in text.sentence
    assert "check the key" not in text.advice


def test_what_is_worth_another_try() -> None:
    retryable = {kind.code for kind in KINDS if kind.retryable}
    assert retryable == {"rate_limit", "overloaded", "timeout", "connection_lost"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second,"), (1, "1 second,"), (29.2, "30 seconds,"), (120, "2 minutes,"), (3600, "60 minutes,")],
)
def test_a_rate_limit_says_when(seconds: float, words: str) -> None:
    with translation.override("en"):
        assert words in describe("rate_limit", seconds).advice


def test_an_unknown_model_is_named() -> None:
    with translation.override("en"):
        assert "gpt-9%" in errors.ModelUnknown(model="gpt-9%").sentence()


def test_a_stored_code_that_is_not_known_any_more() -> None:
    assert describe("from another age") == describe("internal")
