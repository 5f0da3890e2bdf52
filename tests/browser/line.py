"""The line between a browser and the server, which a test can cut: TCP, passed on as it comes."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit


class Line:
    """Listens on a port of its own, and passes everything on until it is cut or told to hold things back."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._own_port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._own_port}"

    async def mend(self) -> None:
        """Let everything through (again)."""
        self._up.set()
        self._down.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._own_port)
            self._own_port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Reset all connections, drop what they held, refuse new ones."""
        if self._server:
            self._server.close()
            self._server = None
        for task in list(self._passing):
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def fall_silent(self) -> None:
        """As when the network is lost: no connection ends, and nothing arrives."""
        self._up.clear()
        self._down.clear()

    def hold_answers(self) -> None:
        """What the browser sends arrives; what the server says does not."""
        self._down.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._passing.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._pass_both_ways(reader, writer)
        writer.transport.abort()
        self._passing.discard(task)

    async def _pass_both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, far_writer, self._up))
                group.create_task(_pass_on(far_reader, writer, self._down))
        except* OSError:
            pass
        finally:
            far_writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event) -> None:
    while data := await reader.read(65_536):
        await open_.wait()
        writer.write(data)
        await writer.drain()
    writer.write_eof()
