"""A ChatServer for tests, with an application of three lines: `toy_server.py PORT FOLDER [PATIENCE]`.

It tells how far it has come by files in FOLDER: listening, draining; and ends draining when `drained` appears there.
PATIENCE: for how many seconds it waits for the head of a request, and at first for its body.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from chatbot_site import web_requests
from chatbot_site.server import ChatServer

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
if len(sys.argv) > 3:
    web_requests.HEAD_SECONDS = web_requests.BODY_SECONDS = float(sys.argv[3])


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello"})


async def listening() -> None:
    (FOLDER / "listening").touch()


async def drain() -> None:
    (FOLDER / "draining").touch()
    while not (FOLDER / "drained").exists():
        await asyncio.sleep(0.01)


def main() -> None:
    server = ChatServer(
        application,
        endpoint=f"tcp:port={PORT}:interface=127.0.0.1",
        drain=drain,
        on_listening=listening,
    )
    server.run()
    sys.exit(server.failure or 0)


main()
