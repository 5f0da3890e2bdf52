"""Tables as lines of JSON and back, exactly, whichever database they come from or go to.

A row is the list of its values in the order of the model's fields: numbers and booleans as they are, moments in UTC to
the microsecond, decimals and ids as text, bytes in base64. No row stops the others: one that has a value which not
every database can hold is written with another in its place (`columns`), one that makes no sense without it is left
out, and each is told to `tell`.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.db.models import Field, Model
from django.utils.duration import duration_iso_string

from operations.backup.columns import Column, Odd
from operations.backup.manifest import OddRow, Rows
from operations.backup.problems import Damaged
from operations.backup.reading import raw_rows

WRITE_AT_ONCE = 500
# Made again by whoever needs it. Of search: the texts count as not taken in yet.
LEFT_OUT = frozenset({"conversations.searchentry", "account.emailconfirmation"})
SESSIONS = frozenset({"sessions.session", "usersessions.usersession"})
_INSTEAD: dict[tuple[str, str], Any] = {
    ("conversations.message", "is_indexed"): False,
    ("conversations.conversation", "title_is_indexed"): False,
}
Tell = Callable[[OddRow], None]


class Digest:
    """Of rows, whatever their order: databases sort text differently."""

    def __init__(self, start: Rows | None = None) -> None:
        self.count = start.count if start else 0
        self._sum = int(start.digest, 16) if start else 0

    def add(self, line: bytes) -> None:
        self._change(line, 1)

    def remove(self, line: bytes) -> None:
        self._change(line, -1)

    def _change(self, line: bytes, by: int) -> None:
        self.count += by
        self._sum = (self._sum + by * int.from_bytes(hashlib.sha256(line).digest(), "big")) % 2**256

    def rows(self) -> Rows:
        return Rows(self.count, f"{self._sum:064x}")


def fields_of(model: type[Model]) -> list[Field[Any, Any]]:
    """Those with a column of their own that a row can be given."""
    return [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]


def count(model: type[Model]) -> int:
    return model._base_manager.count()


# --- Reading --------------------------------------------------------------------------------------


def lines(model: type[Model], tell: Tell = lambda _odd: None, *, key: Any = None) -> Iterator[bytes]:
    """Every row of the model's table as a line, by primary key; or the one row that has `key`."""
    columns = columns_of(model)
    instead = _replacements(model, columns)
    for raw in raw_rows(model, columns, key):
        values = fitted(model, columns, Column.read, raw, tell)
        if values is not None:
            for position, value in instead:
                values[position] = value
            yield line_of(values)


def line_of(values: list[Any]) -> bytes:
    text = json.dumps(values, default=_plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode() + b"\n"


def digest_of(model: type[Model]) -> Rows:
    digest = Digest()
    for line in lines(model):
        digest.add(line)
    return digest.rows()


def _replacements(model: type[Model], columns: list[Column]) -> list[tuple[int, Any]]:
    label = model._meta.label_lower
    return [(i, _INSTEAD[label, one.name]) for i, one in enumerate(columns) if (label, one.name) in _INSTEAD]


def columns_of(model: type[Model]) -> list[Column]:
    return [Column(field) for field in fields_of(model)]


def fitted(
    model: type[Model], columns: list[Column], take: Callable[[Column, Any], Any], row: Sequence[Any], tell: Tell
) -> list[Any] | None:
    """A row as its columns `take` it, with what stands for a value that does not fit; None where none can stand."""
    try:
        return [take(column, value) for column, value in zip(columns, row, strict=True)]
    except Odd:
        return _mended(model, columns, take, row, tell)


def _mended(
    model: type[Model], columns: list[Column], take: Callable[[Column, Any], Any], row: Sequence[Any], tell: Tell
) -> list[Any] | None:
    values: list[Any] = []
    odd: list[tuple[str, str, bool]] = []
    for column, value in zip(columns, row, strict=True):
        try:
            values.append(take(column, value))
        except Odd as problem:
            kept, instead = column.instead_of(problem)
            values.append(instead)
            odd.append((column.name, problem.what, not kept))
    is_left_out = any(lost for _name, _what, lost in odd)
    for name, what, lost in odd:
        if lost or not is_left_out:
            tell(OddRow(model._meta.label_lower, key_of(columns, values), name, what, is_left_out))
    return None if is_left_out else values


def key_of(columns: Sequence[Column], values: Sequence[Any]) -> str:
    """What names the row for a person; not a text, which may be a secret (a session's)."""
    key = next((value for column, value in zip(columns, values, strict=True) if column.field.primary_key), None)
    return str(key) if isinstance(key, int | UUID) else ""


def _plain(value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time):  # a moment is a date as well
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return duration_iso_string(value)
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"a value of type {type(value).__name__} has no place in a backup")


# --- Loading --------------------------------------------------------------------------------------


def load(model: type[Model], found: Iterable[tuple[bytes, list[Any]]], expected: Digest, tell: Tell) -> int:
    """Put rows, as `lines` made them and `checking.lines_of` reads them, into the model's table; how many there were.

    A row that the database refuses is left out. `expected`, the digest of the table's lines, is changed by what was
    left out or mended here. Raises Damaged.

    By plain INSERTs: no signal is sent, nothing is changed on its way, triggers of the database do their work.
    """
    columns = columns_of(model)
    done, waiting = 0, iter(found)
    while batch := list(islice(waiting, WRITE_AT_ONCE)):
        done += len(batch)
        ready = [row for line, values in batch if (row := _ready(model, columns, line, values, expected, tell))]
        try:
            _insert(model, columns, ready)
        except DatabaseError:
            _insert_one_by_one(model, columns, ready, expected, tell)
    return done


@dataclass(frozen=True, slots=True)
class _Ready:
    line: bytes
    key: str
    parameters: list[Any]


def _ready(
    model: type[Model], columns: list[Column], line: bytes, values: list[Any], expected: Digest, tell: Tell
) -> _Ready | None:
    if len(values) != len(columns):
        raise Damaged(f"A row of {model._meta.label} in the backup has another number of values than the table.")
    odd: list[OddRow] = []
    row = fitted(model, columns, Column.fit, values, odd.append)
    if odd:  # a backup of before such values were mended when it was made
        expected.remove(line)
        for one in odd:
            tell(one)
    if row is None:
        return None
    if odd:
        line = line_of(row)
        expected.add(line)
    parameters = [column.for_database(value) for column, value in zip(columns, row, strict=True)]
    return _Ready(line, key_of(columns, row), parameters)


def _insert(model: type[Model], columns: list[Column], ready: list[_Ready]) -> None:
    names = ", ".join(connection.ops.quote_name(str(column.field.column)) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    sql = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 - names of our own models
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(sql, [row.parameters for row in ready])


def _insert_one_by_one(
    model: type[Model], columns: list[Column], ready: list[_Ready], expected: Digest, tell: Tell
) -> None:
    for row in ready:
        try:
            _insert(model, columns, [row])
        except (DataError, IntegrityError) as refusal:
            expected.remove(row.line)
            what = f"is refused by the database ({type(refusal).__name__})"
            tell(OddRow(model._meta.label_lower, row.key, "", what, is_left_out=True))


def empty(models: Iterable[type[Model]]) -> None:
    """Take out what migrations put into new tables: the backup has all of it. Constraints wait until the end."""
    for model in models:
        if model._base_manager.exists():
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608 - names of our own models


def set_sequences(models: Iterable[type[Model]]) -> None:
    """So that the next id is a new one."""
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(sql)
