"""Tables as lines of JSON and back, exactly, whichever database they come from or go to.

A row is the list of its values in the order of the model's fields: numbers and booleans as they are, moments in UTC to
the microsecond, decimals and ids as text, bytes in base64.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, DataError, connection
from django.db.models import Field, JSONField, Model
from django.utils.duration import duration_iso_string

from operations.backup.manifest import Rows
from operations.backup.problems import Damaged

READ_AT_ONCE, WRITE_AT_ONCE = 500, 500
# Made again by whoever needs it. Of search: the texts count as not taken in yet.
LEFT_OUT = frozenset({"conversations.searchentry", "account.emailconfirmation"})
SESSIONS = frozenset({"sessions.session", "usersessions.usersession"})
_INSTEAD: dict[tuple[str, str], Any] = {
    ("conversations.message", "is_indexed"): False,
    ("conversations.conversation", "title_is_indexed"): False,
}


class Digest:
    """Of rows, whatever their order: databases sort text differently."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % 2**256

    def rows(self) -> Rows:
        return Rows(self.count, f"{self._sum:064x}")


def fields_of(model: type[Model]) -> list[Field[Any, Any]]:
    """Those with a column of their own that a row can be given."""
    return [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]


def count(model: type[Model]) -> int:
    return model._base_manager.count()


def lines(model: type[Model]) -> Iterator[bytes]:
    """Every row of the model's table as a line, by primary key, read by a cursor of the database."""
    fields = fields_of(model)
    instead = _replacements(model, fields)
    names = [field.attname for field in fields]
    rows = model._base_manager.order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=READ_AT_ONCE):
        values = list(row)
        for position, value in instead:
            values[position] = value
        yield line_of(values)


def line_of(values: list[Any]) -> bytes:
    text = json.dumps(values, default=_plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode() + b"\n"


def _replacements(model: type[Model], fields: list[Field[Any, Any]]) -> list[tuple[int, Any]]:
    label = model._meta.label_lower
    return [(i, _INSTEAD[label, field.name]) for i, field in enumerate(fields) if (label, field.name) in _INSTEAD]


def _plain(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return (value.astimezone(datetime.UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return duration_iso_string(value)
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"a value of type {type(value).__name__} has no place in a backup")


# --- Loading --------------------------------------------------------------------------------------


def load(model: type[Model], rows: Iterable[list[Any]]) -> int:
    """Put rows, as `lines` made them, into the model's table; how many. Raises Damaged.

    By plain INSERTs: no signal is sent, nothing is changed on its way, triggers of the database do their work.
    """
    fields = fields_of(model)
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 - names of our own models
    done, waiting = 0, iter(rows)
    while batch := list(islice(waiting, WRITE_AT_ONCE)):
        try:
            prepared = [_prepared(fields, row) for row in batch]
            with connection.cursor() as cursor:
                cursor.executemany(sql, prepared)
        except (ValidationError, ValueError, TypeError, DataError) as error:
            raise Damaged(f"Rows of {model._meta.label} cannot be loaded ({type(error).__name__}).") from None
        done += len(batch)
    return done


def _prepared(fields: list[Field[Any, Any]], row: list[Any]) -> list[Any]:
    return [_for_database(field, value) for field, value in zip(fields, row, strict=True)]


def _for_database(field: Field[Any, Any], value: Any) -> Any:
    if isinstance(field, JSONField) and (value is not None or not field.null):
        return field.get_db_prep_value(value, connection)  # a None here is JSON's null
    return field.get_db_prep_save(field.to_python(value), connection)


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


def check_constraints() -> None:
    """Raises Damaged where a row speaks of one that is not there."""
    try:
        connection.check_constraints()
    except DatabaseError:
        raise Damaged("A row of the backup speaks of another one that is not in it.") from None


def digest_of(model: type[Model]) -> Rows:
    digest = Digest()
    for line in lines(model):
        digest.add(line)
    return digest.rows()
