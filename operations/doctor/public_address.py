"""Does what stands in front of the site let everything through: asked from outside, at the address that people use."""

from __future__ import annotations

import http.client
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import urlsplit
from uuid import uuid4

from conversations.consumers import NOT_LOGGED_IN
from operations.doctor.findings import Finding, Findings, ok, problem

SECONDS = 10
_MEND = 'Let websockets through: docs/deployment.md, "A websocket that does not get through".'
_OPENED, _CLOSE = 101, 0x8
_MAX_FRAME = 65_536  # bytes; the site sends none that is longer to somebody who is not logged in


@dataclass(frozen=True, slots=True)
class Address:
    """Where the proxy listens."""

    is_https: bool
    host: str
    port: int | None

    @property
    def origin(self) -> str:
        place = self.host if self.port is None else f"{self.host}:{self.port}"
        return f"{'https' if self.is_https else 'http'}://{place}"

    def connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self.is_https else http.client.HTTPConnection
        return kind(self.host, self.port, timeout=SECONDS)


def look(url: str) -> Findings:
    """`url`: as people type it; https where it does not say."""
    address = _parsed(url)
    if address is None:
        yield problem(f"{url} is no address of a site.", "Give it like this: --url https://chat.example.org")
        return
    for look_at in (_pages, _websocket):
        with _trouble(address) as found:
            found.append(look_at(address))
        yield from found
        if found[0].mend:
            return


def _parsed(url: str) -> Address | None:
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return Address(parts.scheme == "https", parts.hostname, port)


def _pages(address: Address) -> Finding:
    connection = address.connect()
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    finally:
        connection.close()
    if status == http.HTTPStatus.OK:
        return ok(f"{address.origin} answers.")
    return problem(f"{address.origin}/healthz answers with status {status}.", "Does the proxy lead to this site?")


def _websocket(address: Address) -> Finding:
    """The site closes a socket of somebody who is not logged in with a code of its own: a frame that only it sends."""
    connection = address.connect()
    try:
        connection.request("GET", f"/ws/c/{uuid4()}/", headers=_upgrade(address))
        response = connection.getresponse()
        if response.status != _OPENED:
            return problem(f"No websocket gets through: it is answered with status {response.status}.", _MEND)
        code = _close_code(cast(BinaryIO, response.fp))
    finally:
        connection.close()
    if code == NOT_LOGGED_IN:
        return ok("Websockets get through, and so does what the site sends.")
    if code is None:
        return problem("Websockets open, and are cut before anything comes through.", _MEND)
    return problem(f"Websockets open, and something before the site closes them (code {code}).", _MEND)


def _upgrade(address: Address) -> dict[str, str]:
    key = b64encode(os.urandom(16)).decode()
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Origin": address.origin,
    }


def _close_code(stream: BinaryIO) -> int | None:
    """Of the frame that ends the socket; what comes before it is passed over. None when there is none.

    Raises TimeoutError when there is none within SECONDS, whatever else comes.
    """
    deadline = time.monotonic() + SECONDS
    while len(head := stream.read(2)) == 2:
        length = head[1] & 0x7F
        longer = {126: 2, 127: 8}.get(length, 0)
        size = int.from_bytes(stream.read(longer)) if longer else length
        if size > _MAX_FRAME:
            return None
        payload = stream.read(size)
        if head[0] & 0x0F == _CLOSE:
            return int.from_bytes(payload[:2]) if payload else 0
        if time.monotonic() > deadline:
            raise TimeoutError
    return None


@contextmanager
def _trouble(address: Address) -> Iterator[list[Finding]]:
    found: list[Finding] = []
    try:
        yield found
    except TimeoutError:
        found.append(problem(f"{address.origin}: nothing came through within {SECONDS} seconds.", _MEND))
    except (OSError, http.client.HTTPException) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        mend = "Is the address right, and does it lead here from this machine?"
        found.append(problem(f"{address.origin} cannot be reached ({said}).", mend))
