"""How long a provider wants us to wait, by its headers or its words."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 86_400.0
_UNITS = {"ms": 0.001, "m": 60.0, "s": 1.0, "h": 3600.0, "d": 86_400.0}
_PIECE = re.compile(
    r"(\d+(?:\.\d+)?) ?(milliseconds?|ms|minutes?|mins?|m|seconds?|secs?|s|hours?|hrs?|h|days?|d)(?![a-z])",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:try(?:ing)? again|retry(?:ing)?|wait|come back|(?:available(?: again)?|resets?) in)\b"
    r"[^.\d\n]{0,40}((?:\d+(?:\.\d+)? ?[a-z]+(?:,| and)? ?)+)",
    re.IGNORECASE,
)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms`, or from `retry-after` as seconds, a duration ("7s") or a date; None when absent.

    What is senseless counts as absent.
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        return _bounded(seconds) if seconds == seconds else None
    try:
        date = parsedate_to_datetime(headers["retry-after"])
        return _bounded(date.timestamp() - time.time())
    except (KeyError, ValueError, OverflowError):
        return duration(headers.get("retry-after", ""))


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds to the end of a limit that is told as seconds or, by OpenRouter, milliseconds since 1970."""
    try:
        reset = float(headers["x-ratelimit-reset"])
    except (KeyError, ValueError):
        return None
    reset = reset / 1000 if reset > 1e11 else reset
    return _bounded(reset - time.time()) if 1e9 < reset < 1e11 else None


def said_to_wait(message: str) -> float | None:
    """Seconds from words such as “Please try again in 1m3.5s”; None when they name no time."""
    found = _SAID.search(message)
    return duration(found[1]) if found else None


def duration(text: str) -> float | None:
    """Seconds of "17.2s", "1m3.5s", "644ms", "2 minutes 30 seconds"; None for what is no such time."""
    pieces = _PIECE.findall(text)
    return _bounded(sum(float(number) * _unit(unit.lower()) for number, unit in pieces)) if pieces else None


def _unit(name: str) -> float:
    if name.startswith("milli"):
        return _UNITS["ms"]
    return _UNITS[name] if name in _UNITS else _UNITS[name[0]]


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_SECONDS)
