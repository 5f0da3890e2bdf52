"""The one place where what a provider, an SDK or the network does wrong becomes one of our errors.

SDK errors are recognised by what they carry (a status and a body) or by their causes, so that this module imports
neither SDK. Nothing of a message or key gets into the new error, and its cause is dropped: tracebacks reach logs.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import Iterator, Mapping

import aiohttp
import httpx2

from providers import errors
from providers.ceilings import Ceiling, ceiling_in
from providers.complaints import Complaint
from providers.errors import ProviderError
from providers.outbound import InsideAddress
from providers.sse import EventTooLarge
from providers.waits import retry_after, said_to_wait, until_reset
from providers.wordings import (
    ABOUT_A_KEY,
    BLOCKED,
    BROAD,
    NO_SUCH_PATH,
    NOT_STREAMED,
    QUOTA,
    SHARP,
    is_above_rate,
)

logger = logging.getLogger(__name__)


_BY_NAME: dict[str, type[ProviderError]] = {
    "context_length_exceeded": errors.ContextTooLong,
    "exceed_context_size_error": errors.ContextTooLong,
    "model_context_window_exceeded": errors.ContextTooLong,
    "model_max_prompt_tokens_exceeded": errors.ContextTooLong,
    "contextwindowexceedederror": errors.ContextTooLong,
    "tokens_limit_reached": errors.ContextTooLong,
    "string_above_max_length": errors.ContextTooLong,
    "request_too_large": errors.ContextTooLong,
    "insufficient_quota": errors.QuotaExceeded,
    "billing_hard_limit_reached": errors.QuotaExceeded,
    "billing_not_active": errors.QuotaExceeded,
    "billing_error": errors.QuotaExceeded,
    "insufficient_balance": errors.QuotaExceeded,
    "exceeded_current_quota_error": errors.QuotaExceeded,
    "budget_exceeded": errors.QuotaExceeded,
    "insufficient_user_quota": errors.QuotaExceeded,
    "arrearage": errors.QuotaExceeded,
    "allocationquota.freetieronly": errors.QuotaExceeded,
    "account_deactivated": errors.PermissionDenied,
    "invalid_api_key": errors.AuthenticationFailed,
    "authentication_error": errors.AuthenticationFailed,
    "unauthenticated": errors.AuthenticationFailed,
    "permission_error": errors.PermissionDenied,
    "permission_denied": errors.PermissionDenied,
    "permissiondenied": errors.PermissionDenied,
    "unsupported_country_region_territory": errors.RegionRefused,
    "ip_not_authorized": errors.Blocked,
    "model_not_found": errors.ModelUnknown,
    "not_found_error": errors.ModelUnknown,
    "notfounderror": errors.ModelUnknown,
    "deploymentnotfound": errors.ModelUnknown,
    "resource_does_not_exist": errors.ModelUnknown,
    "unknown_url": errors.AddressWrong,
    "flagged_input": errors.ContentRefused,
    "content_filter": errors.ContentRefused,
    "content_policy_violation": errors.ContentRefused,
    "responsibleaipolicyviolation": errors.ContentRefused,
    "rate_limit_exceeded": errors.RateLimited,
    "rate_limit_error": errors.RateLimited,
    "resource_exhausted": errors.RateLimited,
    "throttlingexception": errors.RateLimited,
    "capacity_exceeded": errors.Overloaded,
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
    405: errors.AddressWrong,
    407: errors.ConnectionLost,
    408: errors.TimedOut,
    413: errors.ContextTooLong,
    424: errors.Overloaded,  # a part of the server's own that it depends on has failed
    429: errors.RateLimited,
    451: errors.RegionRefused,
    504: errors.TimedOut,
    522: errors.TimedOut,
    524: errors.TimedOut,
}
_NAME_INSIDE = re.compile(
    rf"\b({'|'.join(name for name in _BY_NAME if '_' in name and name not in _VAGUE)})\b", re.IGNORECASE
)
_NEVER_ABOUT_LENGTH = (401, 402, 403, 404, 429)
_MAY_BE_BLOCKED = (0, 401, 403, 406)
_PARAMETERS = re.compile(r"\b(stream_options|max_completion_tokens|max_tokens|temperature)\b")
_NOT_TAKEN = re.compile(
    r"unsupported|not supported|does ?n[o']t support|unrecognized|unknown|extra (inputs|fields)|not (permitted|allowed)"
    r"|unexpected|deprecated|only the default|only \S+ is allowed|cannot find field|extraneous key",
    re.IGNORECASE,
)


def from_body(status: int, body: object, headers: Mapping[str, str] | None = None, *, model: str = "") -> ProviderError:
    """The error for an HTTP status with its decoded body; status 0 for an error object where an answer should be."""
    complaint = Complaint.read(body)
    if status < 300 or (status >= 500 and 400 <= complaint.status < 500):  # a proxy's own, around the server's
        status = complaint.status
    ceiling = None if status in _NEVER_ABOUT_LENGTH else ceiling_in(complaint.message, complaint.parameter)
    kind = _kind_of(status, complaint, ceiling)
    known = next((name for name in complaint.names if name in _BY_NAME), "")
    detail = " ".join(filter(None, (f"HTTP {status}" if status else "in the stream", known)))
    error = kind(detail, model=model)
    if kind.retryable:
        headers = headers or {}
        waits = retry_after(headers), complaint.wait, said_to_wait(complaint.message), until_reset(headers)
        error.retry_after = next((seconds for seconds in waits if seconds is not None), None)
    if isinstance(error, errors.BadRequest | errors.ContextTooLong):
        error.ceiling = ceiling
    error.parameter = _parameter(kind, complaint) if ceiling is None else ""
    return error


def _parameter(kind: type[ProviderError], complaint: Complaint) -> str:
    """The parameter that is not taken, "" when the complaint is about something else."""
    if kind not in (errors.BadRequest, errors.PermissionDenied):
        return ""
    if NOT_STREAMED.search(complaint.message):
        return "stream"
    if kind is errors.PermissionDenied or not _NOT_TAKEN.search(complaint.said):
        return ""
    mentioned = _PARAMETERS.search(complaint.parameter) or _PARAMETERS.search(complaint.message)
    return mentioned[0] if mentioned else ""


def _kind_of(status: int, complaint: Complaint, ceiling: Ceiling | None) -> type[ProviderError]:
    message, said = complaint.message, complaint.said
    if NOT_STREAMED.search(message) and status in (0, 400, 403, 404, 422):
        return errors.BadRequest
    if ceiling is not None:
        return errors.BadRequest if ceiling.lasting else errors.ContextTooLong
    if not complaint.is_page:
        if is_above_rate(message):
            return errors.TooLargeForRate
        for pattern, kind in SHARP:
            if pattern.search(said):
                return kind
    if status in _MAY_BE_BLOCKED and _is_blocked(status, complaint):
        return errors.Blocked
    if status in (404, 405) and _is_elsewhere(complaint):
        return errors.AddressWrong
    return _by_name(complaint) or _by_message(status, complaint) or _by_status(status, complaint)


def _is_blocked(status: int, complaint: Complaint) -> bool:
    """Whether something in between refused: the server itself explains in JSON, or speaks of a key."""
    if BLOCKED.search(complaint.said):
        return True
    explained = not complaint.is_text or not complaint.message
    return status == 403 and not explained and (complaint.is_page or not ABOUT_A_KEY.search(complaint.message))


def _is_elsewhere(complaint: Complaint) -> bool:
    """Whether a 404 is one of an address with no chat API: a page, plain text, or a word about the path."""
    if any(name in _BY_NAME and name not in _VAGUE for name in complaint.names):
        return False
    if complaint.is_page or not complaint.message:
        return not complaint.names
    if any(kind is errors.ModelUnknown and pattern.search(complaint.message) for pattern, kind in BROAD):
        return False
    return complaint.is_text or bool(NO_SUCH_PATH.search(complaint.message))


def _by_name(complaint: Complaint) -> type[ProviderError] | None:
    if any(name.endswith("spend_limit_reached") for name in complaint.names):
        return errors.QuotaExceeded
    for name in complaint.names:
        if name in _BY_NAME and name not in _VAGUE:
            return _BY_NAME[name]
    inside = _NAME_INSIDE.search(complaint.message)
    return _BY_NAME[inside[0].lower()] if inside else None


def _by_message(status: int, complaint: Complaint) -> type[ProviderError] | None:
    if complaint.is_page:
        return None
    if status == 429:  # that it is too long would not come with this status
        return errors.QuotaExceeded if QUOTA.search(complaint.message) and not complaint.wait else None
    return next((kind for pattern, kind in BROAD if pattern.search(complaint.message)), None)


def _by_status(status: int, complaint: Complaint) -> type[ProviderError]:
    if 300 <= status < 400:
        return errors.AddressWrong  # the address is not one of a chat API
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return errors.Overloaded
    if status >= 400:
        return errors.BadRequest  # whatever its type: a fault of the server's own has another status
    named = next((_BY_NAME[name] for name in complaint.names if name in _BY_NAME), None)
    return named or errors.Overloaded


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
        return from_body(status, _body_of(failure, response), response.headers, model=model)
    for cause in _causes(failure):
        if isinstance(cause, UnicodeEncodeError):
            return _unsendable(cause, model)
        for kind, ours in _BY_CLASS:
            if isinstance(cause, kind):
                return ours(type(cause).__name__, model=model)
    logger.error("Unforeseen %s.%s from a provider", type(failure).__module__, type(failure).__qualname__)
    return errors.InternalError(type(failure).__name__, model=model)


def _body_of(failure: Exception, response: httpx2.Response) -> object:
    """The whole body: the SDKs keep a part of it."""
    try:
        return response.text
    except (httpx2.StreamError, UnicodeError):
        return getattr(failure, "body", None)


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
