"""The web server: daphne, which here finishes open answers before it stops.

Not on uvloop, although that would cost a seventh less CPU: its poll handles end silently when a client resets its
connection, Twisted never hears of it, and each one leaves a file descriptor open for ever (measured with uvloop 0.23).
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import daphne.server
from daphne.server import Server  # before anything else of Twisted: it installs the asyncio reactor
from twisted.internet import reactor

from chatbot_site.logging import plain_path
from chatbot_site.web_requests import BodyRules, ChatHTTPFactory
from chatbot_site.web_sockets import UP_BYTES, ChatWebSocketFactory

logger = logging.getLogger(__name__)
access = logging.getLogger("chatbot_site.access")

DOWN_BYTES = 32 * 2**20  # a page that joins a very long answer gets it whole, in one message
QUIET_PATHS = ("/healthz", "/readyz")
PATH_SHOWN = 500  # characters of it in the log


class ChatServer(Server):  # type: ignore[misc]  # daphne has no types
    """Daphne's server with a graceful end.

    `on_listening()` is awaited once people can connect, `drain()` after SIGTERM or SIGINT, while no new connection is
    taken any more. A second signal stops at once. `failure` says after `run()` why it could not listen.
    `body_rules` say how long bodies may be; what of them is not kept in memory is in `body_folder`.
    """

    def __init__(
        self,
        application: Callable[..., Awaitable[None]],
        *,
        endpoint: str,
        drain: Callable[[], Coroutine[Any, Any, None]],
        on_listening: Callable[[], Coroutine[Any, Any, None]],
        body_rules: BodyRules | None = None,
        body_folder: Path | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            application,
            endpoints=[endpoint],
            signal_handlers=False,
            action_logger=log_access,
            websocket_timeout=-1,  # a day, else: closed with code 1000, after which htmx does not connect again
            websocket_max_message_size=DOWN_BYTES,
            websocket_max_frame_size=UP_BYTES,
            server_name="",
            **options,
        )
        self.drain = drain
        self.on_listening = on_listening
        self.body_rules, self.body_folder = body_rules or BodyRules(), body_folder
        self.failure = ""
        self._ports: list[Any] = []
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself would let them be collected half-way

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            _loop().add_signal_handler(number, self.stop_gracefully)
        # Daphne makes its factories by these names, and has no option for others.
        daphne.server.HTTPFactory, daphne.server.WebSocketFactory = ChatHTTPFactory, ChatWebSocketFactory
        super().run()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] == "http":
            scope["body"] = protocol.body  # see chatbot_site.handler
        return super().create_application(protocol, scope)

    def listen_success(self, port: Any) -> None:
        self._ports.append(port)
        super().listen_success(port)
        self.begin(self.on_listening())

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.getErrorMessage()
        self.stop()

    def stop_gracefully(self) -> None:
        """First call: let open answers end, then stop. Second call: stop now."""
        if self._stopping:
            self.stop()
            return
        self._stopping = True
        for port in self._ports:
            port.stopListening()
        self.begin(self._drain_and_stop())

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = _loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain_and_stop(self) -> None:
        logger.info("Stopping: open answers may still end. A second signal stops at once.")
        try:
            await self.drain()
        except Exception:
            logger.exception("Open answers could not be ended in order")
        finally:
            self.stop()

    def kill_all_applications(self) -> Any:
        # Daphne's own takes for granted that every connection has an application; one that has ended has none.
        idle = [protocol for protocol, details in self.connections.items() if "application_instance" not in details]
        for protocol in idle:
            del self.connections[protocol]
        return super().kill_all_applications()


def _loop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop
    return loop


def log_access(protocol: str, action: str, details: dict[str, Any]) -> None:
    """One line an answered request, and an opened, refused or closed websocket; without the query, which is private."""
    path = plain_path(details["path"].partition("?")[0])[:PATH_SHOWN]
    if protocol == "http":
        level = logging.DEBUG if path in QUIET_PATHS else logging.INFO
        milliseconds = details["time_taken"] * 1000
        access.log(
            level, "%s %s %s %s %d bytes %.0f ms",
            details["client"], details["method"], path, details["status"], details["size"], milliseconds,
        )  # fmt: skip
    elif action != "connecting":
        access.info("%s websocket %s %s", details["client"], path, action)
