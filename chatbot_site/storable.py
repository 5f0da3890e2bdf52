"""The last gate in front of the database: what no database can hold is replaced there, whichever door it came in by.

SQLite takes no lone surrogate, PostgreSQL neither that nor NUL, and in JSON neither of them knows NaN and Infinity. The
places where texts come in make them storable themselves (`conversations.text`), so that what is shown at once is what
is stored. This is for the place that was forgotten: a character is replaced there, instead of a row that cannot be
written, or one that only SQLite can hold and that stops the way to PostgreSQL.

Of columns of text, every connection of Django takes care (`guard`). JSON is a text of its own with escapes that a
database reads later: a JSONField is given `StorableEncoder` and `StorableDecoder`.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIGIT_BITS = 14_000  # of a whole number that Python still reads and writes as decimal digits


def storable_text(text: str) -> str:
    """`text` with NUL and lone surrogates replaced by U+FFFD, one character for one."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub(REPLACEMENT, text)


def storable_json(value: Any) -> Any:
    """`value` with texts and keys made storable, and null for a number that is none in JSON, or endless.

    Raises RecursionError for what is nested deeper than Python goes.
    """
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(k) if isinstance(k, str) else k: storable_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and value.bit_length() > _DIGIT_BITS:
        return None
    return value


def has_every_letter(stream: Any) -> bool:
    """Whether a stream of text can take any character; else JSON for it keeps to ASCII, which escapes the others."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return codecs.lookup(encoding).name.startswith("utf")


class StorableEncoder(json.JSONEncoder):
    def encode(self, o: Any) -> str:
        return super().encode(storable_json(o))


class StorableDecoder(json.JSONDecoder):
    """Reads what an older version stored, or another hand, so that a page can show it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"parse_int": _whole, "parse_constant": lambda _name: None})

    def decode(self, s: str, *args: Any) -> Any:
        return storable_json(super().decode(s, *args))


def _whole(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:  # more digits than Python turns into a number
        return None


# --- Connections ----------------------------------------------------------------------------------


def guard(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Every parameter of every statement of this connection is storable. First of the wrappers: it stays to the end."""
    if _storable_parameters not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _storable_parameters)
    if connection.vendor == "sqlite":  # it never looks at what a text is made of; Python would refuse to read the row
        connection.connection.text_factory = partial(str, encoding="utf-8", errors="replace")


def install() -> None:
    connection_created.connect(guard, dispatch_uid="chatbot_site.storable")


def _storable_parameters(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if params:
        if context["connection"].vendor == "sqlite" and sql.startswith("SELECT"):
            params = _comparable(params)
        params = [_storable_values(row) for row in params] if many else _storable_values(params)
    return execute(sql, params, many, context)


def _storable_values(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _storable_value(value) for name, value in values.items()}
    return [_storable_value(value) for value in values]


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    return [_storable_value(one) for one in value] if isinstance(value, list) else value


def _comparable(values: Any) -> Any:
    """With numbers that SQLite has no room for as endless ones: nothing equals them, and asking is no error."""
    if isinstance(values, Mapping):
        return values
    return [_endless(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value for value in values]


def _endless(value: int) -> float:
    return math.inf if value > 0 else -math.inf
