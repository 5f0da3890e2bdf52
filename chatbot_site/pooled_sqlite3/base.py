"""Keeps SQLite connections open between the short-lived threads that requests run in.

A new connection costs about a millisecond, for the pragmas and for reading the schema anew with the first query: as
much as all queries of a small request together.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from contextlib import suppress
from typing import Any

from django.db.backends.sqlite3 import base

KEPT = 8

# By database file. A deque's ends are safe to use from several threads, and so is a connection of Django's,
# by one thread at a time.
_idle: defaultdict[str, deque[sqlite3.Connection]] = defaultdict(deque)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        with suppress(IndexError):
            return _idle[str(conn_params["database"])].pop()
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        return connection

    def _close(self) -> None:
        connection, idle = self.connection, _idle[str(self.settings_dict["NAME"])]
        if connection is None or self.is_in_memory_db() or len(idle) >= KEPT or self.errors_occurred:
            super()._close()  # type: ignore[misc]  # the stubs do not know it
            return
        with self.wrap_database_errors:
            connection.rollback()
        idle.append(connection)


def close_idle(database: str) -> None:
    """Let go of the file, before it is moved or replaced."""
    while _idle[database]:
        _idle[database].pop().close()
