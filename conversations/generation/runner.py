"""Makes answers: asks the model, gathers what comes, shows it, and writes the end. One asyncio task an answer.

An answer belongs to nobody's connection: closing the page, reloading it or losing the network changes nothing here.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any

from django.conf import settings

from chatbot_site.threads import in_thread
from conversations.generation import outlook, records
from conversations.generation.asking import Asking
from conversations.generation.frames import Changed, Key
from conversations.generation.hub import Hub
from conversations.generation.jobs import Job
from conversations.generation.live import Live
from conversations.generation.records import Outcome, Saving, Status
from providers import Finish, ProviderError, Usage, cost_of, estimate_tokens, estimate_turn

logger = logging.getLogger(__name__)

Receiving = asyncio.Task[tuple[Usage | None, Finish | None]]


class Runner:
    """`go_on` is called for a conversation whose answer has ended while questions wait in it."""

    def __init__(self, hub: Hub, go_on: Callable[[Key], Awaitable[None]]) -> None:
        self.hub = hub
        self._go_on = go_on
        self.closing = False
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, generation_id: int) -> None:
        """Try to take and make this generation. Harmless for one that another process has, or that has ended."""
        if not self.closing and generation_id not in self._tasks:
            self._begin(generation_id, self._claim(generation_id))

    def make(self, job: Job) -> None:
        """Make a generation that was claimed for this process when it was stored."""
        if not self.closing:
            self._begin(job.generation.pk, self._make(job, self._live(job)))

    def _begin(self, generation_id: int, work: Coroutine[Any, Any, None]) -> None:
        # A fresh context: nothing of the request that asked may leak into an answer that outlives it.
        task = asyncio.get_running_loop().create_task(self._guarded(generation_id, work), context=contextvars.Context())
        self._tasks[generation_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(generation_id, None))

    async def drain(self, seconds: float) -> None:
        """Begin nothing more; let what is open finish for so long, then leave it as a crash would."""
        self.closing = True
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)

    async def _guarded(self, generation_id: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            # The reaper ends it when its heartbeat has aged; a traceback of ours holds no text of anybody's.
            logger.exception("Generation %s broke off", generation_id)

    async def _claim(self, generation_id: int) -> None:
        job = await in_thread(records.claim, generation_id)
        if job is not None:
            live = self._live(job)
            await self.hub.publish(live.key, Changed(live.generation_id, live.message_id, Status.RUNNING))
            await self._make(job, live)

    def _live(self, job: Job) -> Live:
        """From now on the hub knows of it: pages join in, and it can be stopped."""
        message = job.message
        live = Live(job.generation.pk, message.pk, job.key, message.content, message.reasoning)
        self.hub.lives[live.generation_id] = live
        return live

    async def _make(self, job: Job, live: Live) -> None:
        try:
            asking = Asking(self.hub, live, job)
            task = live.task = asyncio.create_task(asking.receive())
            if live.stop_requested:
                task.cancel()
            outcome = await self._outcome(live, task, asking)
            await self._end(live, job, outcome)
        finally:
            self.hub.lives.pop(live.generation_id, None)

    async def _outcome(self, live: Live, task: Receiving, asking: Asking) -> Outcome:
        try:
            usage, finish = await task
            status = Status.COMPLETE if finish else Status.INTERRUPTED
            outcome = Outcome(status, usage=usage)
            if finish:
                outcome.finish_reason, outcome.error_code = finish.reason, finish.word
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
        _account(outcome, live, asking.job)
        return outcome

    async def _end(self, live: Live, job: Job, outcome: Outcome) -> None:
        for delta in live.take_unshown():
            await self.hub.publish(live.key, delta)
        saving = Saving(live.generation_id, live.seq, live.whole("text"), live.whole("reasoning"))
        live.ending = True
        end, is_waited_for = await self._written(job, saving, outcome)
        await self.hub.publish(live.key, Changed(live.generation_id, live.message_id, outcome.status), end)
        if is_waited_for:
            await self._go_on(live.key)

    async def _written(self, job: Job, saving: Saving, outcome: Outcome) -> tuple[outlook.End | None, bool]:
        """Write the end, for as long as the database needs to take it: an answer is not lost to a short outage."""
        pause = 0.25
        while True:
            try:
                return await in_thread(_finish, job, saving, outcome, self.hub.languages(job.key))
            except Exception:
                if pause > settings.HEARTBEAT_TIMEOUT_SECONDS:
                    raise
                logger.warning("The end of generation %s could not be written; trying again.", saving.generation_id)
                await asyncio.sleep(pause)
                pause *= 2


def _finish(job: Job, saving: Saving, outcome: Outcome, languages: set[str]) -> tuple[outlook.End | None, bool]:
    """Write the end and draw it for the pages in these languages; and whether a question waits for it.

    No end where there was one already: somebody else's, or ours, and only the database's word of it was lost.
    """
    if not records.finish(job, saving, outcome):
        return None, True
    end, is_waited_for = None, True
    try:
        end = outlook.end(job.message, job.generation, languages, job.siblings)
        is_waited_for = records.is_waited_for(job.key)
    except Exception as error:  # the end is written, and must not be written again
        logger.warning("What follows the end of an answer could not be read (%s).", type(error).__name__)
    return end, is_waited_for


def _account(outcome: Outcome, live: Live, job: Job) -> None:
    """What the answer took, of the model that gave it; nothing where it came from the cache."""
    if job.generation.cached:
        outcome.usage, outcome.cost = Usage(0, 0), Decimal()
        return
    if outcome.usage is None and live.seq:
        outcome.usage = _estimated(live, job)  # it was paid for, although nobody said how much
    if outcome.usage is not None:
        outcome.cost = cost_of(job.generation.model, outcome.usage)


def _estimated(live: Live, job: Job) -> Usage:
    read = estimate_tokens(job.request.system) + sum(map(estimate_turn, job.request.turns))
    thought, written = estimate_tokens(live.whole("reasoning")), estimate_tokens(live.whole("text"))
    return Usage(input_tokens=read, output_tokens=thought + written, reasoning_tokens=thought, estimated=True)
