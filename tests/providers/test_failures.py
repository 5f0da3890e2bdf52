"""The mapping of whatever goes wrong to our errors."""

import json
import logging
import ssl
import time
from email.utils import formatdate
from pathlib import Path

import aiohttp
import httpx2
import pytest

from providers import errors
from providers.errors import ProviderError
from providers.failures import as_provider_error, from_body
from providers.sse import EventTooLarge
from providers.waits import retry_after

OPENAI_TPM = "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000."
BODIES: list[tuple[int, object, type[ProviderError]]] = [
    # OpenAI
    (401, {"message": "Incorrect API key provided: sk-xx", "code": "invalid_api_key"}, errors.AuthenticationFailed),
    (401, {"message": "You have insufficient permissions for this operation."}, errors.PermissionDenied),
    (403, {"code": "unsupported_country_region_territory"}, errors.RegionRefused),
    (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, errors.QuotaExceeded),
    (429, {"message": "Rate limit reached for gpt-4o", "code": "rate_limit_exceeded"}, errors.RateLimited),
    (429, {"message": OPENAI_TPM, "type": "tokens"}, errors.TooLargeForRate),
    (404, {"message": "The model `gpt-9.9` does not exist", "code": "model_not_found"}, errors.ModelUnknown),
    (400, {"code": "context_length_exceeded", "type": "invalid_request_error"}, errors.ContextTooLong),
    (400, {"code": "content_policy_violation"}, errors.ContentRefused),
    (500, {"type": "server_error", "message": "The server had an error"}, errors.Overloaded),
    (503, {"type": "server_error", "message": "That model is overloaded"}, errors.Overloaded),
    # Anthropic
    (401, {"type": "error", "error": {"type": "authentication_error"}}, errors.AuthenticationFailed),
    (403, {"type": "error", "error": {"type": "permission_error"}}, errors.PermissionDenied),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}, errors.ModelUnknown),
    (400, {"error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}}, errors.ContextTooLong),
    (
        400,
        {"error": {"message": "input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000"}},
        errors.ContextTooLong,
    ),
    (400, {"error": {"message": "Your credit balance is too low to access the API"}}, errors.QuotaExceeded),
    (402, {"error": {"type": "billing_error"}}, errors.QuotaExceeded),
    (
        429,
        {"error": {"type": "rate_limit_error", "details": {"error_code": "contract_spend_limit_reached"}}},
        errors.QuotaExceeded,
    ),
    (413, {"error": {"type": "request_too_large"}}, errors.ContextTooLong),
    (429, {"error": {"type": "rate_limit_error"}}, errors.RateLimited),
    (529, {"error": {"type": "overloaded_error"}}, errors.Overloaded),
    # vLLM, llama.cpp, Ollama, DeepSeek, Azure, Google, FastAPI
    (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens."}, errors.ContextTooLong),
    (400, {"message": "the request exceeds the available context size, try increasing it"}, errors.ContextTooLong),
    (400, {"error": {"code": 400, "type": "exceed_context_size_error"}}, errors.ContextTooLong),
    (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, errors.Overloaded),
    (404, {"object": "error", "message": "The model x does not exist.", "type": "NotFoundError"}, errors.ModelUnknown),
    (404, {"error": 'model "llama9" not found, try pulling it first'}, errors.ModelUnknown),
    (402, {"error": {"message": "Insufficient Balance"}}, errors.QuotaExceeded),
    (400, {"error": {"code": "content_filter", "message": "filtered due to the prompt"}}, errors.ContentRefused),
    (429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], errors.RateLimited),
    (422, {"detail": "field required"}, errors.BadRequest),
    # nothing but a status, or rubbish
    (400, None, errors.BadRequest),
    (401, "<html>Unauthorized</html>", errors.AuthenticationFailed),
    (404, None, errors.AddressWrong),
    (301, None, errors.AddressWrong),
    (408, "", errors.TimedOut),
    (504, "gateway", errors.TimedOut),
    (502, "bad gateway", errors.Overloaded),
    (418, ["?"], errors.BadRequest),
    (429, {"error": {"message": ["not", "text"], "code": {}}}, errors.RateLimited),
]


@pytest.mark.parametrize(("status", "body", "kind"), BODIES)
def test_error_bodies(status: int, body: object, kind: type[ProviderError]) -> None:
    assert type(from_body(status, body)) is kind


# What servers in the world write, from public reports, a line each: error, HTTP status, body.
WORDINGS = [json.loads(line) for line in (Path(__file__).parent / "wordings.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("kind", "status", "body"), WORDINGS)
def test_wordings_of_the_world(kind: str, status: int, body: object) -> None:
    assert type(from_body(status, body)).__name__ == kind
    # As it comes over the wire: the SDKs decode a part of it, so the text is read.
    sent = body if body is None or isinstance(body, str) else json.dumps(body)
    assert type(from_body(status, sent)).__name__ == kind


@pytest.mark.parametrize("unit", ["input + ", "image ", "n_keep ", "1 input ", "retry 1 m, and ", "exceeds the "])
def test_a_body_made_to_hold_us_up_does_not(unit: str) -> None:
    started = time.process_time()
    from_body(400, {"error": {"message": "max_tokens " + unit * 4000}})
    assert time.process_time() - started < 1


@pytest.mark.parametrize("secret", ["sk-live-0123456789abcdef", "Bearer abc.def", "what the person wrote"])
def test_nothing_of_a_body_is_said_or_kept(secret: str) -> None:
    for body in (
        {"error": {"message": secret, "code": secret, "type": secret, "param": secret}},
        {"error": {"message": f"max_tokens is too large for {secret}: at most 100", "metadata": {"raw": secret}}},
        [{"errors": [secret]}],
        secret,
    ):
        for status in (0, 200, 400, 401, 403, 404, 429, 500):
            error = from_body(status, body)
            said = (
                f"{error!r} {error} {error.detail} {error.parameter} {error.sentence()} {error.advice()} {vars(error)}"
            )
            assert secret not in said


def _caused(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


FAILURES: list[tuple[Exception, type[ProviderError]]] = [
    (aiohttp.ServerDisconnectedError(), errors.ConnectionLost),
    (aiohttp.ClientPayloadError("cut"), errors.ConnectionLost),
    (aiohttp.SocketTimeoutError(), errors.TimedOut),
    (aiohttp.ConnectionTimeoutError(), errors.TimedOut),
    # The transport calls a lost connection a timeout; its cause knows better.
    (_caused(httpx2.ConnectTimeout("x"), aiohttp.ServerDisconnectedError()), errors.ConnectionLost),
    (httpx2.ReadTimeout("x"), errors.TimedOut),
    (httpx2.ConnectError("x"), errors.ConnectionLost),
    (httpx2.ReadError("x"), errors.ConnectionLost),
    (httpx2.RemoteProtocolError("x"), errors.ConnectionLost),
    (httpx2.DecodingError("x"), errors.MalformedAnswer),
    (httpx2.UnsupportedProtocol("x"), errors.ProviderNotConfigured),
    (httpx2.InvalidURL("x"), errors.ProviderNotConfigured),
    (ssl.SSLError("certificate"), errors.ConnectionLost),
    (ConnectionResetError(), errors.ConnectionLost),
    (OSError(), errors.ConnectionLost),
    (TimeoutError(), errors.TimedOut),
    (TimeoutError(), errors.TimedOut),
    (EOFError(), errors.ConnectionLost),
    (EventTooLarge(), errors.AnswerTooLarge),
    (json.JSONDecodeError("x", "secret document", 0), errors.MalformedAnswer),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), errors.MalformedAnswer),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), errors.BadRequest),
    (UnicodeEncodeError("ascii", "열쇠", 0, 1, "x"), errors.AuthenticationFailed),
    (KeyError("choices"), errors.MalformedAnswer),
    (TypeError("x"), errors.MalformedAnswer),
    (AttributeError("x"), errors.MalformedAnswer),
    (AssertionError("x"), errors.MalformedAnswer),
    (RecursionError(), errors.MalformedAnswer),
    (RuntimeError("x"), errors.InternalError),
    (errors.Overloaded("x"), errors.Overloaded),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_exceptions(failure: Exception, kind: type[ProviderError]) -> None:
    error = as_provider_error(failure, model="m")
    assert type(error) is kind
    assert "secret" not in str(error)


def test_an_unforeseen_failure_is_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        as_provider_error(RuntimeError("a secret"))
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "1e12"}, 86_400),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "7s"}, 7),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": "Fri, 01 Jan 1999 00:00:00 GMT"}, 0),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    found = retry_after({"retry-after": formatdate(time.time() + 600, usegmt=True)})
    assert found is not None
    assert 590 < found <= 600


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ([{"error": {"status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "17s"}]}}], 17),
        ([{"error": {"details": [{"@type": "…RetryInfo", "retryDelay": "17.296s"}]}}], 17.296),
        ({"error": {"details": [{"retryDelay": {"seconds": 33}}]}}, 33),
        ({"error": {"message": "Please retry in 17.2s."}}, 17.2),
        ({"error": {"message": "Please retry in 5h2m3s."}}, 18123),
        ({"error": {"message": "Rate limit reached. Please try again in 1m3.5s. Visit …"}}, 63.5),
        ({"error": {"message": "Please try again in 644ms."}}, 0.644),
        ({"error": {"message": "Please try again in 6m0s."}}, 360),
        ({"error": {"message": "exceeded token rate limit. Please retry after 60 seconds."}}, 60),
        ({"error": {"message": "Please wait 2 minutes and 30 seconds before you send more."}}, 150),
        ({"error": {"message": "Try again in 1 hour."}}, 3600),
        ({"error": {"message": "busy", "retry_after": 12}}, 12),
        ({"error": "Model x is currently loading", "estimated_time": 20.0}, 20),
        ({"message": "busy", "retry_after": "12"}, 12),
        ({"error": {"message": "Provider returned error", "metadata": {"headers": {"Retry-After": "9"}}}}, 9),
        ({"error": {"message": "", "metadata": {"raw": '{"error": {"details": [{"retryDelay": "8s"}]}}'}}}, 8),
        ({"error": {"message": "Please try again later. You may send 3 requests per 1 minute."}}, None),
        ({"error": {"message": "busy"}, "retry_after_ms": 1500}, 1.5),
        ({"error": {"details": [{"retryInfo": {"retryDelay": "3.2s"}}]}}, 3.2),
        ({"error": {"message": "The model is available again in 30 seconds."}}, 30),
        ({"error": {"message": "Your limit resets in 2 hours"}}, 7200),
        ({"error": {"message": "Limits are reset every 24 hours."}}, None),
        ({"error": {"message": "Try again in a moment."}}, None),
        ({"error": {"message": "Limit 30000, Used 29937"}}, None),
        ({"error": {"details": [{"retryDelay": "soon"}, {"retryDelay": []}]}}, None),
    ],
)
def test_a_time_to_wait_in_the_body(body: object, seconds: float | None) -> None:
    error = from_body(429, body)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == (seconds if seconds is None else pytest.approx(seconds))


def test_the_header_says_it_better_than_the_words() -> None:
    assert from_body(429, {"error": "try again in 5s"}, {"retry-after-ms": "250"}).retry_after == 0.25


@pytest.mark.parametrize("unit", [1, 1000])
def test_the_end_of_a_limit_in_the_headers(unit: int) -> None:
    wait = from_body(429, None, {"x-ratelimit-reset": str((time.time() + 30) * unit)}).retry_after
    assert wait is not None
    assert 28 < wait <= 30
    assert from_body(429, None, {"x-ratelimit-reset": "30"}).retry_after is None


def test_what_waiting_does_not_mend_names_no_time() -> None:
    error = from_body(429, {"message": OPENAI_TPM + " Please try again in 9s."}, {"retry-after": "9"})
    assert (error.code, error.retryable, error.retry_after) == ("too_large_for_rate", False, None)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"message": "Unsupported parameter: 'max_tokens' ...", "param": "max_tokens"}, "max_tokens"),
        ({"message": "Unsupported value: 'temperature' does not support 0.7 with this model."}, "temperature"),
        ({"error": {"message": "temperature: Extra inputs are not permitted"}}, "temperature"),
        ({"error": {"message": "`temperature` is deprecated for this model."}}, "temperature"),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}, ""),
        ({"message": "Unrecognized request argument supplied: stream_options"}, "stream_options"),
        ({"detail": [{"loc": ["body", "temperature"], "msg": "Extra inputs are not permitted"}]}, "temperature"),
        ({"message": "max_tokens must be at most 4096", "param": "max_tokens"}, ""),
        ({"message": "Your organization must be verified to stream this model.", "param": "stream"}, "stream"),
        ({"message": "Unsupported value: 'stream' does not support true with this model."}, "stream"),
        ({"message": "Streaming is not supported for this model"}, "stream"),
        ({"message": "stream_options is not supported"}, "stream_options"),
        ({"message": "invalid temperature: only 1 is allowed for this model"}, "temperature"),
        ([{"error": {"message": 'Unknown name "stream_options": Cannot find field.'}}], "stream_options"),
        ({"message": "Malformed input request: #: extraneous key [stream_options] is not permitted"}, "stream_options"),
        ({"message": "something else"}, ""),
    ],
)
def test_a_parameter_that_is_not_taken(body: object, parameter: str) -> None:
    error = from_body(400, body)
    assert isinstance(error, errors.BadRequest)
    assert error.parameter == parameter
