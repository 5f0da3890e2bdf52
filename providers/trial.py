"""Trying a connection out by real calls: does the address answer, is the key taken, is there credit."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from providers import local
from providers.base import ChatRequest, Provider, Turn
from providers.catalogue import info_of
from providers.chat_models import offered
from providers.choices import named_models
from providers.connections import Connection
from providers.errors import (
    AddressWrong,
    AuthenticationFailed,
    Blocked,
    NoModelList,
    NoModels,
    PermissionDenied,
    ProviderError,
    ProviderNotConfigured,
    QuotaExceeded,
    TimedOut,
)
from providers.listed import Listing, ask, at_found_place
from providers.listed_model import ListedModel
from providers.registry import build_once
from providers.stored import stored_async

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
    named = named_models(connection.name, await stored_async())
    listing = await _list(connection, has_names=bool(named))
    names = [model.name for model in offered(connection, listing.models or ())] or named
    if not names:
        raise NoModels
    if connection.api_key or listing.failure:
        provider = await asyncio.to_thread(build_once, at_found_place(connection))
        try:
            await _ask(provider, connection.name, names, is_all_there_is=bool(listing.failure))
        finally:
            await provider.close()


async def _list(connection: Connection, *, has_names: bool) -> Listing:
    """The provider's list. A server without one needs none where the site names its models."""
    try:
        async with asyncio.timeout(LISTING_SECONDS):
            return await asyncio.to_thread(ask, connection, LISTING_SECONDS)
    except TimeoutError:
        raise TimedOut from None
    except NoModelList as error:
        if not has_names:
            raise
        return Listing(None, time.time(), error.code)


async def _ask(provider: Provider, name: str, models: Sequence[str], *, is_all_there_is: bool = False) -> None:
    """Only what concerns key, account and address counts: a model that is busy or odd says nothing of the connection.

    `is_all_there_is`: no list has shown that anybody is there, so everything counts.
    """
    model = await asyncio.to_thread(_cheapest, name, models)
    try:
        async with asyncio.timeout(QUESTION_SECONDS):
            await provider.complete(ChatRequest(model, (Turn("user", "Hi"),), max_tokens=_ANSWER_TOKENS))
    except (QuotaExceeded, AuthenticationFailed, PermissionDenied, Blocked, AddressWrong):
        raise
    except (ProviderError, TimeoutError) as failure:
        if is_all_there_is:
            raise failure if isinstance(failure, ProviderError) else TimedOut() from None


def _cheapest(provider: str, names: Sequence[str]) -> str:
    """The model with the lowest known price, else the first; "" when there is none."""
    prices = {name: info_of(provider, ListedModel(name)).output_price for name in names}
    known = {name: price for name, price in prices.items() if price}
    return min(known, key=lambda name: known[name]) if known else next(iter(names), "")
