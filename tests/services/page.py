"""A page of the site without a browser: it posts forms and follows the websocket, patch by patch."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import aiohttp

OPEN = ("queued", "running")


class Page:
    """What a tab shows of one conversation. `text` is the newest answer as plain text."""

    def __init__(self, url: str, session: str, conversation_id: uuid.UUID | None = None) -> None:
        self.url, self.conversation_id = url, conversation_id or uuid.uuid4()
        jar = aiohttp.CookieJar(unsafe=True)
        self.http = aiohttp.ClientSession(cookie_jar=jar, cookies={"sessionid": session, "django_language": "en"})
        self.frames: list[dict[str, Any]] = []
        self.status = ""
        self.message_id = 0

    async def __aenter__(self) -> Page:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def connect(self) -> None:
        address = f"{self.url}/ws/c/{self.conversation_id}/?language=en"
        self.socket = await self.http.ws_connect(address, origin=self.url, max_msg_size=0)
        self._early: list[dict[str, Any]] | None = []

    @property
    def address(self) -> str:
        return f"{self.url}/c/{self.conversation_id}/"

    async def read(self) -> str:
        async with self.http.get(self.address) as response:
            assert response.status == 200, response.status
            return await response.text()

    async def send(self, text: str, client_id: str = "") -> None:
        form = {"text": text, "client_id": client_id or str(uuid.uuid4())}
        await self.post("messages/", form)

    async def post(self, command: str, form: dict[str, str] | None = None) -> None:
        async with self.http.get(f"{self.url}/") as page:
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', await page.text())
        assert found
        headers = {"HX-Request": "true", "X-CSRFToken": found[1]}
        async with self.http.post(self.address + command, data=form or {}, headers=headers) as response:
            assert response.status in (200, 204), (response.status, await response.text())

    async def follow(self, enough: Any) -> None:
        """Take frames until `enough(self)`. Raises ConnectionError when the server goes away first."""
        while not enough(self):
            message = await self.socket.receive(timeout=30)
            if message.type != aiohttp.WSMsgType.TEXT:
                raise ConnectionError(str(message.type))
            if message.data.startswith("{"):
                self._hear(json.loads(message.data))

    def _hear(self, frame: dict[str, Any]) -> None:
        """As stream.js: what comes before the first word of a socket, on how things stand, is taken after it."""
        if self._early is None:
            self._take(frame)
        elif "leaf" in frame:
            early, self._early = [frame, *self._early], None
            for one in early:
                self._take(one)
        else:
            self._early.append(frame)

    def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        self.message_id = frame.get("m") or frame.get("leaf") or self.message_id
        self.status = frame.get("s") or self.status

    @property
    def words(self) -> list[str]:
        """The numbered words w0001, w0002 ... in the order in which they were shown, from the last snapshot on."""
        shown: list[str] = []
        for frame in self.frames:
            if frame.get("f") == -1:
                shown = []
            for op in frame.get("b", ()):
                shown.append(str(op[-1]))
        return re.findall(r"w\d{4}", "".join(shown))

    @property
    def ended(self) -> bool:
        return bool(self.status) and self.status not in OPEN
