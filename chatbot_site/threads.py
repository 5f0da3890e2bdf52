"""Threads for work that must wait, the database's above all, so that the event loop goes on showing tokens.

asgiref's way there costs three times as much CPU: each request starts a thread of its own, and every step goes to it
and back with a copy of the context.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections

T = TypeVar("T")
AT_ONCE = 4  # beyond the writers' turns and one interpreter lock, more threads only make all of them late
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="database")


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """What `function(*arguments)` returns, from a thread whose database connection is given back afterwards.

    Nothing of the caller's context goes along: not its language, not its request.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, _with_connection, function, arguments)


def _with_connection(function: Callable[..., T], arguments: tuple[object, ...]) -> T:
    close_old_connections()
    try:
        return function(*arguments)
    finally:
        close_old_connections()
