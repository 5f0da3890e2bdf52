"""The gate in front of the site: while the database lacks migrations, every page says so and what to do.

Nothing behind it runs meanwhile: no view asks tables that are not there, and no engine takes up answers. Once the
migrations are applied the gate opens by itself; from then on a request costs one look at a flag.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from chatbot_site.pages import HEADERS, bilingual
from chatbot_site.schema import migrated

logger = logging.getLogger(__name__)
RETRY_AFTER = "5"
PROBES = ("/healthz", "/readyz")
ASGIApplication = Callable[[Any, Any, Any], Awaitable[None]]


class MigrationGate:
    """`application`, once the database is up to date.

    `probes` answers /healthz and /readyz at all times; unlike `application` it starts nothing.
    """

    def __init__(self, application: ASGIApplication, *, probes: ASGIApplication, is_open: bool) -> None:
        self._application, self._probes = application, probes
        self._is_open = is_open

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._is_open:
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1013})  # try again later
        elif scope["path"] in PROBES or scope["path"].startswith(settings.STATIC_URL):
            await self._probes(_bare(scope), receive, send)
        else:
            await _refuse(scope, send)

    async def opened(self) -> None:
        """Return when the database is up to date; everybody is let in then."""
        if self._is_open:
            return
        await migrated()
        self._is_open = True
        logger.info("The database is up to date now. The site is open.")


def _bare(scope: dict[str, Any]) -> dict[str, Any]:
    """Without cookies: a session would be looked up in a table that may not be there."""
    return scope | {"headers": [(name, value) for name, value in scope["headers"] if name != b"cookie"]}


async def _refuse(scope: dict[str, Any], send: Any) -> None:
    body = b"" if scope["method"] == "HEAD" else page().encode()
    headers = HEADERS | {"Retry-After": RETRY_AFTER}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 503, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def page() -> str:
    return bilingual("503_migrations.html", {"retry_after": RETRY_AFTER})
