"""Both adapters against the scripted provider: what works, then each thing that can go wrong, by name."""

from collections.abc import Callable

import pytest

from providers import errors
from providers.base import ChatRequest, Finish, Provider, Usage
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.script import SHOWCASE, hello

Ask = Callable[..., ChatRequest]


async def test_an_answer_streams_word_by_word(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("Hello", provider.name))

    assert heard.text == hello("Hello")
    assert len(heard.events) > 20
    assert isinstance(heard.events[-2], Usage)
    assert heard.events[-1] == Finish("stop")


async def test_markdown_and_korean_arrive_unchanged(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:markdown", provider.name))
    assert heard.text == SHOWCASE


async def test_usage_is_what_the_provider_said(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:words-7", provider.name))

    assert not heard.usage.estimated
    assert heard.usage.output_tokens == 7
    assert heard.usage.cached_tokens == 2
    assert heard.usage.reasoning_tokens == 1
    # Anthropic counts cached tokens apart from the rest of the input, OpenAI within it; ours includes them.
    assert heard.usage.input_tokens == (10 if provider.name == "openai" else 12)


async def test_missing_usage_is_estimated_and_marked(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:no-usage", provider.name))

    assert heard.usage.estimated
    assert heard.usage.output_tokens > 10
    assert heard.finish == "stop"


async def test_reasoning_comes_apart_from_the_answer(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:reasoning", provider.name))

    assert heard.reasoning == "Let me think. "
    assert heard.text == hello("script:reasoning")


async def test_a_whole_answer_without_streaming(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    answer = await provider.complete(ask("script:reasoning", provider.name))

    assert answer.text == hello("script:reasoning")
    assert answer.reasoning == "Let me think. "
    assert answer.finish_reason == "stop"
    assert answer.usage.output_tokens > 10
    assert not scripted_provider.chats[0].body.get("stream")


@pytest.mark.parametrize(
    ("script", "reason"), [("length", "length"), ("refusal", "refusal"), ("content-filter", "content_filter")]
)
async def test_why_the_answer_ended(provider: Provider, ask: Ask, heard: Heard, script: str, reason: str) -> None:
    await heard.listen(provider, ask(f"script:{script}", provider.name))
    # Anthropic has one word for both kinds of refusal.
    assert heard.finish == ("refusal" if provider.name == "anthropic" and script == "content-filter" else reason)


async def test_line_ends_comments_and_odd_packets_change_nothing(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:crlf", provider.name))
    assert heard.text == hello("script:crlf")
    assert heard.finish == "stop"


async def test_a_missing_end_mark_after_the_finish_reason_is_fine(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:no-done", provider.name))
    assert heard.finish == "stop"


async def test_a_server_that_ignores_streaming_is_understood(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:json-200", provider.name))

    assert heard.text == hello("script:json-200")
    assert heard.finish == "stop"
    assert not heard.usage.estimated


async def test_a_stream_that_merely_ends_has_no_finish(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:clean-cut", provider.name))

    assert heard.text == "Hello. You wrote "
    assert heard.finish is None
    assert heard.usage.estimated
    assert heard.usage.output_tokens >= 3


REFUSALS = [
    ("error-400", errors.BadRequest),
    ("error-401", errors.AuthenticationFailed),
    ("error-402", errors.QuotaExceeded),
    ("error-403", errors.PermissionDenied),
    ("error-404", errors.ModelUnknown),
    ("error-429", errors.RateLimited),
    ("error-429-quota", errors.QuotaExceeded),
    ("error-500", errors.Overloaded),
    ("error-503", errors.Overloaded),
    ("error-529", errors.Overloaded),
    ("error-first", errors.Overloaded),
    ("context-too-long", errors.ContextTooLong),
    ("empty-200", errors.MalformedAnswer),
    ("html-200", errors.MalformedAnswer),
    ("redirect", errors.AddressWrong),
]


@pytest.mark.parametrize(("script", "kind"), REFUSALS)
async def test_a_refusal_before_the_answer(
    provider: Provider, ask: Ask, heard: Heard, script: str, kind: type[errors.ProviderError]
) -> None:
    with pytest.raises(kind) as caught:
        await heard.listen(provider, ask(f"script:{script}", provider.name))

    assert type(caught.value) is kind
    assert heard.events == []
    assert caught.value.__cause__ is None
    assert "a-key" not in str(caught.value)


@pytest.mark.parametrize(("script", "kind"), [pair for pair in REFUSALS if pair[0] not in ("error-first", "empty-200")])
async def test_a_refusal_of_a_whole_answer(
    provider: Provider, ask: Ask, script: str, kind: type[errors.ProviderError]
) -> None:
    with pytest.raises(kind):
        await provider.complete(ask(f"script:{script}", provider.name))


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("cut", errors.ConnectionLost),
        ("error-in-stream", errors.Overloaded),
        ("bad-json", errors.MalformedAnswer),
        ("bad-utf8", errors.MalformedAnswer),
    ],
)
async def test_a_failure_in_the_middle_keeps_what_came_before(
    provider: Provider, ask: Ask, heard: Heard, script: str, kind: type[errors.ProviderError]
) -> None:
    with pytest.raises(kind):
        await heard.listen(provider, ask(f"script:{script}", provider.name))
    assert heard.text == "Hello. You wrote "


async def test_an_answer_that_never_ends_is_stopped(
    provider: Provider, ask: Ask, heard: Heard, settings, scripted_provider: ScriptedProvider
) -> None:
    settings.PROVIDER_LIMITS = {"answer_characters": 50_000}

    with pytest.raises(errors.AnswerTooLarge):
        await heard.listen(provider, ask("script:huge", provider.name))

    assert len(heard.text) == 50_000


async def test_a_rate_limit_says_how_long(provider: Provider, ask: Ask, heard: Heard) -> None:
    with pytest.raises(errors.RateLimited) as caught:
        await heard.listen(provider, ask("script:error-429", provider.name))
    assert caught.value.retry_after == 30


async def test_a_server_that_is_not_there(ask: Ask, heard: Heard, unused_url: str) -> None:
    from providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=unused_url)
    with pytest.raises(errors.ConnectionLost):
        await heard.listen(provider, ask("Hello"))
    await provider.close()


async def test_a_host_that_does_not_exist(ask: Ask, heard: Heard) -> None:
    from providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url="http://no-such-host.invalid/v1")
    with pytest.raises(errors.ConnectionLost):
        await heard.listen(provider, ask("Hello"))
    await provider.close()


async def test_text_that_is_no_unicode_is_refused_before_it_is_sent(provider: Provider, ask: Ask, heard: Heard) -> None:
    with pytest.raises(errors.BadRequest):
        await heard.listen(provider, ask("a lone surrogate: \ud800", provider.name))


async def test_a_key_of_letters_that_no_key_has(scripted_provider: ScriptedProvider, ask: Ask, heard: Heard) -> None:
    from providers.openai import OpenAIProvider

    provider = OpenAIProvider(api_key="열쇠", base_url=scripted_provider.openai_url)
    with pytest.raises(errors.AuthenticationFailed):
        await heard.listen(provider, ask("Hello"))
    await provider.close()


async def test_models_are_listed(provider: Provider) -> None:
    expected = "scripted-small" if provider.name == "openai" else "claude-scripted"
    assert expected in await provider.list_models()


async def test_the_check_passes_with_a_good_key(provider: Provider) -> None:
    await provider.check()


async def test_the_check_fails_with_a_wrong_key(scripted_provider: ScriptedProvider) -> None:
    from providers.anthropic import AnthropicProvider
    from providers.openai import OpenAIProvider

    for wrong in (
        OpenAIProvider(api_key="wrong", base_url=scripted_provider.openai_url),
        AnthropicProvider(api_key="wrong", base_url=scripted_provider.anthropic_url),
    ):
        with pytest.raises(errors.AuthenticationFailed):
            await wrong.check()
        await wrong.close()
