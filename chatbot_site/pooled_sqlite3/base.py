"""SQLite for a process of many short-lived threads: connections stay open between them, and writers queue fairly.

A new connection costs about a millisecond, for the pragmas and for reading the schema anew with the first query: as
much as all queries of a small request together. And a writer that finds the file locked sleeps, up to a tenth of a
second at a time, in no order: in a rush some wait for seconds while the file is free. So the writers of this process
take turns at a gate before they ask the file for its lock.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict, deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 8
GATE_SECONDS = 20
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")

# By database file. A deque's ends are safe to use from several threads, and so is a connection of Django's,
# by one thread at a time.
_idle: defaultdict[str, deque[sqlite3.Connection]] = defaultdict(deque)
_gates: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Cursor(base.SQLiteCursorWrapper):
    """Takes a turn for a statement that writes outside of a transaction."""

    def __init__(self, connection: sqlite3.Connection, gate: threading.Lock) -> None:
        super().__init__(connection)
        self._gate = gate

    def execute(self, query: str, params: Any = None) -> Any:
        if self.connection.in_transaction or not query.startswith(WRITES):
            return super().execute(query, params)
        with _turn(self._gate):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        if self.connection.in_transaction or not query.startswith(WRITES):
            return super().executemany(query, param_list)
        with _turn(self._gate):
            return super().executemany(query, param_list)


class DatabaseWrapper(base.DatabaseWrapper):
    _at_gate = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        with suppress(IndexError):
            return _idle[str(conn_params["database"])].pop()
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        return connection

    def create_cursor(self, name: str | None = None) -> Cursor:
        gate = self._gate()
        cursor: Cursor = self.connection.cursor(factory=lambda connection: Cursor(connection, gate))
        return cursor

    def _gate(self) -> threading.Lock:
        return _gates[str(self.settings_dict["NAME"])]

    def _start_transaction_under_autocommit(self) -> None:
        _enter(self._gate())
        self._at_gate = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs do not know it
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # when it fails, a rollback follows
        self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> None:
        connection, idle = self.connection, _idle[str(self.settings_dict["NAME"])]
        if connection is None or self.is_in_memory_db() or len(idle) >= KEPT or self.errors_occurred:
            super()._close()  # type: ignore[misc]
        else:
            with self.wrap_database_errors:
                connection.rollback()
            idle.append(connection)
        self._leave()

    def _leave(self) -> None:
        if self._at_gate:
            self._at_gate = False
            self._gate().release()


def _enter(gate: threading.Lock) -> None:
    if not gate.acquire(timeout=GATE_SECONDS):
        raise OperationalError("database is locked")


@contextmanager
def _turn(gate: threading.Lock) -> Iterator[None]:
    _enter(gate)
    try:
        yield
    finally:
        gate.release()


def close_idle(database: str) -> None:
    """Let go of the file, before it is moved or replaced."""
    while _idle[database]:
        _idle[database].pop().close()
