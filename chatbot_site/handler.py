"""Django's ASGI handler with the whole of a request, from its first signal to its last, in one stay on one thread.

Django's own goes to a new thread and back for every step that is not async: the signals, the view, each process_view,
the closing. That costs more CPU than a small page itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import django
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponseBadRequest
from django.urls import set_script_prefix

AT_ONCE = 8  # more threads only share one interpreter lock: in a rush all pages would come late instead of one by one


class OneThreadHandler(ASGIHandler):
    """Runs the synchronous middleware chain; an async view still runs on an event loop, started by its thread.

    A request whose client has gone is finished all the same: a thread cannot be broken off.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            raise ValueError(f"No HTTP: {scope['type']}")
        try:
            body = scope.pop("body", None) or await self.read_body(receive)  # ChatServer gives it as a file
        except RequestAborted:
            return
        loop, context = asyncio.get_running_loop(), copy_context()
        response = await loop.run_in_executor(self._threads, context.run, self._respond, scope, body)
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await loop.run_in_executor(self._threads, context.run, response.close)

    def _respond(self, scope: dict[str, Any], body: Any) -> Any:
        """The response, closed already when it is whole: then nothing of the request is left open."""
        with body:
            set_script_prefix(get_script_prefix(scope))
            signals.request_started.send(sender=self.__class__, scope=scope)
            try:
                request, refusal = self.create_request(scope, body)
            except ValueError:  # headers that cannot be read: Content-Type: text/html; charset*=bogus''%41
                request, refusal = None, HttpResponseBadRequest()
            response: Any = refusal if request is None else self.get_response(request)
            response._handler_class = self.__class__
            if not response.streaming:
                response.close()
            return response


def get_application() -> OneThreadHandler:
    """What django.core.asgi.get_asgi_application() does, with this handler."""
    django.setup(set_prefix=False)
    return OneThreadHandler()
