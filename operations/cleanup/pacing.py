"""Short transactions with a rest after each: SQLite has one writer at a time, and PostgreSQL locks what is deleted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.db import transaction

T = TypeVar("T")
ROWS = 500  # in one transaction
SHORTEST_REST, LONGEST_REST = 0.005, 0.5  # seconds


@contextmanager
def turn() -> Iterator[None]:
    """One transaction, then a rest at least as long: the site's writers have half of the time or more."""
    started = time.monotonic()
    with transaction.atomic():
        yield
    time.sleep(min(max(time.monotonic() - started, SHORTEST_REST), LONGEST_REST))


def slices(items: Sequence[T], size: int = ROWS) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
