"""The one place where what a provider, an SDK or the network does wrong becomes one of our errors.

SDK errors are recognised by what they carry (a status and a body) or by their causes, so that this module imports
neither SDK. Nothing of a message or key gets into the new error, and its cause is dropped: tracebacks reach logs.
"""

import asyncio
import logging
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx2

from providers import errors
from providers.errors import ProviderError
from providers.outbound import InsideAddress
from providers.sse import EventTooLarge

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says, whatever its shape."""

    names: tuple[str, ...] = ()  # its code and types, lower case
    message: str = ""
    parameter: str = ""
    status: int = 0

    @classmethod
    def read(cls, body: object) -> "Complaint":
        """From a decoded body of OpenAI, Anthropic, vLLM, llama.cpp, Ollama, Azure, Google, FastAPI, or of anyone."""
        if isinstance(body, list) and body:
            body = body[0]
        if isinstance(body, str):
            return cls(message=body[:2000])
        if not isinstance(body, Mapping):
            return cls()
        inner = body.get("error")
        if isinstance(inner, Mapping):
            return cls._from_fields(inner)
        if isinstance(inner, str):
            return cls._from_fields({"message": inner, **body})
        return cls._from_fields(body)

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> "Complaint":
        code = fields.get("code")
        details = fields.get("details")
        detail_code = details.get("error_code") if isinstance(details, Mapping) else None
        names = (code, detail_code, fields.get("type"), fields.get("status"))
        message = fields.get("message") or fields.get("detail") or ""
        parameter = fields.get("param")
        return cls(
            names=tuple(name.lower() for name in names if isinstance(name, str) and name),
            message=message[:2000] if isinstance(message, str) else str(message)[:2000],
            parameter=parameter if isinstance(parameter, str) else "",
            status=code if isinstance(code, int) and not isinstance(code, bool) else 0,
        )


_BY_NAME: dict[str, type[ProviderError]] = {
    "context_length_exceeded": errors.ContextTooLong,
    "exceed_context_size_error": errors.ContextTooLong,
    "model_context_window_exceeded": errors.ContextTooLong,
    "string_above_max_length": errors.ContextTooLong,
    "request_too_large": errors.ContextTooLong,
    "insufficient_quota": errors.QuotaExceeded,
    "billing_hard_limit_reached": errors.QuotaExceeded,
    "billing_not_active": errors.QuotaExceeded,
    "billing_error": errors.QuotaExceeded,
    "insufficient_balance": errors.QuotaExceeded,
    "account_deactivated": errors.PermissionDenied,
    "invalid_api_key": errors.AuthenticationFailed,
    "authentication_error": errors.AuthenticationFailed,
    "unauthenticated": errors.AuthenticationFailed,
    "permission_error": errors.PermissionDenied,
    "permission_denied": errors.PermissionDenied,
    "unsupported_country_region_territory": errors.PermissionDenied,
    "model_not_found": errors.ModelUnknown,
    "not_found_error": errors.ModelUnknown,
    "notfounderror": errors.ModelUnknown,
    "content_filter": errors.ContentRefused,
    "content_policy_violation": errors.ContentRefused,
    "responsibleaipolicyviolation": errors.ContentRefused,
    "rate_limit_exceeded": errors.RateLimited,
    "rate_limit_error": errors.RateLimited,
    "resource_exhausted": errors.RateLimited,
    "overloaded_error": errors.Overloaded,
    "server_error": errors.Overloaded,
    "api_error": errors.Overloaded,
    "internal_server_error": errors.Overloaded,
    "unavailable_error": errors.Overloaded,
    "timeout_error": errors.TimedOut,
    "invalid_request_error": errors.BadRequest,
}
# These say less than the status or the message may, so they are asked last.
_VAGUE = {
    "api_error",
    "server_error",
    "invalid_request_error",
    "not_found_error",
    "notfounderror",
    "internal_server_error",
}
_BY_STATUS: dict[int, type[ProviderError]] = {
    401: errors.AuthenticationFailed,
    402: errors.QuotaExceeded,
    403: errors.PermissionDenied,
    404: errors.ModelUnknown,
    407: errors.ConnectionLost,
    408: errors.TimedOut,
    413: errors.ContextTooLong,
    429: errors.RateLimited,
    504: errors.TimedOut,
}
_BY_MESSAGE: tuple[tuple[re.Pattern[str], type[ProviderError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (
            r"(maximum|exceeds?|exceeded|beyond|than)[^.]{0,60}context|context (length|window|size)[^.]{0,40}exceed"
            r"|exceed context limit"
            r"|prompt is too long|input is too long|too many (input )?tokens|reduce the length of|request too large for"
            r"|maximum (prompt|input) length|longer than the (maximum )?model",
            errors.ContextTooLong,
        ),
        (
            r"credit balance|insufficient (balance|credit|funds|quota)|exceeded your current quota|spend(ing)? limit",
            errors.QuotaExceeded,
        ),
        (r"insufficient permissions|missing scopes", errors.PermissionDenied),
        (r"(incorrect|invalid) api[- _]?key|api[- _]?key not valid", errors.AuthenticationFailed),
        (r"content (management )?policy|content filter", errors.ContentRefused),
        (r"\bmodel\b[^\n]{0,200}(not found|does not exist|is not available)|invalid model", errors.ModelUnknown),
        (r"model not loaded|loading model|\boverloaded\b|at capacity", errors.Overloaded),
    )
)
_PARAMETERS = re.compile(r"\b(stream_options|max_completion_tokens|max_tokens|temperature)\b")
_NOT_TAKEN = re.compile(
    r"unsupported|not supported|does ?n[o']t support|unrecognized|unknown|extra (inputs|fields)|not (permitted|allowed)"
    r"|unexpected|deprecated|only the default",
    re.IGNORECASE,
)


def from_body(status: int, body: object, headers: Mapping[str, str] | None = None, *, model: str = "") -> ProviderError:
    """The error for an HTTP status with its decoded body; status 0 for an error object inside a stream."""
    complaint = Complaint.read(body)
    status = status or complaint.status
    kind = _kind_of(status, complaint)
    known = next((name for name in complaint.names if name in _BY_NAME), "")
    detail = " ".join(filter(None, (f"HTTP {status}" if status else "in the stream", known)))
    error = kind(detail, retry_after=retry_after(headers or {}), model=model)
    if kind is errors.BadRequest and _NOT_TAKEN.search(f"{complaint.message} {' '.join(complaint.names)}"):
        mentioned = _PARAMETERS.search(complaint.parameter) or _PARAMETERS.search(complaint.message)
        error.parameter = mentioned[0] if mentioned else ""
    return error


def _kind_of(status: int, complaint: Complaint) -> type[ProviderError]:
    for name in complaint.names:
        if name in _BY_NAME and name not in _VAGUE:
            return _BY_NAME[name]
        if name.endswith("spend_limit_reached"):
            return errors.QuotaExceeded
    for pattern, kind in _BY_MESSAGE:
        if pattern.search(complaint.message):
            return kind
    if 300 <= status < 400 or (status == 404 and not complaint.message):
        return errors.ProviderNotConfigured  # the address is not one of a chat API
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return errors.Overloaded
    named = next((_BY_NAME[name] for name in complaint.names if name in _BY_NAME), None)
    return named or (errors.BadRequest if status else errors.Overloaded)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms`, or from `retry-after` as seconds or a date; None when absent or senseless."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        return min(max(seconds, 0.0), 86_400.0) if seconds == seconds else None
    try:
        date = parsedate_to_datetime(headers["retry-after"])
        return min(max(date.timestamp() - time.time(), 0.0), 86_400.0)
    except (KeyError, ValueError, OverflowError):
        return None


_BY_CLASS: tuple[tuple[type[BaseException], type[ProviderError]], ...] = (
    (InsideAddress, errors.AddressInside),
    (aiohttp.ServerTimeoutError, errors.TimedOut),
    (asyncio.TimeoutError, errors.TimedOut),
    (aiohttp.InvalidURL, errors.ProviderNotConfigured),
    (aiohttp.ClientConnectionError, errors.ConnectionLost),
    (aiohttp.ClientPayloadError, errors.ConnectionLost),
    (aiohttp.ClientError, errors.MalformedAnswer),
    (aiohttp.http_exceptions.TransferEncodingError, errors.ConnectionLost),  # cut before the end it announced
    (aiohttp.http_exceptions.ContentLengthError, errors.ConnectionLost),
    (aiohttp.http_exceptions.HttpProcessingError, errors.MalformedAnswer),
    (httpx2.TimeoutException, errors.TimedOut),
    (httpx2.UnsupportedProtocol, errors.ProviderNotConfigured),
    (httpx2.InvalidURL, errors.ProviderNotConfigured),
    (httpx2.DecodingError, errors.MalformedAnswer),
    (httpx2.RemoteProtocolError, errors.ConnectionLost),
    (httpx2.TransportError, errors.ConnectionLost),
    (httpx2.StreamError, errors.ConnectionLost),
    (ssl.SSLError, errors.ConnectionLost),
    (EventTooLarge, errors.AnswerTooLarge),
    (OSError, errors.ConnectionLost),
    (EOFError, errors.ConnectionLost),
    # What reading an answer of an unexpected shape raises; JSON and Unicode errors are ValueErrors.
    (UnicodeDecodeError, errors.MalformedAnswer),
    (ValueError, errors.MalformedAnswer),
    (LookupError, errors.MalformedAnswer),
    (TypeError, errors.MalformedAnswer),
    (AttributeError, errors.MalformedAnswer),
    (AssertionError, errors.MalformedAnswer),
    (RecursionError, errors.MalformedAnswer),
)


def as_provider_error(failure: Exception, *, model: str = "") -> ProviderError:
    """Our error for any exception that asking a provider raised. Raise it `from None`."""
    if isinstance(failure, ProviderError):
        return failure
    status = getattr(failure, "status_code", None)
    response = getattr(failure, "response", None)
    if isinstance(status, int) and response is not None:
        return from_body(status, getattr(failure, "body", None), response.headers, model=model)
    for cause in _causes(failure):
        if isinstance(cause, UnicodeEncodeError):
            return _unsendable(cause, model)
        for kind, ours in _BY_CLASS:
            if isinstance(cause, kind):
                return ours(type(cause).__name__, model=model)
    logger.error("Unforeseen %s.%s from a provider", type(failure).__module__, type(failure).__qualname__)
    return errors.InternalError(type(failure).__name__, model=model)


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure's explicit causes, the root first: wrappers blur (aiohttp's lost connections become timeouts)."""
    chain = [failure]
    while chain[-1].__cause__ is not None and len(chain) < 10:
        chain.append(chain[-1].__cause__)
    yield from reversed(chain)


def _unsendable(cause: UnicodeEncodeError, model: str) -> ProviderError:
    if cause.encoding in ("ascii", "latin-1"):  # headers: only the key is ours there
        return errors.AuthenticationFailed("the key has characters that no key has", model=model)
    return errors.BadRequest("text that is not Unicode", model=model)
