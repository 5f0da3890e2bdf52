"""The websocket: tells one page what happens in its conversation. Nothing is asked or changed through it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from weakref import WeakSet

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db.models import BigIntegerField, Case, Q, Value, When

from accounts.sessions import user_of
from chatbot_site.threads import in_thread
from conversations.generation import engine
from conversations.generation.frames import Key
from conversations.models import Conversation
from conversations.models.conversation import lasts

NOT_LOGGED_IN, NOT_FOUND, TOO_MANY = 4401, 4404, 4429
LANGUAGES = {code for code, _ in settings.LANGUAGES}


class ConversationConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Refuses by closing after the handshake: rejecting the handshake itself would make htmx try again for ever."""

    channel_layer_alias = "none"  # the hub hears for all pages; and they open without Redis too
    key: Key
    language: str
    session_key: str
    _watching = False
    _open = False

    async def connect(self) -> None:
        await self.accept()
        conversation_id: UUID = self.scope["url_route"]["kwargs"]["conversation_id"]
        self.session_key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
        self.language = _language(self.scope["query_string"])
        user_id, owner_id = await in_thread(_who_and_whose, self.session_key, conversation_id)
        if user_id is None:
            await self.close(NOT_LOGGED_IN)
            return
        # A conversation that does not exist yet is one whose first question is still being written.
        if owner_id not in (None, user_id):
            await self.close(NOT_FOUND)
            return
        if not _takes_one_more(self, user_id):
            await self.close(TOO_MANY)
            return
        self.key = Key(user_id, conversation_id)
        self._open = self._watching = True
        await engine.ensure().hub.watch(self)

    async def disconnect(self, code: int) -> None:
        self._open = False
        if self._watching:
            _forget(self, self.key.owner_id)
            await engine.ensure().hub.leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing goes up this way: whatever comes is ignored."""

    async def deliver(self, text: str) -> None:
        if self._open:
            try:
                await self.base_send({"type": "websocket.send", "text": text})
            except (OSError, RuntimeError, asyncio.InvalidStateError):
                self._open = False  # the page has gone; its disconnect is on its way

    async def turn_out(self, code: int) -> None:
        if self._open:
            self._open = False
            await self.close(code)


class NowhereConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """An address that is not there."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


_of_person: defaultdict[int, WeakSet[ConversationConsumer]] = defaultdict(WeakSet)
"""The sockets of each person in this process. One whose end nobody told of goes with its consumer."""


def _takes_one_more(consumer: ConversationConsumer, user_id: int) -> bool:
    """The newest one is refused: a page whose old socket went would open it anew, for ever. It asks over HTTP."""
    if settings.LIMIT_SOCKETS and len(_of_person[user_id]) >= settings.LIMIT_SOCKETS:
        return False
    _of_person[user_id].add(consumer)
    return True


def _forget(consumer: ConversationConsumer, user_id: int) -> None:
    _of_person[user_id].discard(consumer)
    if not _of_person[user_id]:
        del _of_person[user_id]


def _language(query: bytes) -> str:
    """The language of the page that asks: fragments come in it."""
    asked: Any = parse_qs(query.decode("ascii", "replace")).get("language", [""])[0]
    return asked if asked in LANGUAGES else settings.LANGUAGE_CODE


def _who_and_whose(session_key: str, conversation_id: UUID) -> tuple[int | None, int | None]:
    """The logged-in person's id, and the id of the conversation's owner (None: there is no such conversation)."""
    user = user_of(session_key)
    if user is None:
        return None, None
    found = Conversation.objects.filter(pk=conversation_id)
    is_there = lasts() & Q(deleted_at__isnull=True)
    owner_id = Case(When(is_there, then="owner_id"), default=Value(0), output_field=BigIntegerField())
    return user.pk, found.values_list(owner_id, flat=True).first()
