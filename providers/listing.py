"""Model lists of servers: reading them, and a light way to fetch them that loads no SDK."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from providers.addresses import is_loopback
from providers.errors import (
    AddressInside,
    ConnectionLost,
    MalformedAnswer,
    ProviderError,
    ProviderNotConfigured,
    TimedOut,
)
from providers.outbound import InsideAddress
from providers.outbound_urllib import checked_handlers

MAX_MODELS = 2000
MAX_BYTES = 8 * 2**20
TIMEOUT_SECONDS = 10.0
_WINDOWS = ("max_model_len", "context_length", "context_window", "max_context_length")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as its server lists it; `context_window` in tokens, 0 when the server does not say."""

    name: str
    context_window: int = 0


def read_listing(content: bytes) -> list[ListedModel]:
    """From the body of GET /models, in the server's order. Raises MalformedAnswer."""
    try:
        body = json.loads(content)
        entries = body if isinstance(body, list) else body.get("data", body.get("models"))
        listed = [_listed(entry) for entry in entries[:MAX_MODELS]]
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        raise MalformedAnswer("not a list of models") from None
    return list({model.name: model for model in listed if model.name}.values())


def model_names(content: bytes) -> list[str]:
    """Only the names of `read_listing`. Raises MalformedAnswer."""
    return [model.name for model in read_listing(content)]


def _listed(entry: Mapping[str, Any]) -> ListedModel:
    name = entry.get("id") or entry.get("name") or entry.get("model")
    windows = [entry.get(key) for key in _WINDOWS]
    meta = entry.get("meta")
    if isinstance(meta, Mapping):
        windows += [meta.get("n_ctx"), meta.get("n_ctx_train")]
    window = next((value for value in windows if isinstance(value, int) and value > 0), 0)
    return ListedModel(name if isinstance(name, str) else "", window)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        return None


def fetch_listing(
    base_url: str,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    *,
    guarded: bool = False,
) -> list[ListedModel]:
    """GET {base_url}/models, blocking; for threads. Nowhere inside when `guarded`. Raises ProviderError."""
    if urlsplit(base_url).scheme not in ("http", "https"):
        raise ProviderNotConfigured("the address is not http or https")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if guarded:
        handlers += checked_handlers()
    elif is_loopback(base_url):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{base_url.rstrip('/')}/models", headers=dict(headers or {}))  # noqa: S310 - checked above
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as response:
            return read_listing(response.read(MAX_BYTES))
    except ProviderError:
        raise
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise _refused(refusal.code) from None
    except urllib.error.URLError as failure:
        raise _unreachable(failure.reason) from None
    except TimeoutError:
        raise TimedOut from None
    except (OSError, http.client.HTTPException, ValueError):
        raise ConnectionLost from None


def _unreachable(reason: object) -> ProviderError:
    if isinstance(reason, InsideAddress):
        return AddressInside()
    return TimedOut() if isinstance(reason, TimeoutError) else ConnectionLost()


def _refused(status: int) -> ProviderError:
    from providers.failures import from_body  # loads the HTTP clients, which a listing that works does not need

    return from_body(status, None)
