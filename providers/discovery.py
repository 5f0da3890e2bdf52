"""Ollama and LM Studio on their usual ports of this machine, looked for in the background."""

from django.conf import settings
from django.core.cache import cache

from providers.background import run_once
from providers.errors import ProviderError
from providers.listing import fetch_listing

PORTS = {"ollama": 11434, "lmstudio": 1234}
PROBE_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 60
_KEY = "providers:discovery"
_FRESH_KEY = "providers:discovery:fresh"


def found_servers() -> dict[str, str]:
    """Base URLs of the servers found lately, by name; never waits. With PROVIDER_DISCOVERY off, none."""
    if not settings.PROVIDER_DISCOVERY:
        return {}
    if cache.add(_FRESH_KEY, True, LOOK_AGAIN_SECONDS):
        run_once("provider-discovery", look)
    found: dict[str, str] = cache.get(_KEY) or {}
    return found


def look() -> dict[str, str]:
    """Ask the usual ports now, and remember who answered like a model server."""
    found = {name: base_url_of(port) for name, port in PORTS.items() if _answers(base_url_of(port))}
    cache.set(_KEY, found, timeout=LOOK_AGAIN_SECONDS * 60)
    return found


def base_url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def _answers(base_url: str) -> bool:
    try:
        fetch_listing(base_url, timeout=PROBE_SECONDS)
    except ProviderError:
        return False
    return True
