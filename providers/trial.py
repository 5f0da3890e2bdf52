"""Trying a connection out by real calls: does the address answer, is the key taken, is there credit."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from providers import local
from providers.base import ChatRequest, Provider, Turn
from providers.catalogue import info_of, menu_order
from providers.connections import Connection
from providers.errors import (
    AuthenticationFailed,
    PermissionDenied,
    ProviderError,
    ProviderNotConfigured,
    QuotaExceeded,
    TimedOut,
)
from providers.registry import build_once

LISTING_SECONDS = 15.0
QUESTION_SECONDS = 15.0
_ANSWER_TOKENS = 16  # some models take no fewer


async def try_out(connection: Connection) -> None:
    """Raises ProviderError when the provider cannot be used as it is set up.

    The list of models proves address and key. That there is credit only shows when something is asked: so, where there
    is a key, the cheapest model is asked for a few tokens.
    """
    if connection.problem:
        raise ProviderNotConfigured(connection.problem)
    if connection.name == local.NAME:
        connection = replace(connection, base_url=await local.server.base_url())
    provider = await asyncio.to_thread(build_once, connection)
    try:
        names = await _list(provider)
        if connection.api_key:
            await _ask(provider, connection.name, names)
    finally:
        await provider.close()


async def _list(provider: Provider) -> list[str]:
    try:
        async with asyncio.timeout(LISTING_SECONDS):
            return await provider.list_models()
    except TimeoutError:
        raise TimedOut from None


async def _ask(provider: Provider, name: str, models: Iterable[str]) -> None:
    """Only what concerns key and account counts: one model that is busy or odd says nothing of the connection."""
    model = await asyncio.to_thread(_cheapest, name, menu_order(models))
    if not model:
        return
    try:
        async with asyncio.timeout(QUESTION_SECONDS):
            await provider.complete(ChatRequest(model, (Turn("user", "Hi"),), max_tokens=_ANSWER_TOKENS))
    except (QuotaExceeded, AuthenticationFailed, PermissionDenied):
        raise
    except (ProviderError, TimeoutError):
        return


def _cheapest(provider: str, names: list[str]) -> str:
    """The model with the lowest known price, else the first; "" when there is none."""
    prices = {name: info_of(provider, name, 0).output_price for name in names}
    known = {name: price for name, price in prices.items() if price}
    return min(known, key=lambda name: known[name]) if known else next(iter(names), "")
