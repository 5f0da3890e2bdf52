"""Rows of a table as the database holds them, one that makes no sense like any other.

The drivers refuse a whole page of rows for one value of it: SQLite's for bytes that are no UTF-8, PostgreSQL's for a
date after the year 9999. Here such a value comes as a text, for `columns` to judge. (SQLite's also refuses dates that
are none, unless the connection was made with `databases.AS_IT_IS`, as that to a snapshot is.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Model

from operations.backup.columns import Column

READ_AT_ONCE = 500
_every_byte = partial(str, encoding="utf-8", errors="surrogateescape")


def raw_rows(model: type[Model], columns: list[Column], key: Any = None) -> Iterator[tuple[Any, ...]]:
    """Every row, by primary key, read by a cursor of the database; or the one that has `key`. Raises DatabaseError.

    `columns` are told how Django converts what they get.
    """
    chosen = model._base_manager.all() if key is None else model._base_manager.filter(pk=key)
    query = chosen.order_by("pk").values_list(*(column.name for column in columns)).query
    compiler: Any = query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, _sql, _alias in compiler.select])
    for position, column in enumerate(columns):
        column.converters, column.expression = converters.get(position, ((), None))
    with _tolerant_cursor() as cursor:
        cursor.execute(sql, params)
        while page := cursor.fetchmany(READ_AT_ONCE):
            yield from page


@contextmanager
def _tolerant_cursor() -> Iterator[Any]:
    connection.ensure_connection()
    with connection.chunked_cursor() as cursor:
        if connection.vendor == "postgresql":
            _dates_as_text(cursor.cursor)
            yield cursor
            return
        driver = connection.connection
        before, driver.text_factory = driver.text_factory, _every_byte
        try:
            yield cursor
        finally:
            driver.text_factory = before


def _dates_as_text(cursor: Any) -> None:
    from psycopg.types.string import TextLoader

    for kind in ("timestamptz", "date"):
        cursor.adapters.register_loader(kind, TextLoader)
