"""Asks a model for an answer, and the next one where it fails before its first token."""

from __future__ import annotations

import logging

from chatbot_site.threads import in_thread
from conversations.generation import records
from conversations.generation.hub import Hub
from conversations.generation.jobs import Job
from conversations.generation.live import Live
from conversations.generation.receiving import Answer
from providers import BadRequest, ContentRefused, ContextTooLong, Finish, ImagesNotTaken, ProviderError, Usage

logger = logging.getLogger(__name__)

# The request's own fault, or the question's: another model would be asked the same.
NOT_ELSEWHERE = (BadRequest, ContentRefused, ContextTooLong)


class Asking:
    """`job` is the one that is asked now: its generation and message stay the same, its request is the model's."""

    def __init__(self, hub: Hub, live: Live, job: Job) -> None:
        self._hub, self._live = hub, live
        self.job = job
        self._asked = [job.generation.model]
        self._needs_sight = False  # a model has refused the question's images

    async def receive(self) -> tuple[Usage | None, Finish | None]:
        """Usage and finish of the model that answered. Raises ProviderError: where none has begun, the first one's."""
        try:
            return await self._receive()
        except ProviderError as error:
            first = last = error
        while await self._go_on_after(last):
            try:
                return await self._receive()
            except ProviderError as error:
                if self._live.seq:
                    raise
                logger.info("Generation %s: the fallback failed as well: %s", self._live.generation_id, error.code)
                last = error
        if not self._live.seq:
            records.take_back_fallback(self.job, self._asked[0])
        raise first

    async def _receive(self) -> tuple[Usage | None, Finish | None]:
        return await Answer(self._hub, self._live).receive(self.job)

    async def _go_on_after(self, error: ProviderError) -> bool:
        """Whether there is another model to ask, which `job` then is about."""
        images_refused = isinstance(error, ImagesNotTaken)
        if self._live.seq or (isinstance(error, NOT_ELSEWHERE) and not images_refused):
            return False
        self._needs_sight |= images_refused
        while job := await in_thread(records.fall_back, self.job, tuple(self._asked)):
            self.job = job
            self._asked.append(job.generation.model)
            if not self._needs_sight or _shows_images(job):
                logger.info("Generation %s falls back to another model: %s", self._live.generation_id, error.code)
                return True
        return False


def _shows_images(job: Job) -> bool:
    """Whether the model is shown the question's images: one that is not would answer beside it."""
    return any(turn.images for turn in job.request.turns)
