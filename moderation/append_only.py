"""How the audit log can be emptied as a whole, which only `manage.py flush` and a restore do.

PostgreSQL has TRUNCATE, which its triggers let through. SQLite empties a table by deleting its rows, which its triggers
refuse: they are taken off for that time, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
_NAMES = "moderation\\_auditentry\\_append\\_only%"


@contextmanager
def lifted(using: str = "default") -> Iterator[None]:
    """One transaction in which the audit log may be emptied. Does nothing on PostgreSQL."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        yield
        return
    with transaction.atomic(using):
        made = _take_off(connection)
        yield
        _put_back(connection, made)


def _take_off(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_TRIGGERS} ESCAPE '\\'", [_NAMES])
        found = cursor.fetchall()
        for name, _sql in found:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
    return [sql for _name, sql in found]


def _put_back(connection: BaseDatabaseWrapper, made: list[str]) -> None:
    with connection.cursor() as cursor:
        for sql in made:
            cursor.execute(sql)
