"""Requests as they come in: how much of a body is taken from whom, and how slowly it may come.

Daphne takes whatever comes, whole and twice, before the site sees any of it. Here a body is weighed while it comes,
beyond `BodyRules.at_once` only after asking who sends it, and given to the site as a file.
"""

from __future__ import annotations

import asyncio
import logging
import re
import tempfile
import time
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from weakref import WeakValueDictionary

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.web import http

logger = logging.getLogger(__name__)
HTTPChannel: Any = http.HTTPChannel  # its types leave most of it out

HEAD_SECONDS = 20  # for the first line and the headers of a request
IDLE_SECONDS = 60  # without a byte of what is under way, or of the next request
BODY_SECONDS = 30  # for a body at first, and then
BYTES_A_SECOND = 2048  # at least; a file of 200 MB may take a day
LINGER_SECONDS = 5  # of what still comes after a refusal: whoever sends reads the answer only then
LARGE_AT_ONCE = 2  # bodies of one person that are larger than anybody's may be
IN_MEMORY = 64 * 2**10  # of a body; the rest is in a file


@dataclass(frozen=True)
class Refusal:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class BodyRules:
    """How long a body may be."""

    at_once = 2**20  # from anybody; more only after asking `longest`

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    async def longest(self, method: str, path: str, cookies: str) -> tuple[int, int | None]:
        """And who it is that may send so much, if anybody in particular."""
        return self.at_once, None

    async def turn(self, person: int) -> asyncio.Semaphore:
        """Held when it is returned. Further large bodies of a person wait, unread, while so many are under way."""
        turns = self._turns.setdefault(person, asyncio.Semaphore(LARGE_AT_ONCE))
        await turns.acquire()
        return turns

    def too_large(self, limit: int, *, path: str, is_htmx: bool) -> Refusal:
        return Refusal(413, b"Too large.\n")

    def too_slow(self) -> Refusal:
        return Refusal(408, b"Too slow.\n")


_ORIGIN = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)


def _without_origin(target: bytes) -> bytes:
    """A request's target; of http://x/y, which clients may send to a proxy, what comes after the host. The site goes by
    the Host header alone, and puts addresses together of its own name and the path."""
    origin = _ORIGIN.match(target)
    if not origin:
        return target
    rest = target[origin.end() :]
    return rest if rest.startswith(b"/") else b"/" + rest


class ChatRequest(WebRequest):  # type: ignore[misc]  # daphne has no types
    """A request whose body is weighed as it comes. `body` has it afterwards, for whoever answers to close."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._parsePOSTFormSubmission = False  # Twisted reads forms for itself, whole, on the event loop
        self.rules: BodyRules = self.server.body_rules
        self.body: Any = None
        self.is_asking = self.is_refused = self.owes_continue = self._has_asked = False
        self._turn: asyncio.Semaphore | None = None
        self._limit, self._taken = self.rules.at_once, 0
        self._began = time.monotonic()

    def gotLength(self, length: int | None) -> None:
        self.content: Any = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=self.server.body_folder)  # noqa: SIM115 - closed by the handler
        self._began = time.monotonic()
        self.channel._path = _without_origin(self.channel._path)
        if not self.channel._path.startswith(b"/"):
            self._refuse(Refusal(400, b"Bad request.\n"))
        elif length is not None and length > self._limit:
            self._ask(length)

    def handleContentChunk(self, data: bytes) -> None:
        if self.is_refused:
            return
        self._taken += len(data)
        if time.monotonic() - self._began > BODY_SECONDS + self._taken / BYTES_A_SECOND:
            self._refuse(self.rules.too_slow())
        elif self._taken > self._limit and not self.is_asking:
            self._ask(self._taken)
        if not self.is_refused:
            self.content.write(data)

    def process(self) -> Any:
        """The body goes to the site as a file. Daphne, which would put it into memory once more, finds none."""
        if self.requestHeaders.getRawHeaders(b"Upgrade", [b""])[0].lower() == b"websocket":
            return super().process()
        self.body, self.content = self.content, BytesIO()
        self.body.seek(0)
        return super().process()

    # --- More than anybody may send ---------------------------------------------------------------
    def _ask(self, length: int) -> None:
        """Whether so much may come; meanwhile nothing more is read. Asked once: then the limit is known."""
        if self._has_asked or not self._cookies:
            self._refuse_size()
            return
        self._has_asked = self.is_asking = True
        self.channel.hold()
        self.server.begin(self._decide(length))

    @property
    def _cookies(self) -> str:
        return "; ".join(value.decode("latin1") for value in self.requestHeaders.getRawHeaders(b"Cookie", []))

    @property
    def _path(self) -> str:
        path: bytes = self.channel._path
        return path.partition(b"?")[0].decode("latin1")

    async def _decide(self, length: int) -> None:
        try:
            method = self.channel._command.decode("latin1")
            limit, person = await self.rules.longest(method, self._path, self._cookies)
        except Exception as error:  # whatever a database raises that is not there
            logger.warning("Nobody can say who sends a large body: %s", type(error).__name__)
            limit, person = self.rules.at_once, None
        self._limit = max(limit, self.rules.at_once)
        fits = max(length, self._taken) <= self._limit
        if fits and person is not None and not self._is_over:
            self._turn = await self.rules.turn(person)
        self.is_asking = False
        if self._is_over:
            self._end_turn()
            return
        if not fits:
            self._refuse_size()
            return
        self._began = time.monotonic()
        if self.owes_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.channel.go_on()

    @property
    def _is_over(self) -> bool:
        return bool(self._disconnected or self.finished or self.body is not None)

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()

    def finish(self) -> None:
        self._end_turn()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        self._end_turn()
        super().connectionLost(reason)

    def _refuse_size(self) -> None:
        is_htmx = self.requestHeaders.hasHeader(b"HX-Request")
        self._refuse(self.rules.too_large(self._limit, path=self._path, is_htmx=is_htmx))

    def _refuse(self, refusal: Refusal) -> None:
        """Answer now. What is still on its way is thrown away for a while, and then the connection ends."""
        self.is_refused = True
        channel = self.channel
        self.method, self.uri, self.clientproto = channel._command, channel._path, channel._version
        self.client_addr = [str(self.client.host), self.client.port]
        self.request_start = time.time()
        self.content.close()
        channel.persistent, channel.lingers = False, True
        headers = {"Content-Length": str(len(refusal.body)), "Connection": "close"} | refusal.headers
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.handle_reply({"type": "http.response.start", "status": refusal.status, "headers": pairs})
        self.handle_reply({"type": "http.response.body", "body": b"" if self.method == b"HEAD" else refusal.body})


class ChatChannel(HTTPChannel):  # type: ignore[misc]  # see above
    """A connection: its requests, one after another. Headers that trickle in end it."""

    requestFactory = ChatRequest
    lingers = False  # the last answer is on its way; what comes is not looked at
    _head_began: float | None = None
    _end: Any = None

    def dataReceived(self, data: bytes) -> None:
        if self.lingers:
            return
        if self.line_mode and not self._handlingRequest:
            now = time.monotonic()
            if self._head_began is None:
                self._head_began = now
            elif now - self._head_began > HEAD_SECONDS:
                self.loseConnection()
                return
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        self._head_began = None
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        if not self.lingers:
            super().allContentReceived()

    def _send100Continue(self) -> None:
        request = self.requests[-1] if self.requests else None
        if request is None or self.lingers:
            return
        if request.is_asking:
            request.owes_continue = True
        else:
            super()._send100Continue()

    def hold(self) -> None:
        """Read nothing more; what is in the kernel's buffers waits there."""
        self.setTimeout(None)
        self._networkProducer.pauseProducing()

    def go_on(self) -> None:
        self.setTimeout(self.timeOut)
        self._networkProducer.resumeProducing()

    def loseConnection(self) -> Any:
        if not self.lingers or self._end is not None:
            return super().loseConnection()
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self.transport.resumeProducing()
        self._end = self.callLater(LINGER_SECONDS, self.transport.abortConnection)
        return None

    def connectionLost(self, reason: Any) -> None:
        if self._end is not None and self._end.active():
            self._end.cancel()
        super().connectionLost(reason)


class ChatHTTPFactory(HTTPFactory):  # type: ignore[misc]  # daphne has no types
    protocol = ChatChannel

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = IDLE_SECONDS

    def buildProtocol(self, addr: Any) -> Any:
        channel = super().buildProtocol(addr)
        channel.requestFactory = ChatRequest
        return channel
