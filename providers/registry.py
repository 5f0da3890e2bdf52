"""From a model's name to a provider that answers; the pool of provider objects, one per event loop and connection."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.utils.module_loading import import_string

from providers import local
from providers.base import ModelInfo, Provider
from providers.catalogue import model_info
from providers.connections import Connection, connections, known_names
from providers.errors import ModelUnknown, ProviderError, ProviderNotConfigured
from providers.listed import at_found_place, heard, refresh
from providers.naming import split_model
from providers.stored import Stored, stored_async

WINDOW_SECONDS = 2.0
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Built:
    fingerprint: str
    provider: Provider


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What a model's name led to; good for as long as `stored` is what the database says."""

    stored: Stored
    provider: Provider
    info: ModelInfo


@dataclass(slots=True)
class _Pool:
    """The providers of one event loop. `keeper` closes them when the loop shuts down."""

    built: dict[str, _Built] = field(default_factory=dict)
    resolved: dict[str, _Resolved] = field(default_factory=dict)
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    retiring: set[asyncio.Task[None]] = field(default_factory=set)
    keeper: AsyncGenerator[None, None] | None = None


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = WeakKeyDictionary()


async def resolve(model: str) -> tuple[Provider, ModelInfo]:
    """The provider for "provider/model" or a bare name, and what is known of the model.

    Raises ModelUnknown for a bare name that nobody lists, ProviderNotConfigured for a provider that is not set up.
    """
    pool, now = await _pool(), await stored_async()
    if (known := pool.resolved.get(model)) and known.stored is now:
        return known.provider, known.info
    provider, info = await _resolve(model)
    if provider.name != local.NAME:  # the local server may stop and start anew at any time
        pool.resolved[model] = _Resolved(now, provider, info)
    return provider, info


async def _resolve(model: str) -> tuple[Provider, ModelInfo]:
    connection, name = await _find(model)
    if connection.problem:
        raise ProviderNotConfigured(connection.problem, model=model)
    if connection.name == local.NAME:
        connection = await _local_connection(connection)
    else:
        if not connection.is_official and heard(connection) is None:
            # Its list says how much its models read, and where under the address it is.
            await asyncio.to_thread(refresh, connection, WINDOW_SECONDS)
        connection = at_found_place(connection)
    provider = await _provider_for(connection)
    # In a thread, since the first question loads the price data.
    info = await sync_to_async(model_info, thread_sensitive=False)(f"{connection.name}/{name}")
    return provider, info


async def client_of(name: str) -> Provider | None:
    """The client of a provider by its own name; None when that is not set up, or has no key.

    Raises ProviderNotConfigured when it is set up and cannot be used.
    """
    connection = (await asyncio.to_thread(connections, await stored_async())).get(name)
    if connection is None or (not connection.api_key and not connection.problem):
        return None
    if connection.problem:
        raise ProviderNotConfigured(connection.problem)
    return await _provider_for(at_found_place(connection))


async def warm_up(model: str = "") -> None:
    """Do ahead of the first question what it would wait for: import the SDK, start the local model. Never fails."""
    from providers.menu import default_model

    try:
        if chosen := model or await sync_to_async(default_model)():
            await resolve(chosen)
    except ProviderError as error:
        logger.info("Nothing to warm up: %s", error)


async def close_providers() -> None:
    """Close the providers of the running event loop; they are made anew when needed."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool is None:
        return
    if pool.keeper is not None:
        await pool.keeper.aclose()
    await _close(pool)


async def _find(model: str) -> tuple[Connection, str]:
    """The connection that serves `model`, and the model's name there."""
    stored = await stored_async()
    found = await asyncio.to_thread(connections, stored)
    provider, name = split_model(model)
    if provider in found and name:
        return found[provider], name
    is_prefixed = "/" in model and provider in known_names()
    if not is_prefixed and (listed := await _who_lists(model, found)):
        return listed, model
    if is_prefixed or ("/" not in model and provider):
        raise ProviderNotConfigured(f"no provider {provider}", model=model)
    raise ModelUnknown(model=model)


async def _who_lists(model: str, found: dict[str, Connection]) -> Connection | None:
    """The first provider whose own list has `model`; those never heard are asked now."""
    for connection in found.values():
        if connection.problem or connection.name == local.NAME:
            continue
        listing = heard(connection)
        if listing is None:
            listing = await asyncio.to_thread(refresh, connection)
        if any(listed.name == model for listed in listing.models or ()):
            return connection
    return None


async def _local_connection(connection: Connection) -> Connection:
    return Connection(connection.name, connection.adapter, await local.server.base_url())


async def _provider_for(connection: Connection) -> Provider:
    pool = await _pool()
    built = pool.built.get(connection.name)
    if built is not None and built.fingerprint == connection.fingerprint:
        return built.provider
    async with pool.building:
        built = pool.built.get(connection.name)
        if built is not None and built.fingerprint == connection.fingerprint:
            return built.provider
        provider = await asyncio.to_thread(_build, connection)  # importing an SDK takes up to a second
        pool.built[connection.name] = _Built(connection.fingerprint, provider)
        if built is not None:
            _retire(pool, built.provider)
        return provider


def _build(connection: Connection) -> Provider:
    adapter = import_string(connection.adapter)
    options: dict[str, Any] = {"guarded": True} if connection.guarded else {}
    provider: Provider = adapter(
        name=connection.name, api_key=connection.api_key, base_url=connection.base_url, **options
    )
    return provider


def build_once(connection: Connection) -> Provider:
    """A provider outside the pool, for one errand; the caller closes it."""
    return _build(connection)


def _retire(pool: _Pool, provider: Provider) -> None:
    task = asyncio.create_task(provider.retire())
    pool.retiring.add(task)
    task.add_done_callback(pool.retiring.discard)


async def _pool() -> _Pool:
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = _Pool()
        pool.keeper = _keeper(pool)
        await anext(pool.keeper)
    return pool


async def _keeper(pool: _Pool) -> AsyncGenerator[None, None]:
    """Event loops close their asynchronous generators when they shut down, which makes one a hook for that moment."""
    try:
        yield
    finally:
        _pools.pop(asyncio.get_running_loop(), None)
        await _close(pool)


async def _close(pool: _Pool) -> None:
    built, pool.built, pool.resolved = pool.built, {}, {}
    for one in built.values():
        with contextlib.suppress(ProviderError, OSError):
            await one.provider.close()
    await asyncio.gather(*pool.retiring, return_exceptions=True)
