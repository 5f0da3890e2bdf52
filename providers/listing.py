"""Model lists of servers: reading them, whatever their shape, and a light way to fetch them that loads no SDK."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from providers.addresses import is_loopback, joined
from providers.complaints import is_complaint
from providers.errors import (
    AddressInside,
    AddressWrong,
    AuthenticationFailed,
    Blocked,
    ConnectionLost,
    MalformedAnswer,
    NoModelList,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    TimedOut,
)
from providers.listed_model import ListedModel, read_model
from providers.outbound import InsideAddress
from providers.outbound_urllib import checked_handlers

MAX_MODELS = 2000
MAX_BYTES = 8 * 2**20
MAX_ERROR_BYTES = 2**16
TIMEOUT_SECONDS = 10.0
_LISTS = ("data", "models", "model_list", "items", "result", "results", "output", "body")
# Of an error that came with the status 200 only these are sure: others are said at a wrong address too.
_WHY_NOT = (AuthenticationFailed, PermissionDenied, QuotaExceeded, RateLimited, Blocked)
_NOTHING_THERE = (404, 405, 410, 501)


def read_listing(content: bytes) -> list[ListedModel]:
    """From the body of GET /models, in the server's order, without entries that name no model.

    Raises MalformedAnswer where the body is no list at all; where it says why there is none, the error that it tells.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise MalformedAnswer("not a list of models") from None
    if isinstance(body, Mapping) and not any(body.get(name) for name in _LISTS) and is_complaint(body):
        error = _refused(0, content)
        raise error if isinstance(error, _WHY_NOT) else MalformedAnswer("an error instead of a list of models")
    models = (read_model(entry) for entry in _entries(body)[:MAX_MODELS])
    named = [model for model in models if model is not None]
    return list({model.name: model for model in named}.values())


def _entries(body: Any) -> list[Any]:
    is_list = False
    while isinstance(body, Mapping) and (lists := [body[name] for name in _LISTS if name in body]):
        body, is_list = next((one for one in lists if one), None), True
    if isinstance(body, Mapping) and not is_list:
        raise MalformedAnswer("not a list of models")
    if body is None:
        return []
    if isinstance(body, Mapping):  # by name
        return [{"id": name, **(entry if isinstance(entry, Mapping) else {})} for name, entry in body.items()]
    if not isinstance(body, list):
        raise MalformedAnswer("not a list of models")
    return body


def model_names(content: bytes) -> list[str]:
    """Only the names of `read_listing`. Raises MalformedAnswer."""
    return [model.name for model in read_listing(content)]


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
    """GET {base_url}/models, blocking; for threads. Nowhere inside when `guarded`.

    Raises ProviderError; NoModelList where something answers, but not with a list of models.
    """
    if urlsplit(base_url).scheme not in ("http", "https"):
        raise AddressWrong("it is not http or https")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if guarded:
        handlers += checked_handlers()
    elif is_loopback(base_url):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(joined(base_url, "/models"), headers=dict(headers or {}))  # noqa: S310 - checked above
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as response:
            content = response.read(MAX_BYTES)
    except ProviderError:
        raise
    except urllib.error.HTTPError as refusal:
        raise _refused_by(refusal) from None
    except urllib.error.URLError as failure:
        raise _unreachable(failure.reason) from None
    except TimeoutError:
        raise TimedOut from None
    except (OSError, http.client.HTTPException, ValueError):
        raise ConnectionLost from None
    try:
        return read_listing(content)
    except MalformedAnswer:
        raise NoModelList("no list of models") from None


def _unreachable(reason: object) -> ProviderError:
    if isinstance(reason, InsideAddress):
        return AddressInside()
    return TimedOut() if isinstance(reason, TimeoutError) else ConnectionLost()


def _refused_by(refusal: urllib.error.HTTPError) -> ProviderError:
    with refusal, suppress(OSError, http.client.HTTPException):
        headers = {name.lower(): value for name, value in refusal.headers.items()}
        return _refused(refusal.code, refusal.read(MAX_ERROR_BYTES), headers)
    return _refused(refusal.code, b"")


def _refused(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> ProviderError:
    if status in _NOTHING_THERE:
        return NoModelList(f"status {status}")
    from providers.failures import from_body  # loads the HTTP clients, which a listing that works does not need

    return from_body(status, body.decode(errors="replace"), headers)
