"""Two probes: /healthz says that the process answers, /readyz that everything it needs does too."""

import asyncio
import logging
import secrets
from collections.abc import Callable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chatbot_site.schema import unapplied_migrations

logger = logging.getLogger(__name__)

LAYER_SECONDS = 3


class NotReady(Exception):
    """A part answered, but wrongly; the text holds no secret."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: no database, no cache, no session."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """`{"ready": bool, "checks": {name: "ok" | "failed"}}`, with 503 when one failed; why is in the log only."""
    results = {name: _passes(name, check) for name, check in CHECKS.items()}
    ready = all(results.values())
    shown = {name: "ok" if passed else "failed" for name, passed in results.items()}
    return JsonResponse({"ready": ready, "checks": shown}, status=200 if ready else 503)


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # whatever a driver raises: the probe must answer
        logger.error("Not ready: %s: %s: %s", name, type(error).__name__, error)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    """One key, whoever asks: probes of two processes may write it at once, so any mark of a probe will do."""
    cache.set("readyz", secrets.token_hex(8), timeout=10)
    if not cache.get("readyz"):
        raise NotReady("what was written could not be read back")
    if getattr(cache, "is_away", False):
        raise NotReady("Redis cannot be reached")


def _channel_layer() -> None:
    async_to_sync(_publish)()


async def _publish() -> None:
    layer = get_channel_layer()
    if layer is None:
        raise NotReady("no channel layer is set up")
    async with asyncio.timeout(LAYER_SECONDS):
        await layer.group_send("readyz", {"type": "readyz"})


def _migrations() -> None:
    if missing := unapplied_migrations():
        raise NotReady(f"{len(missing)} migrations are not applied")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "cache": _cache,
    "channel_layer": _channel_layer,
    "migrations": _migrations,
}
