"""SQLite for a process of several threads: its writers queue fairly.

A writer that finds the file locked sleeps, up to a tenth of a second at a time, in no order: in a rush some wait for
seconds while the file is free. So the writers of this process take turns at a gate before they ask the file for its
lock.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as SqliteOperations
from django.db.utils import OperationalError

from chatbot_site.files import private

if TYPE_CHECKING:
    from collections.abc import Iterator

    class _DatabaseWrapper(base.DatabaseWrapper):
        """With what Django has and its stubs leave out."""

        init_commands: list[str]

        def _start_transaction_under_autocommit(self) -> None: ...
        def _commit(self) -> None: ...
        def _rollback(self) -> None: ...
        def _close(self) -> None: ...

else:
    _DatabaseWrapper = base.DatabaseWrapper

GATE_SECONDS = 20
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")

_gates: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by database file


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


class DatabaseOperations(SqliteOperations):
    def integer_field_range(self, internal_type: str) -> tuple[int, int]:
        """Of every database, and not what this one would take as well: forms and lookups end where PostgreSQL's columns
        do, and the site can move there."""
        return BaseDatabaseOperations.integer_field_ranges[internal_type]


class DatabaseWrapper(_DatabaseWrapper):
    ops_class = DatabaseOperations
    _at_gate = False

    def get_new_connection(self, conn_params: Any) -> Any:
        _make_private(str(conn_params["database"]))
        commands, self.init_commands = self.init_commands, []
        connection = super().get_new_connection(conn_params)
        self.init_commands = commands
        try:
            for command in commands:
                connection.execute(command)
        except BaseException:  # a file that is no database: nobody would have the connection, to close it
            connection.close()
            raise
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
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        super()._commit()
        self._leave()  # when it failed, a rollback follows, which leaves

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._leave()

    def _close(self) -> None:
        super()._close()
        self._leave()

    def _leave(self) -> None:
        if self._at_gate:
            self._at_gate = False
            self._gate().release()


def _make_private(name: str) -> None:
    """A new file is for its owner only; SQLite gives those beside it (-wal, -shm) the same mode."""
    if name != ":memory:" and not name.startswith("file:"):
        with suppress(OSError):  # it is there, or SQLite says why not
            os.close(private(os.path.realpath(name), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))


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
