"""Between the hubs of several processes: Redis, when there is one, and nothing at all when there is not.

Nobody else talks to the channel layer.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

from channels.layers import get_channel_layer

from conversations.generation.frames import Frame, Key, pack, unpack

logger = logging.getLogger(__name__)

EVERY_PROCESS = "engines"
RETRY_SECONDS = 0.5
QUEUE_LENGTH = 10_000


class Bridge(Protocol):
    is_alone: bool  # there is no other process to hear of
    hears: bool  # what other processes tell arrives

    def send(self, key: Key, frame: Frame) -> None: ...
    def command(self, name: str, value: str) -> None: ...
    async def join(self, group: str) -> None: ...
    async def leave(self, group: str) -> None: ...
    async def run(self) -> None: ...


class NoBridge:
    """A site without Redis: there is nobody else to tell."""

    is_alone = hears = True

    def send(self, key: Key, frame: Frame) -> None:
        return

    def command(self, name: str, value: str) -> None:
        return

    async def join(self, group: str) -> None:
        return

    async def leave(self, group: str) -> None:
        return

    async def run(self) -> None:
        return


class LayerBridge:
    """Sends in order and without waiting: a slow or absent Redis never holds an answer up."""

    is_alone = False

    def __init__(
        self,
        on_frame: Callable[[Key, Frame], Awaitable[None]],
        on_command: Callable[[str, str], Awaitable[None]],
        on_return: Callable[[], Awaitable[None]],
    ) -> None:
        self._layer = get_channel_layer()
        self._me = uuid.uuid4().hex
        self._channel = ""
        self.hears = False
        self._groups = {EVERY_PROCESS}
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(QUEUE_LENGTH)
        self._on_frame, self._on_command, self._on_return = on_frame, on_command, on_return

    def send(self, key: Key, frame: Frame) -> None:
        body = {"owner": key.owner_id, "conversation": key.conversation_id.hex, "data": pack(frame)}
        self._enqueue(key.group, {"type": "frame", **body})

    def command(self, name: str, value: str) -> None:
        """Tell the engines of all other processes."""
        self._enqueue(EVERY_PROCESS, {"type": "command", "name": name, "value": value})

    def _enqueue(self, group: str, message: dict[str, Any]) -> None:
        if self._queue.full():
            self._queue.get_nowait()  # whoever misses a frame reads the checkpoint
        self._queue.put_nowait((group, message | {"from": self._me}))

    async def join(self, group: str) -> None:
        self._groups.add(group)
        if self._channel:
            await self._quietly(self._layer.group_add(group, self._channel))

    async def leave(self, group: str) -> None:
        self._groups.discard(group)
        if self._channel:
            await self._quietly(self._layer.group_discard(group, self._channel))

    async def run(self) -> None:
        """Pass messages on, both ways, until cancelled."""
        sender = asyncio.create_task(self._send_all())
        try:
            while True:
                await self._receive_until_it_breaks()
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            sender.cancel()

    async def _send_all(self) -> None:
        while True:
            group, message = await self._queue.get()
            await self._quietly(self._layer.group_send(group, message))

    async def _receive_until_it_breaks(self) -> None:
        try:
            returned, self._channel = bool(self._channel), await self._layer.new_channel("engine")
            for group in tuple(self._groups):
                await self._layer.group_add(group, self._channel)
            self.hears = True
            if returned:
                await self._on_return()
            while True:
                await self._receive(await self._layer.receive(self._channel))
        except Exception as error:
            self.hears = False
            logger.warning("The channel layer is out of reach (%s); trying again.", type(error).__name__)

    async def _receive(self, message: dict[str, Any]) -> None:
        if message.get("from") == self._me:
            return
        try:
            if message["type"] == "command":
                await self._on_command(message["name"], message["value"])
            else:
                key = Key(message["owner"], UUID(message["conversation"]))
                await self._on_frame(key, unpack(message["data"]))
        except (KeyError, TypeError, ValueError):
            logger.warning("A message of the channel layer could not be read and was left out.")

    async def _quietly(self, call: Awaitable[None]) -> None:
        try:
            await call
        except Exception as error:
            logger.warning("The channel layer did not take a message (%s).", type(error).__name__)
