"""Receives one answer and shows it as it comes: from the model, or from the response cache."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import aclosing

from chatbot_site.threads import in_thread
from conversations.generation.hub import Hub
from conversations.generation.jobs import Job
from conversations.generation.live import Live
from conversations.models import Message
from conversations.text import storable_piece
from providers import Answer as WholeAnswer
from providers import Finish, Provider, Reasoning, Rethought, Text, Usage, resolve, response_cache

FRAME_SECONDS = 1 / 60  # no screen shows more; what comes faster goes together
SHARE_OF_TIME = 8  # a frame that took t to show is followed by 8 t without one
CACHED_PIECES, CACHED_PAUSE = 40, 0.02  # an answer from the cache comes in so many pieces: 0.8 seconds at most
_WORDS = re.compile(r"\S+\s*|\s+")


class Answer:
    """At once while nothing is on its way, gathered when it comes faster."""

    def __init__(self, hub: Hub, live: Live) -> None:
        self._hub, self._live = hub, live
        self._due_at = 0.0
        self._showing: asyncio.Task[None] | None = None

    async def receive(self, job: Job) -> tuple[Usage | None, Finish | None]:
        """Usage and finish as the provider gave them. Raises ProviderError; cancelling it ends the provider's work."""
        cached = await response_cache.aget(job.cache_key) if job.takes_cached else None
        if cached is not None and not await in_thread(_was_hidden, cached.text):
            job.generation.cached = True
            return await self._replay(cached, in_pieces=job.generation.streaming)
        provider, _ = await resolve(job.generation.model)
        usage, finish = await (self._stream if job.generation.streaming else self._whole)(provider, job)
        if job.cache_key and finish:
            await self._keep(job.cache_key, usage, finish)
        return usage, finish

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
                elif isinstance(event, Rethought):
                    self._live.rethink()
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
        return answer.usage, answer.finish

    # --- the response cache ---------------------------------------------------------------------------------------
    async def _replay(self, cached: WholeAnswer, *, in_pieces: bool) -> tuple[Usage | None, Finish | None]:
        """The answer as it was given before, at a pace that can be seen; nobody is asked and nothing is paid."""
        if cached.reasoning:
            self._live.add("reasoning", cached.reasoning)
        for piece in _pieces(cached.text) if in_pieces else [cached.text]:
            self._live.add("text", piece)
            await self._show()
            if in_pieces:
                await asyncio.sleep(CACHED_PAUSE)
        return Usage(0, 0), cached.finish

    async def _keep(self, cache_key: str, usage: Usage | None, finish: Finish) -> None:
        text, reasoning = self._live.whole("text"), self._live.whole("reasoning")
        whole = WholeAnswer(text, reasoning, usage or Usage(0, 0, estimated=True), finish.reason)
        await response_cache.aput(cache_key, whole)

    # --- the pages ------------------------------------------------------------------------------------------------
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


def _was_hidden(answer: str) -> bool:
    """Whether a moderator has hidden an answer of these words: then they are not given out again from the cache."""
    hidden = Message.objects.filter(hidden_at__isnull=False, role=Message.Role.ASSISTANT)
    return hidden.filter(content=answer).exists()


def _pieces(text: str) -> list[str]:
    """`text` in at most CACHED_PIECES pieces of whole words."""
    words = _WORDS.findall(text)
    size = -(-len(words) // CACHED_PIECES) or 1
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]
