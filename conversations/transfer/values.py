"""A value of a JSON document together with its place, so that what is wrong can be said of the place.

Exports differ in small things from version to version, so a value of a neighbouring type is read as what it means: a
number as a title, "0.7", 0 and 1 for a boolean, a null or one thing alone where a list is expected. Every text that
comes out of here, keys included, is one that a database, a page and a log can hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from conversations.text import storable_piece
from conversations.transfer.problems import Unreadable

_NAMES = {dict: "object", list: "list", str: "text", int: "number", float: "number", bool: "boolean"}
_NEVER = frozenset({datetime(1970, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)})  # zero, as products write it
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW = 2.6e11  # as seconds that is after the year 9999; above it, it is milliseconds, microseconds, ...
_PLAIN_KEY, _PLACE = 40, 240
# Where an object has its text.
_SAYS = (
    "text", "value", "content", "parts", "refusal", "markdown", "transcript", "body", "html", "caption", "name", "title"
)  # fmt: skip
_TEXT_DEPTH = 8
_FALSE = frozenset({"", "0", "false", "no", "none", "null", "off"})


@dataclass(frozen=True, slots=True)
class Value:
    """What `data` is. `members` and `entries` raise Unreadable, with the place, where it is something else entirely."""

    data: Any
    place: str

    def get(self, key: str) -> Value:
        """The member `key` of an object; None where it is not there, or where this is no object."""
        found = self.data.get(key) if isinstance(self.data, dict) else None
        return Value(found, _joined(self.place, f".{_named(key)}" if self.place else key))

    def first(self, *keys: str) -> Value:
        """The first of several members that is there and not empty; None where none is."""
        found = next((key for key in keys if self.get(key).data not in (None, "", [], {})), keys[0])
        return self.get(found)

    def has(self, key: str) -> bool:
        return isinstance(self.data, dict) and key in self.data

    def members(self) -> dict[str, Any]:
        if not isinstance(self.data, dict):
            raise self.wrong("object")
        return self.data

    def entries(self) -> Iterator[tuple[str, Value]]:
        """The members of an object; of a list, its items by their ids or numbers. None counts as an empty one."""
        if isinstance(self.data, list):
            for number, item in enumerate(self.items()):
                yield item.first("id", "uuid", "messageId", "_id").key() or f"#{number}", item
        elif self.data is not None:
            for key, data in self.members().items():
                yield storable_piece(key), Value(data, _joined(self.place, f".{_named(key)}" if self.place else key))

    def items(self) -> Iterator[Value]:
        """The items of a list; one thing alone is a list of one, and nothing (None, false, "") an empty one."""
        if isinstance(self.data, list):
            for index, item in enumerate(self.data):
                yield Value(item, _joined(self.place, f"[{index}]"))
        elif self.data:
            yield self

    def text(self) -> str:
        """A text, or what is said by something else: a number, an object with a text, a list of them."""
        return storable_piece(_text(self.data, _TEXT_DEPTH))

    def key(self) -> str | None:
        """An id: a text or a number, or an object with one; None where there is none."""
        found = self
        for _ in range(_TEXT_DEPTH):
            if not isinstance(found.data, dict):
                return None if isinstance(found.data, list | bool) else found.text() or None
            found = found.first("$oid", "id", "uuid")
        return None

    def flag(self) -> bool:
        if isinstance(self.data, str):
            return self.data.strip().lower() not in _FALSE
        return bool(self.data)

    def number(self, lowest: float, highest: float) -> float | None:
        """A number brought between the two; None where there is none."""
        data = self.data
        if isinstance(data, str):
            try:
                data = float(data)
            except ValueError:
                return None
        if isinstance(data, bool) or not isinstance(data, int | float) or math.isnan(data):
            return None
        return float(min(max(data, lowest), highest))

    def wrong(self, expected: str) -> Unreadable:
        if self.data is None:
            return Unreadable("missing", place=self.place)
        found = _NAMES.get(type(self.data), "null")
        return Unreadable("wrong_type", place=self.place, expected=expected, found=found)

    def problem(self, code: str, **params: Any) -> Unreadable:
        return Unreadable(code, place=self.place, **params)

    @property
    def is_dated(self) -> bool:
        """Whether there is anything that means to be a date: nothing and zero do not."""
        return self.data not in (None, "", "0") and self.data is not False and _moment(self.data) not in _NEVER

    def moment(self) -> datetime | None:
        """A date: seconds since 1970 or a thousandth, millionth ... of them, ISO 8601, or as mails have it.

        None where it is no date that could be true.
        """
        found = _moment(self.data)
        if found is None or not _EARLIEST < found <= datetime.now(UTC) + timedelta(days=1):
            return None
        return found


def _named(key: str) -> str:
    return storable_piece(key[:_PLAIN_KEY])


def _joined(place: str, step: str) -> str:
    """The place of what is one step further in. However deep that is, it stays short: from both of its ends."""
    joined = place + step
    return joined if len(joined) <= _PLACE else f"{joined[: _PLACE // 3]}…{joined[-_PLACE // 2 :]}"


def _text(data: Any, depth: int) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int | float):
        return str(int(data) if isinstance(data, float) and data.is_integer() else data)
    if not depth:
        return ""
    if isinstance(data, list):
        return "\n\n".join(filter(None, (_text(item, depth - 1) for item in data)))
    if isinstance(data, dict):
        return next((said for key in _SAYS if key in data and (said := _text(data[key], depth - 1))), "")
    return ""


def _moment(data: Any) -> datetime | None:
    if isinstance(data, dict):
        data = next(iter(data.values()), None) if len(data) == 1 else data.get("seconds")
        data = next(iter(data.values()), None) if isinstance(data, dict) else data  # {"$date": {"$numberLong": "0"}}
    try:
        if isinstance(data, str):
            return _of_text(data.strip())
        if isinstance(data, int | float) and not isinstance(data, bool):
            return _of_number(data)
    except (ValueError, OverflowError, OSError, TypeError):
        pass
    return None


def _of_number(number: float) -> datetime:
    for _finer in ("milliseconds", "microseconds", "nanoseconds"):
        if number > _SECONDS_BELOW:
            number /= 1000
    return datetime.fromtimestamp(number, UTC)


def _of_text(text: str) -> datetime:
    if text.lstrip("-").replace(".", "", 1).isdecimal() and not _is_compact(text):
        return _of_number(float(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = parsedate_to_datetime(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _is_compact(text: str) -> bool:
    """Whether eight digits are a day, 20240131, and no number of seconds."""
    return len(text) == 8 and text[:2] in ("19", "20")
