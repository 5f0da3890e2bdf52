"""A proxy between a browser and the server that passes pages on, and websockets as badly as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

PAGE = b"<!doctype html><title>No</title><p>This gateway does not know websockets."


class Mode(StrEnum):
    """What becomes of a websocket."""

    PASS = "pass"
    REFUSE = "refuse"  # the upgrade is answered with a page of the proxy's own, of status `status`
    IGNORE = "ignore"  # the upgrade is never answered
    CLOSE = "close"  # it opens, and is closed at once
    CUT = "cut"  # it opens, and its connection is reset at once
    SILENT = "silent"  # it opens, and nothing ever comes through
    FORGET = "forget"  # `frames` frames come through, then none: as after a NAT's timeout
    LATE = "late"  # every frame comes `late` seconds after it was sent


class Proxy:
    """Listens on a port of its own. `upgrades`: how many websockets were asked for; `looks`: the requests of pages."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.mode, self.status, self.frames, self.late = Mode.PASS, 404, 3, 5.0
        self.upgrades = 0
        self.requests: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> Proxy:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        return self

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.transport.abort() if self.mode is Mode.CUT else writer.close()
        self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection, so that every one is seen."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, headers = head.partition(b"\r\n")
        self.requests.append(line.decode("latin-1").rsplit(" ", 1)[0])
        if b"\r\nupgrade: websocket" in head.lower():
            self.upgrades += 1
            await self._upgrade(head, reader, writer)
        else:
            kept = [one for one in headers.split(b"\r\n") if not one.lower().startswith(b"connection:")]
            await self._pass(b"\r\n".join([line, b"Connection: close", *kept]), reader, writer)

    async def _upgrade(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.REFUSE:
            writer.write(b"HTTP/1.1 %d No\r\nContent-Type: text/html\r\n" % self.status)
            writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(PAGE), PAGE))
            await writer.drain()
        elif self.mode is Mode.IGNORE:
            await reader.read()
        else:
            await self._pass(head, reader, writer)

    async def _pass(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        far_writer.write(head)
        up = asyncio.create_task(_copy(reader, far_writer))
        try:
            if b"upgrade: websocket" in head.lower():
                await self._answer(far_reader, writer)
            else:
                await _copy(far_reader, writer)
        finally:
            up.cancel()
            far_writer.transport.abort()

    async def _answer(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await far.readuntil(b"\r\n\r\n"))
        await writer.drain()
        if self.mode is Mode.CLOSE:
            writer.write(b"\x88\x02\x03\xe8")  # 1000: all is well
            await writer.drain()
        elif self.mode is not Mode.CUT:
            await self._pass_frames(far, writer)

    async def _pass_frames(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        passed = 0
        async for frame in _frames(far):
            if self.mode is Mode.SILENT or (self.mode is Mode.FORGET and passed >= self.frames):
                continue
            passed += 1
            if self.mode is Mode.LATE:
                loop.call_later(self.late, writer.write, frame)
            else:
                writer.write(frame)
                await writer.drain()


LENGTHS: Final = {126: 2, 127: 8}


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The frames that a server sends: never masked."""
    while True:
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        longer = await reader.readexactly(LENGTHS.get(size, 0))
        yield head + longer + await reader.readexactly(int.from_bytes(longer, "big") if longer else size)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
