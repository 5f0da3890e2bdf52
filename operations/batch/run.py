"""One run: workers take the lines in their order, and each result is in OUT before the next line is taken."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from operations.batch import results
from operations.batch.asking import Asker
from operations.batch.ledger import ASKED, DONE, Ledger
from operations.batch.lines import BadLine, Question, read
from operations.batch.settings import Settings
from operations.batch.stopping import Stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class AskedTwiceToStop(Exception):
    """A second signal: what is in flight is given up."""


async def run(file: IO[bytes], settings: Settings, ledger: Ledger, done: Callable[[], object]) -> Stop:
    """Ask all lines of IN that are not done. `done` is called after each line that is.

    Raises OSError when OUT cannot be written, AskedTwiceToStop.
    """
    stop = Stop()
    file.seek(0)
    worker = _Worker(read(file), settings, ledger, stop, done)
    workers = [asyncio.create_task(worker.work()) for _ in range(settings.concurrency)]
    with _signals_heard(stop, workers):
        try:
            await asyncio.gather(*workers)
        except asyncio.CancelledError:
            raise AskedTwiceToStop from None
        finally:
            await _end(workers)
    return stop


class _Worker:
    """What the workers of a run share; each takes the next line when it has done one."""

    def __init__(
        self,
        lines: Iterator[Question | BadLine],
        settings: Settings,
        ledger: Ledger,
        stop: Stop,
        done: Callable[[], object],
    ) -> None:
        self._lines, self._settings, self._ledger = lines, settings, ledger
        self._stop, self._done = stop, done
        self._asker = Asker(settings, ledger, stop)

    async def work(self) -> None:
        while not self._stop and (line := next(self._lines, None)) is not None:
            if self._ledger.state(line.number) == DONE:
                continue
            if await self._handle(line):
                self._done()

    async def _handle(self, line: Question | BadLine) -> bool:
        """Whether there is a result for it now."""
        if isinstance(line, BadLine):
            await self._ledger.done(results.bad(line))
        elif self._ledger.state(line.number) == ASKED:
            await self._ledger.done(results.interrupted(line, self._settings.model_of(line)))
        else:
            return await self._asker.handle(line)
        return True


@contextmanager
def _signals_heard(stop: Stop, workers: list[asyncio.Task[None]]) -> Iterator[None]:
    """The first signal stops asking, the second one everything."""
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if stop.reason == "signal":
            for worker in workers:
                worker.cancel()
        else:
            stop.by_signal()

    with ExitStack() as stack:
        for number in SIGNALS:
            loop.add_signal_handler(number, heard)
            stack.callback(loop.remove_signal_handler, number)
        yield


async def _end(workers: list[asyncio.Task[None]]) -> None:
    """After a failure of one the others end too."""
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
