"""Where the site is: nothing that a request's headers say changes a path or an absolute link.

Links in mails and the addresses of shared conversations lead to the site's own origin. Were they made of the request,
as Django does, whoever asks for a password reset in another's name could have the genuine mail lead somewhere else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.http.response import HttpResponseBase

ASGIApplication = Callable[[Any, Any, Any], Awaitable[None]]
USUAL_PORTS = ("80", "443")


def at_root(application: ASGIApplication) -> ASGIApplication:
    """`application` with an empty root path: daphne takes that from a header (Daphne-Root-Path) of anybody's."""

    async def ask(scope: Any, receive: Any, send: Any) -> None:
        scope["root_path"] = ""
        await application(scope, receive, send)

    return ask


def first_name(hosts: Iterable[str]) -> str:
    """The first of ALLOWED_HOSTS that is one name, no pattern; empty where there is none.

    One that is for probes, this machine's own or an address, comes only where there is no other.
    """
    names = [host for host in hosts if not host.startswith(".") and "*" not in host]
    return next((name for name in names if not _is_for_probes(name)), names[0] if names else "")


def _is_for_probes(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return True


def trusted_origin(origins: Iterable[str], hosts: Sequence[str], scheme: str) -> str:
    """The first of CSRF_TRUSTED_ORIGINS that is the site's own, behind a port say, and no other site that it trusts."""
    for origin in origins:
        parts = urlsplit(origin)
        name = parts.hostname or ""
        if "*" not in origin and parts.scheme == scheme and not _is_for_probes(name) and validate_host(name, hosts):
            return origin
    return ""


def origin_of(request: HttpRequest) -> str:
    """Scheme, host and, where it is not the usual one, port of the site: https://chat.example.org.

    SITE_ORIGIN; where the settings give none (nothing stands in front of this server then), the site's name and the
    port that this server listens on. In development the name is the one that was asked for, any of ALLOWED_HOSTS.
    Raises DisallowedHost, in development, for another name.
    """
    if settings.SITE_ORIGIN:
        return str(settings.SITE_ORIGIN)
    name = first_name(settings.ALLOWED_HOSTS) if settings.PRODUCTION else ""
    name = name or split_domain_port(request.get_host())[0]
    port = request.META["SERVER_PORT"]
    scheme = "https" if settings.HTTPS else "http"
    return f"{scheme}://{name}" if port in USUAL_PORTS else f"{scheme}://{name}:{port}"


class SiteOriginMiddleware:
    """Lets `request.build_absolute_uri`, which Django, allauth and our templates ask, give addresses of the site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A cached property that build_absolute_uri alone reads; test_origin.py tells when Django changes that.
        vars(request)["_current_scheme_host"] = origin_of(request)
        return self.get_response(request)
