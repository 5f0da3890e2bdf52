"""Makes answers: asks the model, gathers what comes, shows it, and writes the end. One asyncio task an answer.

An answer belongs to nobody's connection: closing the page, reloading it or losing the network changes nothing here.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from contextlib import aclosing

from channels.db import database_sync_to_async
from django.conf import settings

from conversations.generation import records
from conversations.generation.frames import Changed
from conversations.generation.hub import Hub
from conversations.generation.live import Live
from conversations.generation.records import Job, Outcome, Saving, Status
from conversations.text import storable_piece
from providers import Finish, Provider, ProviderError, Reasoning, Text, Usage, cost_of, estimate_tokens, resolve

logger = logging.getLogger(__name__)

Receiving = asyncio.Task[tuple[Usage | None, Finish | None]]
FRAME_SECONDS = 1 / 60  # no screen shows more; what comes faster goes together
SHARE_OF_TIME = 8  # a frame that took t to show is followed by 8 t without one


class Runner:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.closing = False
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, generation_id: int) -> None:
        """Try to take and make this generation. Harmless for one that another process has, or that has ended."""
        if self.closing or generation_id in self._tasks:
            return
        # A fresh context: nothing of the request that asked may leak into an answer that outlives it.
        task = asyncio.get_running_loop().create_task(self._run(generation_id), context=contextvars.Context())
        self._tasks[generation_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(generation_id, None))

    async def drain(self, seconds: float) -> None:
        """Begin nothing more; let what is open finish for so long, then leave it as a crash would."""
        self.closing = True
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)

    async def _run(self, generation_id: int) -> None:
        try:
            job = await database_sync_to_async(records.claim, thread_sensitive=False)(generation_id)
            if job is not None:
                await self._make(job)
        except Exception:
            # The reaper ends it when its heartbeat has aged; a traceback of ours holds no text of anybody's.
            logger.exception("Generation %s broke off", generation_id)

    async def _make(self, job: Job) -> None:
        live = Live(job.generation_id, job.message_id, job.key, job.prefix, job.prefix_reasoning)
        self.hub.lives[live.generation_id] = live
        try:
            await self.hub.publish(live.key, Changed(live.generation_id, live.message_id, Status.RUNNING))
            task = live.task = asyncio.create_task(Answer(self.hub, live).receive(job))
            if live.stop_requested:
                task.cancel()
            outcome = await self._outcome(live, task, job)
            await self._end(live, outcome)
        finally:
            self.hub.lives.pop(live.generation_id, None)

    async def _outcome(self, live: Live, task: Receiving, job: Job) -> Outcome:
        try:
            usage, finish = await task
            status = Status.COMPLETE if finish else Status.INTERRUPTED
            outcome = Outcome(status, finish_reason=finish.reason if finish else "", usage=usage)
        except asyncio.CancelledError:
            if not live.stop_requested:
                raise
            outcome = Outcome(Status.STOPPED)
        except ProviderError as error:
            outcome = Outcome(Status.FAILED, error_code=error.code, retry_after=error.retry_after)
            logger.info("Generation %s failed: %s", live.generation_id, error.code)
        except Exception:
            logger.exception("Generation %s failed", live.generation_id)
            outcome = Outcome(Status.FAILED, error_code="internal")
        now = time.monotonic()
        outcome.duration_ms = int((now - live.claimed_at) * 1000)
        if live.first_token_at is not None:
            outcome.ttft_ms = int((live.first_token_at - live.claimed_at) * 1000)
        if outcome.usage is None and live.seq:
            outcome.usage = _estimated(live, job)  # it was paid for, although nobody said how much
        if outcome.usage is not None:
            outcome.cost = cost_of(job.model, outcome.usage)
        return outcome

    async def _end(self, live: Live, outcome: Outcome) -> None:
        for delta in live.take_unshown():
            await self.hub.publish(live.key, delta)
        saving = Saving(live.generation_id, live.seq, live.whole("text"), live.whole("reasoning"))
        live.ending = True
        if await self._written(saving, outcome):
            await self.hub.publish(live.key, Changed(live.generation_id, live.message_id, outcome.status))

    async def _written(self, saving: Saving, outcome: Outcome) -> bool:
        """Write the end, for as long as the database needs to take it: an answer is not lost to a short outage."""
        pause = 0.25
        while True:
            try:
                finish = database_sync_to_async(records.finish, thread_sensitive=False)
                written: bool = await finish(saving, outcome)
                return written
            except Exception:
                if pause > settings.HEARTBEAT_TIMEOUT_SECONDS:
                    raise
                logger.warning("The end of generation %s could not be written; trying again.", saving.generation_id)
                await asyncio.sleep(pause)
                pause *= 2


def _estimated(live: Live, job: Job) -> Usage:
    read = estimate_tokens(job.request.system) + sum(estimate_tokens(turn.content) for turn in job.request.turns)
    thought, written = estimate_tokens(live.whole("reasoning")), estimate_tokens(live.whole("text"))
    return Usage(input_tokens=read, output_tokens=thought + written, reasoning_tokens=thought, estimated=True)


class Answer:
    """Receives one answer and shows it: at once while nothing is on its way, gathered when it comes faster."""

    def __init__(self, hub: Hub, live: Live) -> None:
        self._hub, self._live = hub, live
        self._due_at = 0.0
        self._showing: asyncio.Task[None] | None = None

    async def receive(self, job: Job) -> tuple[Usage | None, Finish | None]:
        """Usage and finish as the provider gave them. Raises ProviderError; cancelling it ends the provider's work."""
        provider, _ = await resolve(job.model)
        return await (self._stream(provider, job) if job.streaming else self._whole(provider, job))

    async def _stream(self, provider: Provider, job: Job) -> tuple[Usage | None, Finish | None]:
        usage: Usage | None = None
        finish: Finish | None = None
        async with aclosing(provider.stream(job.request)) as events:
            async for event in events:
                if isinstance(event, Text):
                    self._live.add("text", storable_piece(event.text))
                    await self._show()
                elif isinstance(event, Reasoning):
                    self._live.add("reasoning", storable_piece(event.text))
                    await self._show()
                elif isinstance(event, Usage):
                    usage = event
                else:
                    finish = event
        return usage, finish

    async def _whole(self, provider: Provider, job: Job) -> tuple[Usage | None, Finish | None]:
        answer = await provider.complete(job.request)
        if answer.reasoning:
            self._live.add("reasoning", storable_piece(answer.reasoning))
        self._live.add("text", storable_piece(answer.text))
        return answer.usage, Finish(answer.finish_reason) if answer.finish_reason else None

    async def _show(self) -> None:
        if self._showing is not None:
            return
        now = time.monotonic()
        if now >= self._due_at:
            await self._flush(now)
        else:
            self._showing = asyncio.create_task(self._show_later(self._due_at - now))

    async def _show_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._showing = None
        await self._flush(time.monotonic())

    async def _flush(self, began: float) -> None:
        self._due_at = began + FRAME_SECONDS
        for delta in self._live.take_unshown():
            await self._hub.publish(self._live.key, delta)
        self._due_at = max(self._due_at, began + SHARE_OF_TIME * (time.monotonic() - began))
