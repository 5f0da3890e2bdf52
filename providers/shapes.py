"""Reading values whose shape servers do not agree on: text, thoughts and counts, whatever was sent in their place.

Objects are looked for as dict, which JSON gives: to ask for any Mapping costs ten times as much, for each token.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.base import Reasoning, Text

DEPTH = 8  # lists in lists in lists; more is nobody's answer
COUNT_AT_MOST = 2**31 - 1
_THOUGHTS = (
    "thinking",
    "reasoning",
    "thought",
    "reasoning_text",
    "summary_text",
    "reasoning.text",
    "reasoning.summary",
)
_THOUGHT_FIELDS = ("text", "thinking", "summary", "content", "reasoning", "reasoning_content", "value")


def said(content: Any, depth: int = 0) -> Iterator[Text | Reasoning]:
    """What a content says: a string, a number, a part, or a list of any of these."""
    if isinstance(content, str):
        if content:
            yield Text(content)
    elif isinstance(content, list) and depth < DEPTH:
        for part in content:
            yield from said(part, depth + 1)
    elif isinstance(content, dict) and depth < DEPTH:
        yield from _part(content, depth)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield Text(str(content))


def _part(part: Mapping[str, Any], depth: int) -> Iterator[Text | Reasoning]:
    """A typed part. Tool calls, references, images and whatever else has no text add nothing."""
    kind = part.get("type")
    if kind in _THOUGHTS or part.get("thought") is True:
        if text := thought(part):
            yield Reasoning(text)
    elif kind == "refusal":
        yield from said(part.get("refusal"), depth + 1)
    else:
        inner: Any = part.get("content") if part.get("text") is None else part["text"]
        yield from said(inner.get("value") if isinstance(inner, dict) else inner, depth + 1)


def thought(value: Any, depth: int = 0) -> str:
    """The thoughts in a field that holds some: a string, a part, or a list; "" for those that are encrypted."""
    if isinstance(value, str):
        return value
    if depth >= DEPTH:
        return ""
    if isinstance(value, list):
        return "".join(thought(part, depth + 1) for part in value)
    if isinstance(value, dict):
        return next((text for field in _THOUGHT_FIELDS if (text := thought(value.get(field), depth + 1))), "")
    return ""


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def count(value: Any) -> int:
    """A number of tokens; 0 for what is none."""
    try:
        number = int(value) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0
    return min(max(number, 0), COUNT_AT_MOST)
