"""Keeps pages going when nobody tells this process what happens elsewhere: it then reads the checkpoints.

That is so without Redis, when a worker makes the answers, and while Redis is away.
"""

from __future__ import annotations

import asyncio
import logging

from chatbot_site.threads import in_thread
from conversations.generation import outlook
from conversations.generation.bridge import Bridge
from conversations.generation.hub import Hub

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.5


class Follower:
    def __init__(self, hub: Hub, bridge: Bridge, *, makes_answers: bool) -> None:
        self._hub, self._bridge, self._makes_answers = hub, bridge, makes_answers
        self._unended: set[int] = set()  # generations whose end nobody else may tell the pages

    async def run(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self._look()
            except Exception as error:
                logger.warning("Could not follow answers made elsewhere (%s).", type(error).__name__)

    def expect(self, generation_id: int) -> None:
        """Another process is to make this: it may have ended before anybody here has seen it open."""
        if self._is_deaf:
            self._unended.add(generation_id)

    @property
    def _is_deaf(self) -> bool:
        return not self._bridge.hears or (self._bridge.is_alone and not self._makes_answers)

    async def _look(self) -> None:
        """What is not ended as it can be heard of again is followed to its end all the same."""
        if not self._hub.keys():
            self._unended.clear()  # whoever comes reads how it stands
            return
        still_open = await self._catch_up() if self._is_deaf else set()
        for generation_id in self._unended - still_open - self._hub.lives.keys():
            if await self._hub.tell_end(generation_id):
                self._unended.discard(generation_id)

    async def _catch_up(self) -> set[int]:
        """Show what others have written; which generations that are."""
        keys = self._hub.keys()
        made_here = set(self._hub.lives)
        found = await in_thread(outlook.open_elsewhere, [key.conversation_id for key in keys.values()], made_here)
        for checkpoint in found:
            await self._hub.catch_up(keys[checkpoint.conversation_id], checkpoint)
        self._unended |= self._hub.shown_of_others()
        return {checkpoint.generation_id for checkpoint in found}
