"""How long an answer may take and how large it may grow: settings.PROVIDER_LIMITS over the defaults here.

One watchdog per answer looks at the time of the last event. It sets one timer, moved only when it rings, so that a
token costs it nothing but noting the time.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from providers.errors import AnswerTooLarge, TimedOut

FINISHING_SECONDS = 5.0  # what is left to say after the finish reason is usage, or nothing
CLOSING_SECONDS = 0.1  # after the end mark only the end of the body is due; with it the connection can be used again


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to the first token, of silence between two events, and in all; characters of answer and reasoning."""

    connect_seconds: float = 10
    first_token_seconds: float = 120
    silence_seconds: float = 90
    total_seconds: float = 1800
    answer_characters: int = 1_000_000

    @classmethod
    def from_settings(cls) -> "Limits":
        """The site's limits. Raises ImproperlyConfigured for a name that is no limit, which would never hold."""
        chosen: Mapping[str, Any] = getattr(settings, "PROVIDER_LIMITS", {})
        unknown = chosen.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ImproperlyConfigured(f"PROVIDER_LIMITS has no limit called {', '.join(sorted(unknown))}")
        return cls(**chosen)


class Watchdog:
    """Guards the waits of one answer, and only these: other code of the same task is never interrupted.

    Usage: `with Watchdog(limits) as watchdog:` around the answer, `async with watchdog:` around each wait for the
    provider, `began()` at the first token, `finishing()` at the finish reason, `closing()` at the end mark. A wait that
    lasts too long ends in TimedOut. Silence is what is waited for: the time a reader takes between two waits is none.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._start = self._heard = self._loop.time()
        self._patience = limits.first_token_seconds
        self._silent = False  # whether patience counts from the last event or from the start
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[Any] | None = None
        self._requests_before = 0
        self._rang = False

    def __enter__(self) -> Self:
        self._timer = self._loop.call_at(self.deadline, self._ring)
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def deadline(self) -> float:
        """Until when, in the loop's time, the next event must come."""
        since = self._heard if self._silent else self._start
        return min(since + self._patience, self._start + self._limits.total_seconds)

    def whole(self) -> None:
        """The answer is to come in one piece: only the time in all counts."""
        self._patience = self._limits.total_seconds
        self._set_timer()

    def began(self) -> None:
        """The first token came: from now on silence counts."""
        self._be_patient(self._limits.silence_seconds)

    def finishing(self) -> None:
        """The finish reason came: little is left to say."""
        self._be_patient(min(FINISHING_SECONDS, self._limits.silence_seconds))

    def closing(self) -> None:
        """The end mark came: only the end of the body is left."""
        self._be_patient(min(CLOSING_SECONDS, self._limits.silence_seconds))

    def _be_patient(self, seconds: float) -> None:
        self._silent = True
        self._patience = seconds
        self._heard = self._loop.time()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._loop.call_at(self.deadline, self._ring)

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine of asyncio always runs in a task
            raise RuntimeError("A watchdog guards the waits of a task")
        if self._rang:
            raise TimedOut
        self._heard = self._loop.time()
        self._requests_before = task.cancelling()
        self._waiting = task

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        task, self._waiting = self._waiting, None
        if not self._rang or task is None:
            return
        # Our own cancellation is taken back; one asked for by somebody else goes on.
        if task.uncancel() <= self._requests_before and error is not None:
            raise TimedOut from None

    def _ring(self) -> None:
        deadline = self.deadline
        if self._loop.time() < deadline:
            self._timer = self._loop.call_at(deadline, self._ring)
        elif self._waiting is None:  # the reader is slow, not the provider: look again later
            self._timer = self._loop.call_later(1, self._ring)
        else:
            self._rang = True
            self._timer = None
            self._waiting.cancel()


class Meter:
    """Counts what the provider sent against the size limit."""

    __slots__ = ("left",)

    def __init__(self, limits: Limits) -> None:
        self.left = limits.answer_characters

    def take(self, text: str) -> None:
        """Count `text`. Raises AnswerTooLarge when the answer has passed the limit."""
        self.left -= len(text)
        if self.left < 0:
            raise AnswerTooLarge
