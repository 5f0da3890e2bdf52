"""Workers say that they are there, also while there is no answer to make: in the cache, which Redis shares, and in a
file for whoever watches a container. `manage.py doctor` reads the first, a health check the age of the second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from django.core.cache import cache

from chatbot_site.threads import in_thread
from conversations.generation.records import WORKER

logger = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
GONE_AFTER_SECONDS = 30.0
_KEY = "generation-workers"


async def keep_saying(file: Path | None = None) -> None:
    """Say it every few seconds, until cancelled. Never fails."""
    while True:
        try:
            await in_thread(_say, file)
        except Exception as error:
            logger.warning("Could not say that this worker is there (%s).", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


def _say(file: Path | None) -> None:
    # Two workers that write in the same moment may lose one entry, until it is written again: long before it is old.
    cache.set(_KEY, workers() | {WORKER: time.time()}, timeout=GONE_AFTER_SECONDS)
    if file is not None:
        file.touch()


def workers() -> dict[str, float]:
    """The workers that have spoken lately, and when. Empty where no cache is shared: then nobody can know."""
    oldest = time.time() - GONE_AFTER_SECONDS
    found: dict[str, float] = cache.get(_KEY) or {}
    return {worker: spoken for worker, spoken in found.items() if spoken > oldest}
