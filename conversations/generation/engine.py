"""The engine of a process: its hub, runner, checkpoints and reaper, on the event loop that serves it.

Sync code (views, signals, commands) reaches it by `make`, `wake`, `stop` and `announce`, from any thread; where no
engine runs in this process (a shell, a command, a test client) these do nothing, and another process's poll sees to it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from django.conf import settings

from chatbot_site.threads import in_thread
from conversations.generation import records
from conversations.generation.bridge import Bridge, LayerBridge, NoBridge
from conversations.generation.checkpointer import Checkpointer
from conversations.generation.follower import Follower
from conversations.generation.frames import Added, Changed, Frame, Key, Locked, Renewed, Waiting
from conversations.generation.gatekeeper import Gatekeeper
from conversations.generation.hub import Hub
from conversations.generation.jobs import Job
from conversations.generation.records import Status
from conversations.generation.runner import Runner
from conversations.search.index import index_settled

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
ASGIApplication = Callable[[Any, Any, Any], Awaitable[None]]


class Engine:
    def __init__(self, *, makes_answers: bool) -> None:
        self.loop = asyncio.get_running_loop()
        self.makes_answers = makes_answers
        self.bridge: Bridge = (
            LayerBridge(self._on_frame, self._on_command, self._on_return) if settings.REDIS_URL else NoBridge()
        )
        self.hub = Hub(self.bridge)
        self.runner = Runner(self.hub, self._go_on)
        self.gatekeeper = Gatekeeper(self.hub)
        self.follower = Follower(self.hub, self.bridge, makes_answers=makes_answers)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        jobs = (self.bridge, Checkpointer(self.hub), self.gatekeeper, self.follower)
        for job in (*(job.run() for job in jobs), self._poll()):
            self.spawn(job)

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        """Run `job` on this loop and hold on to it until it ends."""
        task = self.loop.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- commands: from this process, or from another by the bridge -----------------------------------------------
    async def command(self, name: str, value: str) -> None:
        self.bridge.command(name, value)
        await self._on_command(name, value)

    async def _on_command(self, name: str, value: str) -> None:
        if name == "wake" and self.makes_answers:
            self.runner.start(int(value))
        elif name == "wake":
            self.follower.expect(int(value))
        elif name == "stop" and (live := self.hub.lives.get(int(value))):
            live.stop()
        elif name == "disable":
            await self.gatekeeper.turn_out_person(int(value))
        elif name == "end_session":
            await self.gatekeeper.turn_out_session(value)

    async def _on_frame(self, key: Key, frame: Frame) -> None:
        await self.hub.receive(key, frame)

    async def _on_return(self) -> None:
        await self.hub.resync()

    # --- the safety net ---------------------------------------------------------------------------------------------
    async def _poll(self) -> None:
        """Find what nobody told us of: queued generations, and those whose process has died."""
        while True:
            try:
                await self._look()
            except Exception as error:
                logger.warning("Could not look for open generations (%s).", type(error).__name__)
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the polls of processes

    async def _look(self) -> None:
        for ended in await in_thread(records.reap, set(self.hub.lives)):
            logger.warning("Generation %s lost its process: %s", ended.generation_id, ended.status)
            await self.hub.publish(ended.key, Changed(ended.generation_id, ended.message_id, ended.status))
        if self.makes_answers:
            for generation_id in await in_thread(records.queued_ids):
                self.runner.start(generation_id)
            for key in await in_thread(_line.missed):
                await self._go_on(key)
            await in_thread(index_settled)

    async def _go_on(self, key: Key) -> None:
        """Ask the next question that waits in a conversation."""
        await in_thread(_line.submit_next, key)


class Line(Protocol):
    """The questions that wait for an answer to end: conversations.waiting, which stands above the engine."""

    def submit_next(self, key: Key) -> object:
        """Ask the oldest question that waits in a conversation, if there is one and its turn has come."""

    def missed(self) -> list[Key]:
        """Conversations in which questions wait although no answer is being written."""


_line: Line
_engine: Engine | None = None


def go_on_with(line: Line) -> None:
    """Where the engine finds what to ask next; set when the app is ready."""
    global _line
    _line = line


def ensure(*, makes_answers: bool | None = None) -> Engine:
    """The engine of the running event loop's process; started on the first call."""
    global _engine
    if _engine is None or _engine.loop is not asyncio.get_running_loop():
        _engine = Engine(makes_answers=settings.RUN_GENERATIONS == "web" if makes_answers is None else makes_answers)
        _engine.start()
    return _engine


async def shut_down() -> None:
    """Cancel everything, as the death of the process would, and forget it."""
    global _engine
    if _engine is not None:
        engine, _engine = _engine, None
        await engine.close()


def started_with(application: ASGIApplication) -> ASGIApplication:
    """`application`, starting the engine with its first connection: not every ASGI server tells when it starts."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        ensure()
        await application(scope, receive, send)

    return wrapped


async def drain(seconds: float) -> None:
    """Let open generations finish for so long; what is still open then is left as after a crash."""
    if _engine is not None:
        await _engine.runner.drain(seconds)


def _submit(make: Callable[[Engine], Coroutine[Any, Any, None]]) -> None:
    engine = _engine
    if engine is not None and engine.loop.is_running():
        engine.loop.call_soon_threadsafe(lambda: engine.spawn(make(engine)))


def takes_answers() -> bool:
    """Whether this process makes answers, so that one may be claimed for it as it is stored."""
    engine = _engine
    return engine is not None and engine.makes_answers and engine.loop.is_running() and not engine.runner.closing


def make(job: Job) -> None:
    """A generation has been stored and claimed for this process."""
    engine = _engine
    if engine is not None and engine.loop.is_running():
        engine.loop.call_soon_threadsafe(engine.runner.make, job)


def wake(generation_id: int) -> None:
    """A generation has been queued."""
    _submit(lambda engine: engine.command("wake", str(generation_id)))


def stop(generation_id: int) -> None:
    """Somebody asked to stop a running generation (the record already says so)."""
    _submit(lambda engine: engine.command("stop", str(generation_id)))


def tell_stopped(key: Key, generation_id: int, message_id: int) -> None:
    """A generation was taken back before anybody had begun it."""
    _submit(lambda engine: engine.hub.publish(key, Changed(generation_id, message_id, Status.STOPPED)))


def announce(key: Key, message_id: int, status: str = "") -> None:
    """A conversation has new messages, or shows another branch; `status` of the generation that begins with it."""
    _submit(lambda engine: engine.hub.publish(key, Added(message_id, status)))


def announce_waiting(key: Key, count: int) -> None:
    """Another number of questions waits in a conversation."""
    _submit(lambda engine: engine.hub.publish(key, Waiting(count)))


def announce_renewed(key: Key, message_id: int) -> None:
    """A message is hidden now, or no longer."""
    _submit(lambda engine: engine.hub.publish(key, Renewed(message_id)))


def announce_locked(key: Key, is_locked: bool) -> None:
    """A conversation is locked now, or no longer."""
    _submit(lambda engine: engine.hub.publish(key, Locked(is_locked)))


def disable_person(user_id: int) -> None:
    _submit(lambda engine: engine.command("disable", str(user_id)))


def end_session(session_key: str) -> None:
    _submit(lambda engine: engine.command("end_session", session_key))
