"""When to ask again by ourselves: rarely, only before the first token, and never against the provider's word."""

import asyncio
import random

from providers.errors import ProviderError
from providers.limits import Watchdog

MAX_RETRIES = 2
FIRST_DELAY_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0  # a person waits; beyond this the error with its retry time is the better answer


def delay_before_retry(error: ProviderError, retries: int, *, began: bool) -> float | None:
    """Seconds to wait before asking again, or None: give up.

    `retries` counts those made so far; `began`: something of the answer was already given out.
    """
    if began or not error.retryable or retries >= MAX_RETRIES:
        return None
    if error.retry_after is None:
        return FIRST_DELAY_SECONDS * 2.0**retries * random.uniform(0.5, 1.5)  # noqa: S311 - spread, not secrecy
    if error.retry_after > LONGEST_WAIT_SECONDS:
        return None
    return error.retry_after + random.uniform(0, 0.25)  # noqa: S311 - spread, not secrecy


async def wait_to_retry(error: ProviderError, retries: int, watchdog: Watchdog, *, began: bool = False) -> None:
    """Return when it is time to ask again; raises `error` when that is not to be, TimedOut when time runs out first."""
    delay = delay_before_retry(error, retries, began=began)
    if delay is None:
        raise error
    async with watchdog:
        await asyncio.sleep(delay)
