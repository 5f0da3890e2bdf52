"""Model lists of the providers in Django's cache: read without waiting, refreshed in the background."""

import time
from dataclasses import dataclass

from django.core.cache import cache

from providers.addresses import ANTHROPIC_URL, ANTHROPIC_VERSION, OPENAI_URL
from providers.background import run_once
from providers.connections import ANTHROPIC_CLASS, Connection
from providers.errors import ProviderError
from providers.listing import TIMEOUT_SECONDS, ListedModel, fetch_listing

FRESH_SECONDS = 300
FAILED_SECONDS = 30  # how soon a provider that could not be asked is asked again
KEEP_SECONDS = 24 * 3600
REMEMBER_SECONDS = 30
_WINDOWS = "providers:windows:"
_windows_read: dict[str, tuple[float, dict[str, int]]] = {}  # so that not every question goes to the cache's server


@dataclass(frozen=True, slots=True)
class Listing:
    """A provider's models as last heard, None for never; `at` is when it was asked last, `failed` without success."""

    models: tuple[ListedModel, ...] | None
    at: float
    failed: bool = False

    @property
    def fresh(self) -> bool:
        return time.time() - self.at < (FAILED_SECONDS if self.failed else FRESH_SECONDS)


def heard(connection: Connection) -> Listing | None:
    """What the provider's list said last, None if it was never asked."""
    known: Listing | None = cache.get(_key(connection))
    return known


def listing_of(connection: Connection) -> Listing | None:
    """The same, and asks in the background when that is old."""
    known = heard(connection)
    if known is None or not known.fresh:
        run_once(f"provider-models-{connection.name}", lambda: refresh(connection))
    return known


def refresh(connection: Connection, timeout: float = TIMEOUT_SECONDS) -> Listing:
    """Ask the provider now, blocking; for threads. A failure keeps the models known before."""
    try:
        url, headers = _listing_url(connection), _headers(connection)
        models = tuple(fetch_listing(url, headers, timeout, guarded=connection.guarded))
    except ProviderError:
        known = heard(connection)
        listing = Listing(known.models if known else None, time.time(), failed=True)
    else:
        listing = Listing(models, time.time())
        windows = {model.name: model.context_window for model in models if model.context_window}
        cache.set(_WINDOWS + connection.name, windows, KEEP_SECONDS)
        _windows_read.pop(connection.name, None)
    cache.set(_key(connection), listing, KEEP_SECONDS)
    return listing


def listed_window(provider: str, name: str) -> int:
    """The context window that the provider's own list gave for a model, 0 if none did."""
    read_at, windows = _windows_read.get(provider, (0.0, {}))
    if not read_at or time.monotonic() - read_at > REMEMBER_SECONDS:
        windows = cache.get(_WINDOWS + provider) or {}
        _windows_read[provider] = (time.monotonic(), windows)
    return windows.get(name, 0)


def _key(connection: Connection) -> str:
    return f"providers:models:{connection.fingerprint}"


def _is_anthropic(connection: Connection) -> bool:
    return connection.adapter == ANTHROPIC_CLASS


def _listing_url(connection: Connection) -> str:
    if _is_anthropic(connection):
        return f"{(connection.base_url or ANTHROPIC_URL).rstrip('/').removesuffix('/v1')}/v1"
    return connection.base_url or OPENAI_URL


def _headers(connection: Connection) -> dict[str, str]:
    if _is_anthropic(connection):
        return {"Authorization": f"Bearer {connection.api_key}", "anthropic-version": ANTHROPIC_VERSION}
    return {"Authorization": f"Bearer {connection.api_key}"} if connection.api_key else {}
