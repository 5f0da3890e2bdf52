"""Limits of time and size, and leaving in the middle."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest
from django.core.exceptions import ImproperlyConfigured

from providers import errors
from providers.base import ChatRequest, Provider, Text
from providers.limits import Limits, Watchdog
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider

Ask = Callable[..., ChatRequest]


async def test_no_first_token_in_time(
    provider: Provider, ask: Ask, heard: Heard, settings, scripted_provider: ScriptedProvider
) -> None:
    settings.PROVIDER_LIMITS = {"first_token_seconds": 1}

    with pytest.raises(errors.TimedOut):
        await heard.listen(provider, ask("script:hang", provider.name))

    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].closed_early)


async def test_silence_in_the_middle(
    provider: Provider, ask: Ask, heard: Heard, settings, scripted_provider: ScriptedProvider
) -> None:
    settings.PROVIDER_LIMITS = {"silence_seconds": 1}

    with pytest.raises(errors.TimedOut):
        await heard.listen(provider, ask("script:stall", provider.name))

    assert heard.text == "Hello. You wrote "
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].closed_early)


async def test_an_answer_that_takes_too_long_in_all(
    provider: Provider, ask: Ask, heard: Heard, settings, scripted_provider: ScriptedProvider
) -> None:
    settings.PROVIDER_LIMITS = {"total_seconds": 2}

    with pytest.raises(errors.TimedOut):
        await heard.listen(provider, ask("script:long-5000 tps-100", provider.name))

    assert heard.text


async def test_a_whole_answer_has_its_limit_too(provider: Provider, ask: Ask, settings) -> None:
    settings.PROVIDER_LIMITS = {"total_seconds": 0.05}
    with pytest.raises(errors.TimedOut):
        await provider.complete(ask("script:hang", provider.name))


async def test_a_slow_reader_is_not_the_provider_s_silence(
    provider: Provider, ask: Ask, settings, scripted_provider: ScriptedProvider
) -> None:
    """The reader stays away for longer than the limit; what came meanwhile is there, and it goes on."""
    settings.PROVIDER_LIMITS = {"silence_seconds": 0.2}
    async with aclosing(provider.stream(ask("script:hold", provider.name))) as events:
        await anext(events)
        await asyncio.get_running_loop().run_in_executor(None, _wait_past, 0.3)
        scripted_provider.release()
        rest = [event async for event in events]
    assert sum(isinstance(event, Text) for event in rest) > 20


def _wait_past(seconds: float) -> None:
    import threading

    threading.Event().wait(seconds)


async def test_leaving_early_closes_the_connection(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    async with aclosing(provider.stream(ask("script:stall", provider.name))) as events:
        async for _ in events:
            break

    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].closed_early)


async def test_cancelling_passes_through_and_closes_the_connection(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider, heard: Heard
) -> None:
    task = asyncio.create_task(heard.listen(provider, ask("script:stall", provider.name)))
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].sent == 3)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].closed_early)


async def test_cancelling_before_the_first_token(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider, heard: Heard
) -> None:
    task = asyncio.create_task(heard.listen(provider, ask("script:hang", provider.name)))
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].closed_early)


async def test_a_hundred_streams_at_once(provider: Provider, ask: Ask, scripted_provider: ScriptedProvider) -> None:
    """None waits for another's connection: all have begun before any may end."""
    listeners = [Heard() for _ in range(100)]
    tasks = [
        asyncio.create_task(listener.listen(provider, ask("script:hold", provider.name))) for listener in listeners
    ]
    await asyncio.to_thread(
        scripted_provider.wait_until,
        lambda server: len(server.chats) == 100 and all(asked.sent > 10 for asked in server.chats),
    )
    scripted_provider.release()
    await asyncio.gather(*tasks)
    assert {listener.finish for listener in listeners} == {"stop"}


async def test_connections_are_used_again(provider: Provider, ask: Ask, scripted_provider: ScriptedProvider) -> None:
    for _ in range(3):
        await Heard().listen(provider, ask("script:words-3", provider.name))
    assert len({asked.peer for asked in scripted_provider.chats}) == 1


async def test_retiring_waits_for_the_open_stream(
    provider: Provider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    task = asyncio.create_task(heard.listen(provider, ask("script:hold", provider.name)))
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].sent > 10)
    await provider.retire()
    scripted_provider.release()
    await task
    assert heard.finish == "stop"


def test_limits_come_from_the_settings(settings) -> None:
    settings.PROVIDER_LIMITS = {"silence_seconds": 7}
    assert Limits.from_settings() == Limits(silence_seconds=7)


def test_a_limit_that_does_not_exist_is_refused(settings) -> None:
    settings.PROVIDER_LIMITS = {"patience": 7}
    with pytest.raises(ImproperlyConfigured, match="patience"):
        Limits.from_settings()


async def test_the_watchdog_leaves_unguarded_code_alone() -> None:
    with Watchdog(Limits(first_token_seconds=0.01)) as watchdog:
        await asyncio.sleep(0.05)  # the provider is not being waited for
        with pytest.raises(errors.TimedOut):
            async with watchdog:
                await asyncio.sleep(60)


async def test_somebody_else_s_cancellation_is_not_taken_for_ours() -> None:
    async def wait() -> None:
        with Watchdog(Limits(first_token_seconds=0.01)) as watchdog:
            async with watchdog:
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().call_at(watchdog.deadline, task.cancel)
                await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(wait())


async def test_guarded_waits_from_different_tasks() -> None:
    """A caller may ask for each event in a task of its own (asyncio.wait_for does)."""

    async def numbers() -> AsyncIterator[int]:
        with Watchdog(Limits()) as watchdog:
            for number in range(3):
                async with watchdog:
                    await asyncio.sleep(0)
                yield number

    async with aclosing(numbers()) as source:  # type: ignore[type-var]
        assert [await asyncio.wait_for(anext(source), 5) for _ in range(3)] == [0, 1, 2]
