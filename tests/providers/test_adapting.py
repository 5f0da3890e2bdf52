"""Asked again in the way that the server takes, over HTTP."""

import logging
from collections.abc import Callable

import pytest

from providers import errors
from providers.base import ChatRequest, Provider, Text
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.refusals import SECRET
from tests.scripted_provider.script import hello

Ask = Callable[..., ChatRequest]


def _asked_for(scripted_provider: ScriptedProvider) -> list[int | None]:
    return [
        asked.body.get("max_tokens") or asked.body.get("max_completion_tokens") for asked in scripted_provider.chats
    ]


@pytest.mark.parametrize("script", ["at-most-1000", "at-most-200-1000"])
async def test_a_longest_answer_of_the_model_is_asked_for_again_and_remembered(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider, script: str
) -> None:
    question = ask(f"script:{script}", provider.name, max_tokens=5000)
    for _ in range(2):
        heard = await Heard().listen(provider, question)
        assert heard.text == hello(f"script:{script}")
    assert (await provider.complete(question)).text == hello(f"script:{script}")

    assert _asked_for(scripted_provider) == [5000, 1000, 1000, 1000]


async def test_a_whole_answer_learns_it_too_and_less_stays_less(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    await provider.complete(ask("script:at-most-1000", provider.name, max_tokens=5000))
    await provider.complete(ask("script:at-most-1000", provider.name, max_tokens=300))
    await provider.complete(ask("script:at-most-1000", provider.name, max_tokens=5000, model="another"))

    assert _asked_for(scripted_provider) == [5000, 1000, 300, 5000, 1000]


async def test_what_one_conversation_leaves_free_is_not_remembered(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    await heard.listen(provider, ask("script:window-4096", provider.name, max_tokens=2000))
    await heard.listen(provider, ask("Hello", provider.name, max_tokens=2000))

    assert _asked_for(scripted_provider) == [2000, 1096, 2000]


async def test_a_conversation_without_room_is_too_long(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    with pytest.raises(errors.ContextTooLong):
        await heard.listen(provider, ask("script:window-3010", provider.name, max_tokens=2000))
    assert len(scripted_provider.chats) == 1


async def test_it_is_asked_once_more_and_not_for_ever(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    """A server that names one bound and holds to another."""
    with pytest.raises(errors.BadRequest):
        await heard.listen(provider, ask("script:refuse-bound", provider.name, max_tokens=5000))
    assert _asked_for(scripted_provider) == [5000, 4096]


async def test_a_model_that_may_not_be_streamed_answers_in_one_piece(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    question = ask("script:unverified", provider.name)
    for _ in range(2):
        heard = await Heard().listen(provider, question)
        assert [event.text for event in heard.events if isinstance(event, Text)] == [hello("script:unverified")]
        assert heard.finish == "stop"
        assert not heard.usage.estimated

    assert [bool(asked.body.get("stream")) for asked in scripted_provider.chats] == [True, False, False]
    await Heard().listen(provider, ask("Hello", provider.name, model="another"))
    assert scripted_provider.chats[-1].body["stream"]


async def test_a_whole_answer_may_take_its_time(
    provider: Provider, ask: Ask, heard: Heard, settings, scripted_provider: ScriptedProvider
) -> None:
    """It has no first token to wait for."""
    settings.PROVIDER_LIMITS = {"first_token_seconds": 0.2}
    await heard.listen(provider, ask("script:unverified ttft-400", provider.name))

    assert heard.finish == "stop"
    assert len(scripted_provider.chats) == 2


KINDS = {
    "image-endpoints": errors.ImagesNotTaken,
    "data-policy": errors.AccountSettings,
    "moderation": errors.ContentRefused,
    "firewall": errors.Blocked,
    "region": errors.RegionRefused,
    "access": errors.PermissionDenied,
    "page-404": errors.AddressWrong,
    "plain-404": errors.AddressWrong,
    "detail-404": errors.AddressWrong,
    "rate": errors.TooLargeForRate,
    "rate-413": errors.TooLargeForRate,
    "studio": errors.ContextTooLong,
    "nested": errors.ContextTooLong,
    "google": errors.RateLimited,
    "words-wait": errors.RateLimited,
    "image-size": errors.ImageTooLarge,
    "image-kind": errors.ImageNotRead,
    "images-many": errors.TooManyImages,
    "credits": errors.QuotaExceeded,
    "errors-200": errors.ContextTooLong,
    "list-200": errors.ContextTooLong,
    "detail-200": errors.QuotaExceeded,
    "path-200": errors.AddressWrong,
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
async def test_each_kind_over_the_wire_is_asked_once(
    provider: Provider,
    ask: Ask,
    heard: Heard,
    scripted_provider: ScriptedProvider,
    caplog: pytest.LogCaptureFixture,
    name: str,
    kind: type[errors.ProviderError],
) -> None:
    question = ask(f"script:refuse-{name}", provider.name)
    with caplog.at_level(logging.INFO):
        with pytest.raises(kind) as streamed:
            await heard.listen(provider, question)
        with pytest.raises(kind) as whole:
            await provider.complete(question)

    assert type(streamed.value) is type(whole.value) is kind
    assert len(scripted_provider.chats) == 2
    assert SECRET not in f"{streamed.value!r} {streamed.value.sentence()} {vars(streamed.value)} {caplog.text}"


@pytest.mark.parametrize(("name", "seconds"), [("google", 37.5), ("words-wait", 63.5)])
async def test_a_time_in_the_body_is_told(
    provider: Provider, ask: Ask, heard: Heard, name: str, seconds: float
) -> None:
    with pytest.raises(errors.RateLimited) as caught:
        await heard.listen(provider, ask(f"script:refuse-{name}", provider.name))
    assert caught.value.retry_after == seconds
