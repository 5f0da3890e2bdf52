"""The cache in Redis, which does not take the site down with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis.exceptions import RedisError


class RedisOrHere(RedisCache):  # type: ignore[misc]  # django-redis has no types
    """Redis, and this process's own memory while that cannot be reached.

    An empty cache would not do: limits on tries are counted in it, and one that cannot count refuses everybody. While
    Redis is away each process counts for itself.
    """

    is_away = False  # at the last call

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.here = LocMemCache("while-redis-is-away", {})


def _or_here(name: str) -> Callable[..., Any]:
    theirs = getattr(RedisCache, name)

    @wraps(theirs)
    def call(self: RedisOrHere, *args: Any, **kwargs: Any) -> Any:
        try:
            answer = theirs(self, *args, **kwargs)
        except RedisError:
            self.is_away = True
            return getattr(self.here, name)(*args, **kwargs)
        self.is_away = False
        return answer

    return call


for _name in ("add", "decr", "delete", "delete_many", "get", "get_many", "has_key", "incr", "set", "set_many", "touch"):
    setattr(RedisOrHere, _name, _or_here(_name))
