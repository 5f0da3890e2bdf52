"""What an error body says, whatever its shape: OpenAI's, Anthropic's, Google's, FastAPI's, or a proxy's around one.

Only fields that servers fill themselves are read; those that quote what was sent (`input`, `flagged_input`) are not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.waits import duration, retry_after, until_reset

_DEPTH = 8
_ITEMS = 20  # of a list
_LONGEST = 4000  # characters of words that are looked at
_NAMES = ("code", "error_code", "type", "status", "reason", "error_name", "error_type", "__type")
# Text, or the next layer, or JSON within a string.
_INNER = (
    "error",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "error_message",
    "errorMessage",
    "error_msg",
    "status_msg",
    "base_resp",
    "Message",
    "error_description",
    "description",
    "title",
    "metadata",
    "retryInfo",
    "raw",
    "body",
    "response",
    "innererror",
    "inner_error",
    "cause",
)
_COMPLAINTS = ("error", "errors", "detail", "error_message", "errorMessage", "error_msg")
_WAITS = ("retryDelay", "retry_delay", "retry_after", "retryAfter", "retry_after_seconds", "estimated_time")
_WAITS_MS = ("retry_after_ms", "retryAfterMs")


@dataclass(slots=True)
class Complaint:
    """One error body. `is_text`: it was a page or plain text instead of JSON, or nothing."""

    names: list[str] = field(default_factory=list)  # its codes and types, lower case, the outermost first
    words: list[str] = field(default_factory=list)
    parameter: str = ""
    status: int = 0
    wait: float | None = None  # seconds until it makes sense to ask again
    is_text: bool = False

    @classmethod
    def read(cls, body: object) -> "Complaint":
        """From a decoded body; JSON within a string counts as decoded."""
        complaint = cls()
        complaint._take(body, 0)
        complaint.is_text = not isinstance(_decoded(body), Mapping | list)
        return complaint

    @property
    def message(self) -> str:
        return "\n".join(self.words)[:_LONGEST]

    @property
    def said(self) -> str:
        """The message, and the codes and types."""
        return f"{self.message}\n{' '.join(self.names)[:_LONGEST]}"

    @property
    def is_page(self) -> bool:
        return self.is_text and self.message.lstrip().startswith("<")

    def _take(self, value: object, depth: int) -> None:
        value = _decoded(value)
        if depth > _DEPTH:
            return
        if isinstance(value, str):
            if value.strip():
                self.words.append(value[:_LONGEST])
        elif isinstance(value, list):
            for item in value[:_ITEMS]:
                self._take(item, depth + 1)
        elif isinstance(value, Mapping):
            self._take_fields(value, depth)

    def _take_fields(self, fields: Mapping[str, Any], depth: int) -> None:
        for key in _NAMES:
            self._take_name(key, fields.get(key))
        if "flagged_input" in fields:
            self.names.append("flagged_input")
        parameter = fields.get("param")
        if isinstance(parameter, str):
            self.parameter = parameter[:_LONGEST]
            self.words += [parameter] if " " in parameter else []
        self._take_wait(fields)
        if isinstance(fields.get("loc"), list):  # pydantic's list of what is wrong where
            self.words.append(".".join(map(str, fields["loc"][:_ITEMS])) + ": " + str(fields.get("msg", ""))[:_LONGEST])
        for key in _INNER:
            if key in fields:
                self._take(fields[key], depth + 1)

    def _take_name(self, key: str, name: object) -> None:
        if isinstance(name, str) and name.isdecimal() and len(name) == 3:
            name = int(name)
        if isinstance(name, str) and name:
            self.names.append(name.rpartition("#")[2].lower())
        elif isinstance(name, int) and not isinstance(name, bool) and 400 <= name < 600 and key in ("code", "status"):
            self.status = self.status or name

    def _take_wait(self, fields: Mapping[str, Any]) -> None:
        found = [seconds for key in _WAITS if (seconds := _seconds(fields.get(key))) is not None]
        found += [seconds / 1000 for key in _WAITS_MS if (seconds := _seconds(fields.get(key))) is not None]
        headers = fields.get("headers")
        if isinstance(headers, Mapping):
            plain = {str(key).lower(): str(value) for key, value in headers.items()}
            found += [seconds for seconds in (retry_after(plain), until_reset(plain)) if seconds is not None]
        if found and self.wait is None:
            self.wait = found[0]


def is_complaint(body: object) -> bool:
    """Whether a body that came as an answer is an error instead, by its fields."""
    if not isinstance(body, Mapping) or body.get("choices") or body.get("content"):
        return False
    if any(body.get(key) for key in _COMPLAINTS) or body.get("object") == "error":
        return True
    outcome = body.get("base_resp")  # MiniMax's, also of what went well
    if isinstance(outcome, Mapping) and outcome.get("status_code"):
        return True
    return isinstance(body.get("message"), str) and any(body.get(key) for key in ("code", "status", "type"))


def _decoded(value: object) -> object:
    """The value of a string that holds an object or a list, as JSON or as an event; else the value itself."""
    if isinstance(value, str) and value.strip().removeprefix("data:").lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value.strip().removeprefix("data:"))
        except (ValueError, RecursionError):
            return value
    return value


def _seconds(value: object) -> float | None:
    """Google's "17s", its {"seconds": 17}, or a number."""
    if isinstance(value, Mapping):
        value = value.get("seconds")
    if isinstance(value, str):
        return retry_after({"retry-after": value}) if value.strip()[-1:].isdecimal() else duration(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return retry_after({"retry-after": str(value)})
    return None
