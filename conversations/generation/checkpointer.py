"""Saves the answers that this process is making: all that changed, in one transaction a tick, with their heartbeats."""

from __future__ import annotations

import asyncio
import logging
import time

from channels.db import database_sync_to_async
from django.conf import settings

from conversations.generation import records
from conversations.generation.hub import Hub
from conversations.generation.live import Live
from conversations.generation.records import Saving

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0


class Checkpointer:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def run(self) -> None:
        """Tick until cancelled. A tick that the database refuses is made up for by the next."""
        while True:
            await asyncio.sleep(settings.CHECKPOINT_SECONDS)
            if self._hub.lives:
                try:
                    await self._tick()
                except Exception as error:
                    logger.warning("A checkpoint could not be written (%s).", type(error).__name__)

    async def _tick(self) -> None:
        now = time.monotonic()
        lives = [live for live in self._hub.lives.values() if not live.ending]
        due = [live for live in lives if live.seq != live.saved_seq or now - live.saved_at > HEARTBEAT_SECONDS]
        savings = [_saving(live) for live in due]
        save = database_sync_to_async(records.save, thread_sensitive=False)
        asked = await save(savings, [live.generation_id for live in lives])
        for live, saving in zip(due, savings, strict=True):
            live.saved_seq, live.saved_at = saving.seq, now
        for live in lives:
            if live.generation_id in asked:
                live.stop()


def _saving(live: Live) -> Saving:
    return Saving(live.generation_id, live.seq, live.whole("text"), live.whole("reasoning"))
