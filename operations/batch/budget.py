"""What all may cost. A question goes out only if it would fit with its longest answer, beside those in flight."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from operations.batch.stopping import Changes, Stop


class Budget:
    """`limit` in dollars, None: any. `spent` gives the cost so far, of earlier runs into the same OUT too."""

    def __init__(self, limit: Decimal | None, spent: Callable[[], Decimal], stop: Stop) -> None:
        self.limit, self.reserved = limit, Decimal(0)
        self._spent, self._stop = spent, stop
        self._changes = Changes()

    async def reserve(self, amount: Decimal) -> bool:
        """Return True when it fits, waiting for what is in flight; False when nothing is to be asked any more."""
        while not self._stop:
            if self.limit is None or self._spent() + self.reserved + amount <= self.limit:
                self.reserved += amount
                return True
            if not self.reserved:
                self._stop.now("budget", f"The budget of ${self.limit} does not allow the next question.")
            else:
                await self._changes.wait()
        return False

    def release(self, amount: Decimal) -> None:
        """The question has ended, and its cost is known to `spent`."""
        self.reserved -= amount
        self._changes.tell()
