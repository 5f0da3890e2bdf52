"""The scripted provider behind a gate that counts how many requests are open, and can say that it is too much."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.scripted_provider import server
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.server import State

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOO_MANY = {"error": {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}}


class LimitingProvider(ScriptedProvider):
    """`refusals` requests are turned away with 429; `most_open` is how many were answered at once."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0
        self.refused = 0
        self.retry_after_ms = "10"
        self.open = self.most_open = 0

    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.endswith("/chat/completions"):
            return await handler(request)
        if self.refusals:
            self.refusals -= 1
            self.refused += 1
            return web.json_response(TOO_MANY, status=429, headers={"Retry-After-Ms": self.retry_after_ms})
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await handler(request)
        finally:
            self.open -= 1

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._state = State()
        app = server.make_app(self._state)

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._gate(request, handler)

        app.middlewares.append(gate)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()
