"""Middleware of the whole site."""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from chatbot_site.logging import request_id

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._\-]{8,64}", re.ASCII).fullmatch

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class RequestIdMiddleware:
    """Names every request: in the log (see chatbot_site.logging) and in the response's X-Request-ID.

    An X-Request-ID that a proxy in front has given is kept if it is 8 to 64 letters, digits, dots, dashes
    or underscores.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Handler | AsyncHandler) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._respond(request)
        name = _begin(request)
        response = cast(Handler, self.get_response)(request)
        response.headers[HEADER] = name
        return response

    async def _respond(self, request: HttpRequest) -> HttpResponseBase:
        name = _begin(request)
        response = await cast(AsyncHandler, self.get_response)(request)
        response.headers[HEADER] = name
        return response


class Utf8Middleware:
    """Fields and queries are UTF-8, as every browser sends them to a page in UTF-8, whatever charset a header names.

    Django believes the header, and Python has charsets (UTF-7) in which half a character can be said: a page or a
    log line with one ends in an error.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding is not None:
            request.encoding = "utf-8"
        return self.get_response(request)


def _begin(request: HttpRequest) -> str:
    """Name this request. Not undone afterwards: Django logs "Not found" and its like after all middleware."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    name = given if _ACCEPTED(given) else secrets.token_hex(8)
    request_id.set(name)
    return name
