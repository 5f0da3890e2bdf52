"""Errors as servers in the world send them, and those that say how they want to be asked."""

import json
import re
from typing import Any

from aiohttp import web

PAGE = (
    "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been"
    " blocked</h1><p>Your model, your key, your context, your image.</p></body></html>"
)
SECRET = "sk-live-0123456789abcdef"
_TPM = "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 45000."
_RAW = {"error": {"message": f"Incorrect API key provided: {SECRET}", "code": "context_length_exceeded"}}

# name: status, body (text: a page, or plain), headers
REFUSALS: dict[str, tuple[int, Any, dict[str, str]]] = {
    "image-endpoints": (404, {"error": {"message": "No endpoints found that support image input", "code": 404}}, {}),
    "data-policy": (404, {"error": {"message": "No endpoints found matching your data policy", "code": 404}}, {}),
    "moderation": (403, {"error": {"message": "x/y requires moderation. Your input was flagged.", "code": 403}}, {}),
    "firewall": (403, PAGE, {"Retry-After": "1"}),
    "region": (403, {"error": {"code": "unsupported_country_region_territory", "message": "Not here"}}, {}),
    "access": (403, {"error": {"code": "model_not_found", "message": "Project x does not have access to model y"}}, {}),
    "page-404": (404, "<html><body><h1>Not Found</h1></body></html>", {}),
    "plain-404": (404, "404 page not found", {}),
    "detail-404": (404, {"detail": "Not Found"}, {}),
    "rate": (429, {"error": {"message": _TPM, "type": "tokens", "code": "rate_limit_exceeded"}}, {"Retry-After": "1"}),
    "rate-413": (413, {"error": {"message": _TPM, "type": "tokens", "code": "rate_limit_exceeded"}}, {}),
    "bound": (400, {"error": {"message": "max_tokens is too large. This model supports at most 4096."}}, {}),
    "studio": (400, {"error": "Trying to keep the first 5000 tokens when context the overflows."}, {}),
    "nested": (400, {"error": {"message": "Provider returned error", "metadata": {"raw": json.dumps(_RAW)}}}, {}),
    "google": (
        429,
        [{"error": {"status": "RESOURCE_EXHAUSTED", "message": "Quota", "details": [{"retryDelay": "37.5s"}]}}],
        {},
    ),
    "words-wait": (429, {"error": {"message": "Rate limit reached. Please try again in 1m3.5s."}}, {}),
    "image-size": (400, {"error": {"message": "image exceeds 5 MB maximum: 9427836 bytes > 5242880 bytes"}}, {}),
    "image-kind": (400, {"error": {"message": "You uploaded an unsupported image."}}, {}),
    "images-many": (400, {"message": "At most 4 image(s) may be provided in one request."}, {}),
    "credits": (402, {"error": {"message": "Insufficient credits", "code": 402}}, {}),
    "errors-200": (200, {"errors": [{"message": "prompt is too long"}]}, {}),
    "list-200": (200, [{"error": {"message": "prompt is too long"}}], {}),
    "detail-200": (200, {"detail": {"error": {"message": "Insufficient Balance"}}}, {}),
    "path-200": (200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, {}),
}


def refused(name: str, body: dict[str, Any]) -> web.Response | None:
    """The refusal that the script asks for, None where the request is as the server wants it."""
    if name.startswith("refuse-"):
        status, said, headers = REFUSALS[name.removeprefix("refuse-")]
        if isinstance(said, str):
            kind = "text/html" if said.startswith("<") else "text/plain"
            return web.Response(text=said, status=status, headers=headers, content_type=kind)
        return web.json_response(said, status=status, headers=headers)
    if name == "unverified" and body.get("stream"):
        message = "Your organization must be verified to stream this model. Please go to: https://example.com/"
        return _error(400, message, param="stream", code="unsupported_value")
    return _too_long(name, body.get("max_tokens") or body.get("max_completion_tokens"))


def _too_long(name: str, asked: int | None) -> web.Response | None:
    if asked and (found := re.fullmatch(r"at-most-(200-)?(\d+)", name)) and asked > int(found[2]):
        message = f"max_tokens is too large: {asked}. This model supports at most {found[2]} completion tokens."
        return _error(200 if found[1] else 400, message, param="max_tokens")
    if asked and (found := re.fullmatch(r"window-(\d+)", name)) and asked + 3000 > int(found[1]):
        message = (
            f"This model's maximum context length is {found[1]} tokens. However, you requested {asked + 3000} tokens"
            f" (3000 in the messages, {asked} in the completion)."
        )
        return _error(400, message, code="context_length_exceeded")
    return None


def _error(status: int, message: str, **more: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", **more}
    return web.json_response({"type": "error", "error": error}, status=status)
