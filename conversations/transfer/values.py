"""A value of a JSON document together with its place, so that what is wrong can be said of the place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from conversations.transfer.problems import Unreadable

_NAMES = {dict: "object", list: "list", str: "text", int: "number", float: "number", bool: "boolean"}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 2.6e11  # as seconds that is after the year 9999
_PLAIN_KEY = 40


@dataclass(frozen=True, slots=True)
class Value:
    """What `data` is; the methods raise Unreadable, with the place, where it is something else."""

    data: Any
    place: str

    def get(self, key: str) -> Value:
        """The member `key` of an object; None where it is not there."""
        return Value(self.members().get(key), f"{self.place}.{key[:_PLAIN_KEY]}" if self.place else key)

    def has(self, key: str) -> bool:
        return isinstance(self.data, dict) and key in self.data

    def members(self) -> dict[str, Any]:
        if not isinstance(self.data, dict):
            raise self.wrong("object")
        return self.data

    def entries(self) -> Iterator[tuple[str, Value]]:
        """The members of an object. None counts as an empty one."""
        if self.data is not None:
            for key in self.members():
                yield key, self.get(key)

    def items(self) -> Iterator[Value]:
        """The items of a list. None counts as an empty one."""
        if self.data is None:
            return
        if not isinstance(self.data, list):
            raise self.wrong("list")
        for index, item in enumerate(self.data):
            yield Value(item, f"{self.place}[{index}]")

    def text(self) -> str:
        """A text. None counts as an empty one."""
        if self.data is None:
            return ""
        if not isinstance(self.data, str):
            raise self.wrong("text")
        return self.data

    def key(self) -> str | None:
        """An id: a text or a whole number; None where there is none."""
        if isinstance(self.data, int) and not isinstance(self.data, bool):
            return str(self.data)
        return self.text() or None

    def flag(self) -> bool:
        if self.data is not None and not isinstance(self.data, bool):
            raise self.wrong("boolean")
        return bool(self.data)

    def number(self, lowest: float, highest: float) -> float | None:
        """A number brought between the two; None where there is none."""
        if self.data is None:
            return None
        if isinstance(self.data, bool) or not _is_number(self.data):
            raise self.wrong("number")
        return float(min(max(self.data, lowest), highest))

    def wrong(self, expected: str) -> Unreadable:
        if self.data is None:
            return Unreadable("missing", place=self.place)
        found = _NAMES.get(type(self.data), "null")
        return Unreadable("wrong_type", place=self.place, expected=expected, found=found)

    def problem(self, code: str, **params: Any) -> Unreadable:
        return Unreadable(code, place=self.place, **params)

    def moment(self) -> datetime | None:
        """A date: seconds or milliseconds since 1970, or ISO 8601. None where it is no date that could be true."""
        found = _moment(self.data)
        if found is None or not _EARLIEST <= found <= datetime.now(UTC) + timedelta(days=1):
            return None
        return found


def _is_number(data: Any) -> bool:
    return isinstance(data, int) or (isinstance(data, float) and math.isfinite(data))


def _moment(data: Any) -> datetime | None:
    try:
        if isinstance(data, str):
            return _of_text(data)
        if isinstance(data, int | float) and not isinstance(data, bool):
            return datetime.fromtimestamp(data / 1000 if data > _MILLISECONDS_FROM else data, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _of_text(text: str) -> datetime:
    found = datetime.fromisoformat(text.strip())
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
