"""The cache in Redis: while that is away, each process has one of its own, so that nobody is kept out."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from chatbot_site.caches import RedisOrHere
from chatbot_site.health import CHECKS, NotReady

NOWHERE = "redis://127.0.0.1:1/0"
PASSWORD = "correct horse battery staple"


def _cache(url: str) -> RedisOrHere:
    return RedisOrHere(url, {"OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1}})


@pytest.fixture
def away() -> Iterator[RedisOrHere]:
    made = _cache(NOWHERE)
    yield made
    made.here.clear()


def test_while_redis_is_away_this_process_remembers(away: RedisOrHere) -> None:
    assert away.get("missing", "nothing") == "nothing"
    assert (away.add("key", 1), away.add("key", 2)) == (True, False)
    assert away.incr("key") == 2
    assert _cache(NOWHERE).get("key") == 2
    assert away.get_many(["key", "other"]) == {"key": 2}
    assert away.delete("key")
    assert not away.has_key("key")
    assert away.is_away


@pytest.mark.service
def test_what_is_in_redis_is_not_kept_here(redis_url: str) -> None:
    made = _cache(redis_url)
    made.set("test-caches", "there", 10)
    assert made.get("test-caches") == "there"
    assert made.here.get("test-caches") is None
    assert not made.is_away
    made.delete("test-caches")


@pytest.fixture
def site_without_redis(settings, away: RedisOrHere) -> None:
    settings.CACHES = {"default": {"BACKEND": "chatbot_site.caches.RedisOrHere", "LOCATION": NOWHERE}}


@pytest.mark.django_db
@pytest.mark.usefixtures("site_without_redis")
def test_people_log_in_while_redis_is_away_and_tries_are_counted(client: Client) -> None:
    User.objects.create_user("carol", password=PASSWORD)
    wrong = {"login": "carol", "password": "wrong"}
    english = {"accept-language": "en"}
    pages = [client.post("/accounts/login/", wrong, headers=english).content.decode() for _ in range(6)]
    assert "Too many tries" in pages[-1]
    assert "Too many tries" not in pages[0]
    User.objects.create_user("dave", password=PASSWORD)
    response = client.post("/accounts/login/", {"login": "dave", "password": PASSWORD})
    assert (response.status_code, response.headers["Location"]) == (302, "/")


@pytest.mark.usefixtures("site_without_redis")
def test_the_probe_says_that_redis_is_away() -> None:
    with pytest.raises(NotReady, match="Redis"):
        CHECKS["cache"]()
    assert cache.is_away
