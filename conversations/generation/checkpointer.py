"""Saves the answers that this process is making: all that changed, in one transaction a tick, with their heartbeats.

What is saved is looked at by the site's screen, which may stop an answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from django.conf import settings

from chatbot_site.threads import in_thread
from conversations import screening
from conversations.generation import records
from conversations.generation.hub import Hub
from conversations.generation.live import Live
from conversations.generation.records import Saving

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0
LISTEN_SECONDS = 0.9  # whom nobody told of a stop reads of it here


class Checkpointer:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._listened_at = 0.0

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
        listens = now - self._listened_at > LISTEN_SECONDS
        if not due and not listens:
            return
        listening = [live.generation_id for live in lives] if listens else []
        to_stop = await in_thread(_save, savings, listening, [live.screened for live in due])
        if listens:
            self._listened_at = now
        for live, saving in zip(due, savings, strict=True):
            live.saved_seq, live.saved_at, live.screened = saving.seq, now, len(_said(saving))
        for live in lives:
            if live.generation_id in to_stop:
                live.stop()


def _save(savings: Sequence[Saving], listening: Sequence[int], screened: Sequence[int]) -> set[int]:
    """Which generations are to stop: those of `listening` that somebody asked to, and those that may not go on."""
    asked = records.save(savings, listening)
    looked_at = zip(savings, screened, strict=True)
    return asked | {saving.generation_id for saving, since in looked_at if screening.is_stopped(_said(saving), since)}


def _said(saving: Saving) -> str:
    return f"{saving.draft_reasoning}\n{saving.draft}" if saving.draft_reasoning else saving.draft


def _saving(live: Live) -> Saving:
    return Saving(live.generation_id, live.seq, live.whole("text"), live.whole("reasoning"))
