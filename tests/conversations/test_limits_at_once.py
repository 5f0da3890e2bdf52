"""Limits hold however many requests come at once, in how many processes, and whatever counts them."""

import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from conversations import limits
from conversations.limits import LimitReached
from conversations.models import Conversation, Generation
from tests.conversations.test_limits import _passed, _send

NOWHERE = "redis://127.0.0.1:1/0"
pytestmark = [pytest.mark.usefixtures("provider"), pytest.mark.django_db]


def _all_at_once(work: Callable[[int], object], many: int, threads: int) -> None:
    def alone(number: int) -> None:
        try:
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(alone, range(many)))


def _race(user: User, barrier: threading.Barrier) -> list[int]:
    passed: list[int] = []

    def one(number: int) -> None:
        barrier.wait(30)
        passed.extend([number] * _passed(user))

    _all_at_once(one, barrier.parties, barrier.parties)
    return passed


@pytest.fixture(params=[0, 10, 30])
def turn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece of the time ends once so many have asked what time it is: they and the others count in two counters."""
    asked = itertools.count()
    piece = limits.MINUTE / limits.PIECES

    def now() -> float:
        return 1_800_000_000.0 + (piece if next(asked) >= request.param else 0)

    monkeypatch.setattr(limits, "time", SimpleNamespace(time=now))


@pytest.mark.usefixtures("turn")
def test_of_many_at_once_as_many_pass_as_may(alice: User, settings: Any) -> None:
    settings.LIMIT_MESSAGES_PER_MINUTE = 20
    assert len(_race(alice, threading.Barrier(50))) == 20


@pytest.fixture
def in_redis(settings: Any, redis_url: str) -> Iterator[None]:
    """Counters of this test alone."""
    backend = {"BACKEND": "chatbot_site.caches.LimitsInRedis", "LOCATION": redis_url, "KEY_PREFIX": uuid.uuid4().hex}
    settings.CACHES = settings.CACHES | {"limits": backend}
    yield
    limits.counters.delete_pattern("*")


@pytest.mark.service
@pytest.mark.usefixtures("in_redis", "turn")
def test_of_many_at_once_as_many_pass_as_may_in_redis(alice: User, settings: Any) -> None:
    settings.LIMIT_MESSAGES_PER_MINUTE = 20
    assert len(_race(alice, threading.Barrier(50))) == 20
    assert limits.counters.keys("*")


def test_while_redis_is_away_this_process_counts(alice: User, settings: Any) -> None:
    settings.CACHES = settings.CACHES | {
        "limits": {"BACKEND": "chatbot_site.caches.LimitsInRedis", "LOCATION": NOWHERE}
    }
    settings.LIMIT_MESSAGES_PER_MINUTE = 2
    assert _passed(alice, 5) == 2


@pytest.mark.django_db(transaction=True)
def test_a_hundred_new_chats_at_once_are_three_answers(alice: User, settings: Any) -> None:
    """Whatever database is underneath: two transactions cannot both take the last place."""
    settings.LIMIT_OPEN_ANSWERS = 3
    refused: list[int] = []

    def send(number: int) -> None:
        try:
            _send(alice)
        except LimitReached:
            refused.append(number)

    _all_at_once(send, 100, threads=8)
    assert Generation.objects.open().count() == 3
    assert Conversation.objects.count() == 3
    assert len(refused) == 97
