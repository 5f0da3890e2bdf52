"""Model lists of the providers in Django's cache: read without waiting, refreshed in the background."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.core.cache import cache

from providers.addresses import ANTHROPIC_URL, ANTHROPIC_VERSION, OPENAI_URL, joined, places
from providers.background import run_once
from providers.connections import ANTHROPIC_CLASS, Connection
from providers.errors import NoModelList, ProviderError
from providers.listed_model import ListedModel
from providers.listing import TIMEOUT_SECONDS, fetch_listing

FRESH_SECONDS = 300
FAILED_SECONDS = 30  # how soon a provider that could not be asked is asked again
KEEP_SECONDS = 24 * 3600
REMEMBER_SECONDS = 30
_DETAILS = "providers:details:"
_details_read: dict[str, tuple[float, dict[str, ListedModel]]] = {}  # so that not every question goes to the cache


@dataclass(frozen=True, slots=True)
class Listing:
    """A provider's models as last heard, None for never; `at` is when it was asked last.

    `failure`: the code of the error if that was without success, else "". `base_url`: where the list was found.
    """

    models: tuple[ListedModel, ...] | None
    at: float
    failure: str = ""
    base_url: str = ""

    @property
    def fresh(self) -> bool:
        return time.time() - self.at < (FAILED_SECONDS if self.failure else FRESH_SECONDS)


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
        listing = ask(connection, timeout)
    except ProviderError as error:
        known = heard(connection)
        listing = Listing(known.models if known else None, time.time(), error.code, known.base_url if known else "")
        cache.set(_key(connection), listing, KEEP_SECONDS)
    else:
        cache.set(_DETAILS + connection.name, _with_details(listing.models or ()), KEEP_SECONDS)
        _details_read.pop(connection.name, None)
    return listing


def ask(connection: Connection, timeout: float = TIMEOUT_SECONDS) -> Listing:
    """The same, and raises ProviderError; NoModelList where none of the places that were meant has a list.

    What is known of the provider's models stays: the connection may be one that is only tried out.
    """
    base_urls, headers = _places(connection), _headers(connection)
    failure: ProviderError | None = None
    for base_url in base_urls:
        try:
            models = fetch_listing(base_url, headers, timeout, guarded=connection.guarded)
        except NoModelList as error:
            failure = failure or error
        else:
            listing = Listing(tuple(models), time.time(), base_url=base_url)
            cache.set(_key(connection), listing, KEEP_SECONDS)
            return listing
    raise failure or NoModelList


def at_found_place(connection: Connection) -> Connection:
    """The connection with the address at which its list was found; else with the likeliest one."""
    if connection.is_official or connection.adapter == ANTHROPIC_CLASS:
        return connection
    known = heard(connection)
    return replace(connection, base_url=(known.base_url if known else "") or places(connection.base_url)[0])


def listed_model(provider: str, name: str) -> ListedModel:
    """What the provider's own list said of a model; no more than the name if it said nothing."""
    read_at, details = _details_read.get(provider, (0.0, {}))
    if not read_at or time.monotonic() - read_at > REMEMBER_SECONDS:
        details = cache.get(_DETAILS + provider) or {}
        _details_read[provider] = (time.monotonic(), details)
    return details.get(name) or ListedModel(name)


def _with_details(models: Iterable[ListedModel]) -> dict[str, ListedModel]:
    return {model.name: model for model in models if model != ListedModel(model.name)}


def _key(connection: Connection) -> str:
    return f"providers:listing:{connection.fingerprint}"


def _is_anthropic(connection: Connection) -> bool:
    return connection.adapter == ANTHROPIC_CLASS


def _places(connection: Connection) -> list[str]:
    if _is_anthropic(connection):
        address = connection.base_url or ANTHROPIC_URL
        return [address if urlsplit(address).path.endswith("/v1") else joined(address, "/v1")]
    if connection.is_official:
        return [connection.base_url or OPENAI_URL]
    return places(connection.base_url)


def _headers(connection: Connection) -> dict[str, str]:
    if _is_anthropic(connection):
        return {"Authorization": f"Bearer {connection.api_key}", "anthropic-version": ANTHROPIC_VERSION}
    return {"Authorization": f"Bearer {connection.api_key}"} if connection.api_key else {}
