import re

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from chatbot_site.logging import request_id
from chatbot_site.middleware import HEADER, RequestIdMiddleware


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request_id.get())


async def answer_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request_id.get())


def test_names_a_request_in_log_and_response() -> None:
    response = RequestIdMiddleware(answer)(RequestFactory().get("/"))

    assert re.fullmatch(r"[0-9a-f]{16}", response[HEADER])
    assert response.content.decode() == response[HEADER]


def test_names_a_request_in_async_chains_too() -> None:
    response = async_to_sync(RequestIdMiddleware(answer_async))(AsyncRequestFactory().get("/"))

    assert response.content.decode() == response[HEADER]


def test_two_requests_have_two_names() -> None:
    middleware = RequestIdMiddleware(answer)

    first, second = (middleware(RequestFactory().get("/"))[HEADER] for _ in range(2))

    assert first != second


def test_keeps_the_name_that_a_proxy_gave() -> None:
    response = RequestIdMiddleware(answer)(RequestFactory().get("/", headers={HEADER: "edge-1234_5.6"}))

    assert response[HEADER] == "edge-1234_5.6"


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "line\nbreak-in-it", "forged level=ERROR", "한국어로된이름표입니다"]
)
def test_replaces_a_name_that_could_forge_log_lines(given: str) -> None:
    request = RequestFactory().get("/")
    request.META["HTTP_X_REQUEST_ID"] = given

    assert RequestIdMiddleware(answer)(request)[HEADER] != given
