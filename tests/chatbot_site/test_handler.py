import asyncio
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.urls import path

from chatbot_site.handler import OneThreadHandler

pytestmark = pytest.mark.django_db  # every request ends by looking after the connections of its thread

threads: list[int] = []


class Outer:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        threads.append(threading.get_ident())
        return self.get_response(request)

    def process_view(self, *arguments: object) -> None:
        threads.append(threading.get_ident())


def sync_view(request: HttpRequest) -> HttpResponse:
    threads.append(threading.get_ident())
    return HttpResponse("sync")


async def async_view(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse("async")


def failing_view(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


@pytest.fixture(autouse=True)
def small_site(settings) -> None:
    urls = ModuleType("small_site")
    urls.urlpatterns = [path("sync", sync_view), path("async", async_view), path("failing", failing_view)]
    settings.ROOT_URLCONF = urls
    settings.MIDDLEWARE = [f"{__name__}.Outer", "django.middleware.common.CommonMiddleware"]
    threads.clear()


def get(address: str) -> tuple[int, bytes]:
    return async_to_sync(_get)(address)


async def _get(address: str) -> tuple[int, bytes]:
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    incoming.put_nowait({"type": "http.request", "body": b""})
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": address,
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
    }
    await OneThreadHandler()(scope, incoming.get, send)
    return sent[0]["status"], b"".join(message["body"] for message in sent[1:])


def test_middleware_and_view_share_one_thread() -> None:
    assert get("/sync") == (200, b"sync")
    assert len(threads) == 3
    assert len(set(threads)) == 1


def test_async_views_work_too() -> None:
    assert get("/async") == (200, b"async")


def test_a_failing_view_is_a_server_error() -> None:
    assert get("/failing")[0] == 500
