"""Makes answers in a process of its own, so that restarting the web processes never cuts one.

Start as many as wanted beside web processes that run with RUN_GENERATIONS=worker. Each takes queued answers by
compare-and-set; Redis wakes it at once, and without Redis it looks every two seconds.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from conversations.generation import engine
from conversations.generation.records import WORKER


class Command(BaseCommand):
    help = (
        "Make answers in this process, apart from the web processes (which then run with RUN_GENERATIONS=worker). "
        "On SIGTERM or Ctrl-C it takes no new answers and finishes the open ones; what is still open after the grace "
        "period is kept as far as it had come, and can be continued."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--drain",
            type=float,
            default=settings.DRAIN_SECONDS,
            metavar="SECONDS",
            help="how long open answers may go on after SIGTERM (default: DRAIN_SECONDS, %(default)s)",
        )

    def handle(self, *args: Any, drain: float, **options: Any) -> None:
        if not settings.REDIS_URL:
            self.stderr.write("REDIS_URL is not set: answers start up to two seconds late and pages see them late.")
        self.stdout.write(f"Making answers as {WORKER}. Ctrl-C ends it.")
        asyncio.run(_work(drain))
        self.stdout.write("Finished.")


async def _work(drain: float) -> None:
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)
    engine.ensure(makes_answers=True)
    await asked_to_end.wait()
    await engine.drain(drain)
    await engine.shut_down()
