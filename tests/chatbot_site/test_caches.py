"""The cache in Redis: while that is away, each process has one of its own, so that nobody is kept out."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from chatbot_site.caches import LimitsHere, RedisOrHere, limits
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


def test_one_that_is_silent_is_not_waited_for_at_every_call() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        made = RedisOrHere(url, {"OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 0.6}})
        began = time.monotonic()
        for _ in range(20):
            made.get("missing")
        assert time.monotonic() - began < 6
        assert made.is_away
        made.here.clear()


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
    settings.CACHES = {
        "default": {"BACKEND": "chatbot_site.caches.RedisOrHere", "LOCATION": NOWHERE},
        "limits": {"BACKEND": "chatbot_site.caches.LimitsInRedis", "LOCATION": NOWHERE},
    }


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


@pytest.fixture
def counters() -> Iterator[LimitsHere]:
    made = LimitsHere("test-counters", {"OPTIONS": {"MAX_ENTRIES": 100}})
    yield made
    made.clear()


def test_tries_against_many_names_push_no_counter_out_that_has_counted_further(counters: LimitsHere) -> None:
    counters.set("login:key:alice", [3.0, 2.0, 1.0], 300)
    for number in range(1000):
        counters.set(f"login:key:{number}", [1.0], 300)
    assert counters.get("login:key:alice") == [3.0, 2.0, 1.0]
    assert len(counters._cache) <= 100


def test_much_of_one_kind_pushes_nothing_of_another_out(counters: LimitsHere) -> None:
    counters.set("login:key:alice", [1.0], 300)
    counters.set("login:ip:192.0.2.1", 1, 300)
    for number in range(1000):
        counters.set(f"views:ip:2001:db8:{number:x}::", 50, 300)
    assert counters.get("login:key:alice") == [1.0]
    assert counters.get("login:ip:192.0.2.1") == 1


def test_what_has_run_out_goes_first(counters: LimitsHere) -> None:
    for number in range(99):
        counters.set(f"login:{number}", [1.0] * 9, -1)
    for number in range(50):
        counters.set(f"login:new-{number}", [1.0], 300)
    assert all(counters.get(f"login:new-{number}") for number in range(50))


@pytest.mark.django_db
def test_what_fills_the_cache_does_not_wash_tries_away(client: Client) -> None:
    User.objects.create_user("carol", password=PASSWORD)
    for number in range(5):
        client.post("/accounts/login/", {"login": "carol", "password": "wrong"})
        for entry in range(400):
            cache.set(f"{number}-{entry}", "anything")
    page = client.post("/accounts/login/", {"login": "carol", "password": PASSWORD}, headers={"accept-language": "en"})
    assert "Too many tries" in page.content.decode()


@pytest.mark.django_db
def test_another_port_in_the_host_header_is_no_other_counter(client: Client) -> None:
    User.objects.create_user("carol", password=PASSWORD)
    for port in range(1, 6):
        client.post("/accounts/login/", {"login": "carol", "password": "wrong"}, headers={"host": f"localhost:{port}"})
    page = client.post("/accounts/login/", {"login": "carol", "password": PASSWORD}, headers={"accept-language": "en"})
    assert "Too many tries" in page.content.decode()


@pytest.mark.django_db
def test_a_probe_writes_one_key_however_often_it_asks(client: Client) -> None:
    cache.clear()
    for _ in range(5):
        assert client.get("/readyz").status_code == 200
    assert len(cache._cache) == 1


@pytest.mark.service
def test_counters_in_redis_are_those_of_all_processes(redis_url: str, settings) -> None:
    settings.CACHES = {"limits": {"BACKEND": "chatbot_site.caches.LimitsInRedis", "LOCATION": redis_url}}
    limits.set("test-limits:1", 5, 10)
    assert _cache(redis_url).get("test-limits:1") == 5
    limits.delete("test-limits:1")
