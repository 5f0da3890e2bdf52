"""Keeps pages going when nobody tells this process what happens elsewhere: it then reads the checkpoints.

That is so without Redis, when a worker makes the answers, and while Redis is away.
"""

from __future__ import annotations

import asyncio
import logging

from chatbot_site.threads import in_thread
from conversations.generation import outlook
from conversations.generation.bridge import Bridge
from conversations.generation.frames import Changed
from conversations.generation.hub import Hub

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.5


class Follower:
    def __init__(self, hub: Hub, bridge: Bridge, *, makes_answers: bool) -> None:
        self._hub, self._bridge, self._makes_answers = hub, bridge, makes_answers
        self._followed: dict[int, int] = {}  # generation id -> message id

    async def run(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                if self._is_needed():
                    await self._look()
                else:
                    self._followed.clear()
            except Exception as error:
                logger.warning("Could not follow answers made elsewhere (%s).", type(error).__name__)

    def _is_needed(self) -> bool:
        deaf = not self._bridge.hears or (self._bridge.is_alone and not self._makes_answers)
        return deaf and bool(self._hub.keys())

    async def _look(self) -> None:
        keys = self._hub.keys()
        made_here = set(self._hub.lives)
        found = await in_thread(outlook.open_elsewhere, [key.conversation_id for key in keys.values()], made_here)
        for checkpoint in found:
            await self._hub.catch_up(keys[checkpoint.conversation_id], checkpoint)
        now_open = {checkpoint.generation_id: checkpoint for checkpoint in found}
        for generation_id in self._followed.keys() - now_open.keys():
            await self._tell_end(generation_id)
        self._followed = {generation_id: c.message_id for generation_id, c in now_open.items()}

    async def _tell_end(self, generation_id: int) -> None:
        ended = await in_thread(outlook.status_of, generation_id)
        if ended is not None and generation_id not in self._hub.lives:
            await self._hub.receive(ended.key, Changed(generation_id, ended.message_id, ended.status))
