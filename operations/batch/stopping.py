"""The wish to ask nothing more. What is in flight finishes."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Stop:
    """`reason` is "" while the run goes on, then signal, budget, refused or database; the first one stays,
    but for a signal."""

    def __init__(self) -> None:
        self.reason = ""
        self.sentence = ""
        self._wanted = asyncio.Event()

    def __bool__(self) -> bool:
        return self._wanted.is_set()

    def now(self, reason: str, sentence: str) -> None:
        if not self:
            self.reason, self.sentence = reason, sentence
            self._wanted.set()

    def by_signal(self) -> None:
        """A person's word wins over any other reason."""
        self.reason, self.sentence = "signal", "Stopped by a signal."
        self._wanted.set()

    async def sleep(self, seconds: float) -> None:
        """So long, or until a stop is wanted."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), seconds)


class Changes:
    """Waiting for the next change of something, for any number of tasks of one loop."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def tell(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self) -> None:
        await self._next.wait()
