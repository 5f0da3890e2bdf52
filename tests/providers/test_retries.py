"""Asking again: capped, only before the first token, and not against the provider's word."""

from collections.abc import Callable

import pytest

from providers import errors
from providers.base import ChatRequest, Provider
from providers.retries import LONGEST_WAIT_SECONDS, MAX_RETRIES, delay_before_retry
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.script import hello

Ask = Callable[..., ChatRequest]


async def test_a_short_overload_is_not_noticed(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    await heard.listen(provider, ask("script:flaky-2", provider.name))

    assert heard.text == hello("script:flaky-2")
    assert len(scripted_provider.chats) == 3


async def test_a_whole_answer_is_asked_for_again_too(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    assert (await provider.complete(ask("script:flaky-1", provider.name))).text == hello("script:flaky-1")
    assert len(scripted_provider.chats) == 2


async def test_it_gives_up(provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider) -> None:
    with pytest.raises(errors.Overloaded):
        await heard.listen(provider, ask("script:error-503", provider.name))
    assert len(scripted_provider.chats) == 1 + MAX_RETRIES


async def test_an_error_as_the_first_event_is_retried(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    with pytest.raises(errors.Overloaded):
        await heard.listen(provider, ask("script:error-first", provider.name))
    assert len(scripted_provider.chats) == 1 + MAX_RETRIES


@pytest.mark.parametrize("script", ["cut", "error-in-stream"])
async def test_never_after_the_first_token(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider, script: str
) -> None:
    with pytest.raises(errors.ProviderError):
        await heard.listen(provider, ask(f"script:{script}", provider.name))
    assert len(scripted_provider.chats) == 1


@pytest.mark.parametrize("script", ["error-401", "error-429", "error-429-quota", "error-400", "context-too-long"])
async def test_what_would_fail_again_is_not_asked_again(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider, script: str
) -> None:
    with pytest.raises(errors.ProviderError):
        await heard.listen(provider, ask(f"script:{script}", provider.name))
    assert len(scripted_provider.chats) == 1


def test_the_wait_grows_and_varies() -> None:
    first = [delay_before_retry(errors.Overloaded(), 0, began=False) for _ in range(50)]
    second = [delay_before_retry(errors.Overloaded(), 1, began=False) for _ in range(50)]
    assert len(set(first)) > 1
    assert sum(filter(None, second)) > sum(filter(None, first))


def test_the_provider_s_own_time_is_honoured_up_to_a_bound() -> None:
    patient = delay_before_retry(errors.RateLimited(retry_after=3), 0, began=False)
    assert patient is not None
    assert 3 <= patient < 4
    assert delay_before_retry(errors.RateLimited(retry_after=LONGEST_WAIT_SECONDS + 1), 0, began=False) is None


def test_there_is_an_end() -> None:
    assert delay_before_retry(errors.Overloaded(), MAX_RETRIES, began=False) is None
    assert delay_before_retry(errors.Overloaded(), 0, began=True) is None
    assert delay_before_retry(errors.BadRequest(), 0, began=False) is None
