"""How many questions one provider gets at once: as many as it takes.

When it says that it is too much, all questions to it pause for as long as it asked, and half as many go at once from
then on. With every answer it may be a little more again, up to what was asked for.
"""

from __future__ import annotations

import asyncio

from operations.batch.stopping import Changes, Stop

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0


class Pace:
    """Of one provider, on one event loop. `limit` is a float, since it grows by less than one."""

    def __init__(self, most: int, stop: Stop) -> None:
        self.most, self.limit, self.open = most, float(most), 0
        self._stop = stop
        self._changes = Changes()
        self._loop = asyncio.get_running_loop()
        self._paused_until = 0.0
        self._pauses = 0  # one after the other, without an answer in between

    async def enter(self) -> bool:
        """Return True when a question may go out, False when nothing is to be asked any more."""
        while not self._stop:
            pause = self._paused_until - self._loop.time()
            if pause > 0:
                await self._stop.sleep(pause)
            elif self.open < int(self.limit):
                self.open += 1
                return True
            else:
                await self._changes.wait()
        return False

    def leave(self) -> None:
        self.open -= 1
        self._changes.tell()

    def went_well(self) -> None:
        self._pauses = 0
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def too_much(self, retry_after: float | None) -> None:
        """Pause; `retry_after` in seconds, as the provider asked. Many questions that fail at once count as one."""
        now = self._loop.time()
        if now >= self._paused_until:
            self.limit = max(1.0, self.limit / 2)
            self._pauses += 1
        backoff = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (self._pauses - 1))
        self._paused_until = max(self._paused_until, now + (backoff if retry_after is None else retry_after))
