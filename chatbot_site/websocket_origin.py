"""Which pages may open a websocket: those whose commands are taken too."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


class SameOrigin:
    """Refuses the handshake unless the Origin header is this site's, with host, port and scheme, or one of
    CSRF_TRUSTED_ORIGINS. Browsers always say it, and truly; what says none is no page of ours."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        taken = self.application if is_ours(scope) else WebsocketDenier()
        await taken(scope, receive, send)


def is_ours(scope: dict[str, Any]) -> bool:
    """By Django's own rule for commands, which knows of proxies, other ports and wildcards."""
    scheme = {"wss": "https", "ws": "http"}.get(scope.get("scheme", ""), "http")
    try:
        request = ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())
    except ValueError:  # headers that cannot be read
        return False
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    rule: Any = CsrfViewMiddleware(_nothing)  # Django has it as a method of no public name
    return len(origins) == 1 and bool(rule._origin_verified(request))


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
