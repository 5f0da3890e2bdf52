"""Turns out pages whose person may no longer look: at once when told, and by asking the database while frames flow."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user_model

from chatbot_site.threads import in_thread
from conversations.generation.hub import Hub

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
DISABLED = 4403


class Gatekeeper:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def run(self) -> None:
        """Every second in which answers are shown, ask who of the watching people still may."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if self._hub.take_shown():
                try:
                    await self._check()
                except Exception as error:
                    logger.warning("Could not check who may look on (%s).", type(error).__name__)

    async def turn_out_person(self, user_id: int) -> None:
        for guest in self._hub.tabs():
            if guest.key.owner_id == user_id:
                await guest.turn_out(DISABLED)

    async def turn_out_session(self, session_key: str) -> None:
        for guest in self._hub.tabs():
            if guest.session_key == session_key:
                await guest.turn_out(DISABLED)

    async def _check(self) -> None:
        guests = self._hub.tabs()
        people, sessions = {g.key.owner_id for g in guests}, {g.session_key for g in guests}
        may, alive = await in_thread(_still_welcome, people, sessions)
        for guest in guests:
            if guest.key.owner_id not in may or guest.session_key not in alive:
                await guest.turn_out(DISABLED)


def _still_welcome(people: set[int], sessions: set[str]) -> tuple[set[int], set[str]]:
    active = get_user_model().objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    alive = store.get_model_class().objects.filter(session_key__in=sessions).values_list("session_key", flat=True)
    return set(active), set(alive)
