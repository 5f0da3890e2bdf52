"""Makes answers in a process of its own, so that restarting the web processes never cuts one.

Start as many as wanted beside web processes that run with RUN_GENERATIONS=worker. Each takes queued answers by
compare-and-set; Redis wakes it at once, and without Redis it looks every two seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from chatbot_site import arguments, privacy
from chatbot_site.commands import SiteCommand
from chatbot_site.files import Occupied, open_plain
from chatbot_site.schema import is_migrated, migrated
from conversations.generation import engine, presence
from conversations.generation.records import WORKER

logger = logging.getLogger(__name__)


class Command(SiteCommand):
    asks_database = False  # it waits for it
    help = (
        "Make answers in this process, apart from the web processes (which then run with RUN_GENERATIONS=worker). "
        "On SIGTERM or Ctrl-C it takes no new answers and finishes the open ones; what is still open after the grace "
        "period is kept as far as it had come, and can be continued."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--drain",
            type=arguments.seconds,
            default=settings.DRAIN_SECONDS,
            metavar="SECONDS",
            help="how long open answers may go on after SIGTERM (default: DRAIN_SECONDS, %(default)s)",
        )

        parser.add_argument(
            "--heartbeat-file",
            type=arguments.path,
            metavar="FILE",
            help="touch this file every few seconds; its age tells a health check whether the worker lives",
        )

    def handle(self, *args: Any, drain: float, heartbeat_file: Path | None, **options: Any) -> None:
        _prove_writable(heartbeat_file)
        for path in privacy.tighten():
            self.stderr.write(f"{path} can be read by everybody on this machine, and belongs to another account.")
        if not settings.REDIS_URL:
            self.stderr.write("REDIS_URL is not set: answers start up to two seconds late and pages see them late.")
        self.stdout.write(f"Making answers as {WORKER}. Ctrl-C ends it.")
        translation.deactivate()  # what is made from here on is for people
        asyncio.run(_work(drain, heartbeat_file))
        self.stdout.write("Finished.")


def _prove_writable(heartbeat_file: Path | None) -> None:
    """It is not there afterwards, if it was not before: nothing beats yet. Raises CommandError."""
    if heartbeat_file is None:
        return
    was_there = os.path.lexists(heartbeat_file)
    try:
        os.close(open_plain(heartbeat_file, os.O_WRONLY | os.O_CREAT))
        if not was_there:
            heartbeat_file.unlink()
    except Occupied as problem:
        raise CommandError(str(problem)) from None
    except OSError as error:
        raise CommandError(f"{heartbeat_file} cannot be written: {error.strerror}.") from None


async def _work(drain: float, heartbeat_file: Path | None) -> None:
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)
    if not await _is_ready(asked_to_end):
        return
    engine.ensure(makes_answers=True).spawn(presence.keep_saying(heartbeat_file))
    await asked_to_end.wait()
    await engine.drain(drain)
    await engine.shut_down()


async def _is_ready(asked_to_end: asyncio.Event) -> bool:
    """Wait for a database that is up to date; False when the worker is asked to end before."""
    if await is_migrated():
        return True
    logger.error("The database is not up to date: no answers are made until it is. Run: python manage.py migrate")
    waiting = [asyncio.create_task(migrated()), asyncio.create_task(asked_to_end.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return not asked_to_end.is_set()
