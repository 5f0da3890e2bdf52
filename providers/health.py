"""Whether the providers that are set up can be used: found out by asking them, or as far as it is known."""

import asyncio
from dataclasses import dataclass

from django.utils.translation import gettext

from providers import local
from providers.choices import named_models
from providers.connections import Connection, connections
from providers.errors import (
    Blocked,
    NoModelList,
    Overloaded,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    RegionRefused,
    TimedOut,
    describe,
)
from providers.listed import heard
from providers.stored import stored, stored_async
from providers.trial import try_out

SECONDS = 40.0
# Whose own sentence says more than that it could not be reached or refused the key.
_TOLD = {error.code for error in (NoModelList, Blocked, RegionRefused, QuotaExceeded, RateLimited, Overloaded)}


@dataclass(frozen=True, slots=True)
class Checked:
    """One provider and what is wrong with it, None when it works. str(error) shows no key."""

    label: str
    error: ProviderError | None


async def check_all() -> list[Checked]:
    """Every provider that is set up, in the order of the menu; side by side, each within its own time. Never fails."""
    found = await asyncio.to_thread(connections, await stored_async())
    return list(await asyncio.gather(*map(_check, found.values())))


def known_problems() -> list[str]:
    """A sentence, in the active language, for each provider that could not be used lately. Asks nobody."""
    return [problem for connection in connections(stored()).values() if (problem := _known_problem(connection))]


def _known_problem(connection: Connection) -> str:
    if connection.problem:
        return f"{_label(connection)}: {connection.problem}"
    listing = heard(connection)
    if listing is None or not listing.failure or (listing.failure == NoModelList.code and _is_named(connection)):
        return ""
    if listing.failure in _TOLD:
        return f"{_label(connection)}: {describe(listing.failure).sentence}"
    text = gettext("%(provider)s could not be reached or refused the key when its models were last asked for.")
    return text % {"provider": _label(connection)}


def _is_named(connection: Connection) -> bool:
    """Whether the site names models of it, so that it needs no list."""
    return bool(named_models(connection.name, stored()))


async def _check(connection: Connection) -> Checked:
    from providers.failures import as_provider_error  # loads the HTTP clients, which few commands need

    label = _label(connection)
    try:
        async with asyncio.timeout(SECONDS):
            await try_out(connection)
    except TimeoutError:
        return Checked(label, TimedOut())
    except Exception as failure:
        return Checked(label, as_provider_error(failure))
    return Checked(label, None)


def _label(connection: Connection) -> str:
    return str(local.GROUP_LABEL) if connection.name == local.NAME else connection.label
