"""How many questions a provider gets at once."""

from __future__ import annotations

import asyncio

from operations.batch.pace import Pace
from operations.batch.stopping import Stop


async def test_a_refusal_halves_it_once_and_answers_let_it_grow_back() -> None:
    pace = Pace(8, Stop())
    for _ in range(8):
        pace.too_much(retry_after=60)
    assert pace.limit == 4
    for _ in range(100):
        pace.went_well()
    assert pace.limit == 8


async def test_it_is_never_less_than_one() -> None:
    pace = Pace(1, Stop())
    pace.too_much(retry_after=0)
    assert pace.limit == 1


async def test_who_is_too_many_waits_for_who_leaves() -> None:
    pace = Pace(1, Stop())
    assert await pace.enter()
    waiting = asyncio.create_task(pace.enter())
    await asyncio.sleep(0)
    assert not waiting.done()
    pace.leave()
    assert await waiting


async def test_a_stop_ends_a_pause() -> None:
    stop = Stop()
    pace = Pace(1, stop)
    pace.too_much(retry_after=3600)
    waiting = asyncio.create_task(pace.enter())
    await asyncio.sleep(0)
    stop.by_signal()
    assert not await waiting
