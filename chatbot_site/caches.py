"""The cache in Redis, which does not take the site down with it; and the store of what is counted against limits.

That store is `caches["limits"]`, apart from the cache that anything may fill. A key of it is a kind of limit and whom
it is for: `kind:ip:address`, or `kind:id`.
"""

from __future__ import annotations

import heapq
import pickle
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.utils.connection import ConnectionProxy
from django_redis.cache import RedisCache
from redis.exceptions import RedisError

SLOW_SECONDS, LEFT_ALONE_SECONDS = 0.5, 5.0
LIMITS = "limits"
COUNTERS = 50_000  # of 300 to 500 bytes each; more than can be tried in five minutes, since a try hashes a password


class RedisOrHere(RedisCache):  # type: ignore[misc]  # django-redis has no types
    """Redis, and this process's own memory while that cannot be reached.

    An empty cache would not do: limits on tries are counted in it, and one that cannot count refuses everybody. While
    Redis is away each process counts for itself.
    """

    is_away = False  # at the last call
    asked_again_at = 0.0  # by time.monotonic(): not before that, where it was silent

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.here = self._of_this_process()

    def _of_this_process(self) -> LocMemCache:
        return LocMemCache("while-redis-is-away", {})


def _or_here(theirs: Callable[..., Any]) -> Callable[..., Any]:
    name = theirs.__name__

    @wraps(theirs)
    def call(self: RedisOrHere, *args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        if began < self.asked_again_at:
            return getattr(self.here, name)(*args, **kwargs)
        try:
            answer = theirs(self, *args, **kwargs)
        except RedisError:
            self.is_away = True
            if time.monotonic() - began > SLOW_SECONDS:  # no refusal, but silence: a request makes many calls
                self.asked_again_at = time.monotonic() + LEFT_ALONE_SECONDS
            return getattr(self.here, name)(*args, **kwargs)
        self.is_away = False
        return answer

    return call


for _name in ("add", "decr", "delete", "delete_many", "get", "get_many", "has_key", "incr", "set", "set_many", "touch"):
    setattr(RedisOrHere, _name, _or_here(getattr(RedisCache, _name)))


_taking = threading.Lock()


class LimitsHere(LocMemCache):
    """Counters in this process, of which strangers cannot push out the ones that count.

    Where there are too many, what has run out goes first. Then those go that say least, a try against a name that
    nobody else has tried: and only of the kind of which there are most, so that many views of a page do not make the
    site forget who guesses a password. To push a counter out one has to count just as far with all the others.
    """

    _cache: dict[str, bytes]
    _expire_info: dict[str, float | None]
    _delete: Callable[[str], bool]

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(name, params)
        self._max_entries = params.get("OPTIONS", {}).get("MAX_ENTRIES", COUNTERS)

    def take(self, keys: list[str], key: str, amount: int, most: int, seconds: int) -> list[int]:
        """What each of `keys` has counted; if `amount` makes no more than `most` of them all, it is in `key` then.

        In one step: of many at once each finds what those before it have taken, and nothing of those that get nothing.
        """
        with _taking:
            found = self.get_many(keys)
            counted = [int(found.get(one, 0)) for one in keys]
            if sum(counted) + amount <= most:
                self.add(key, 0, seconds)
                try:
                    self.incr(key, amount)
                except ValueError:  # another thread has made room between the two
                    self.set(key, amount, seconds)
            return counted

    def _cull(self) -> None:
        """Called with the lock held; leaves a tenth free, so that it is seldom called."""
        now = time.time()
        for key in [key for key, until in self._expire_info.items() if until is not None and until <= now]:
            self._delete(key)
        surplus = len(self._cache) - self._max_entries * 9 // 10
        if surplus > 0:
            for key in heapq.nsmallest(surplus, self._largest_kind(), key=self._worth):
                self._delete(key)

    def _largest_kind(self) -> list[str]:
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._cache:
            kinds[_kind(key)].append(key)
        return max(kinds.values(), key=len)

    def _worth(self, key: str) -> tuple[float, float]:
        counted = pickle.loads(self._cache[key])  # noqa: S301 - written by this process
        size = len(counted) if isinstance(counted, list) else counted if isinstance(counted, int | float) else 0
        return size, self._expire_info[key] or float("inf")


_TAKE = """
local at, amount, most, seconds = unpack(ARGV)
local counted, sum = {}, tonumber(amount)
for place, name in ipairs(KEYS) do
    counted[place] = tonumber(redis.call("GET", name) or 0)
    sum = sum + counted[place]
end
if sum <= tonumber(most) then
    redis.call("INCRBY", KEYS[tonumber(at)], amount)
    redis.call("EXPIRE", KEYS[tonumber(at)], seconds)
end
return counted
"""


class LimitsInRedis(RedisOrHere):
    """Counters that all processes share."""

    @_or_here
    def take(self, keys: list[str], key: str, amount: int, most: int, seconds: int) -> list[int]:
        """As LimitsHere.take."""
        client = self.client.get_client(write=True)
        names = [str(self.client.make_key(one)) for one in keys]
        return [
            int(counted)
            for counted in client.eval(_TAKE, len(names), *names, keys.index(key) + 1, amount, most, seconds)
        ]

    def _of_this_process(self) -> LimitsHere:
        return LimitsHere("limits-while-redis-is-away", {})


limits = ConnectionProxy(caches, LIMITS)
"""caches["limits"], as `django.core.cache.cache` is the default one."""


def _kind(key: str) -> str:
    """What a key counts, without whom: allauth's end in `ip:` and an address, or in an id, and locks in `:lock`."""
    head, by_address, _address = key.partition(":ip:")
    return head if by_address else key.removesuffix(":lock").rpartition(":")[0]
