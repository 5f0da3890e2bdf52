"""What is where a backup should go: a site, the tables of something else, somebody who uses it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db import DatabaseError, connection

from chatbot_site.database import trouble_of
from chatbot_site.files import kind_of
from operations.backup import media
from operations.backup.problems import InUse, NotEmpty, Unreachable, disk_problems

_COUNTED = {
    "people": "accounts_user",
    "conversations": "conversations_conversation",
    "messages": "conversations_message",
    "stored API keys": "providers_credential",
    "audit entries": "moderation_auditentry",
}
_OWN_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_ATTEMPTS, _PAUSE_SECONDS = 10, 0.2


@dataclass(frozen=True, slots=True)
class Contents:
    """`counts`: of what a site has, by its name in plain English; `unreadable`: a database that is none."""

    counts: dict[str, int]
    unreadable: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.unreadable and not any(self.counts.values())

    def sentence(self) -> str:
        if self.unreadable:
            return "a database that cannot be read"
        return ", ".join(f"{name}: {count:,}" for name, count in self.counts.items() if count) or "nothing"


def contents() -> Contents:
    """Of the site's database and its folder of files."""
    folder = media.root()
    files = sum(1 for _found in media.files(folder)) if folder and folder.is_dir() else 0
    try:
        counts = {} if _is_no_file() else _counts()
    except DatabaseError:
        return Contents({"files": files}, unreadable=True)
    return Contents({**counts, "files": files})


def _is_no_file() -> bool:
    """SQLite would make one only because somebody looked."""
    return connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists()


def _counts() -> dict[str, int]:
    there = set(connection.introspection.table_names())
    found = {}
    with connection.cursor() as cursor:
        for name, table in _COUNTED.items():
            if table in there:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
                found[name] = int(cursor.fetchone()[0])
    return found


# --- Who uses it ----------------------------------------------------------------------------------


def refuse_what_is_no_file(path: Path) -> None:
    """Raises Unreachable for a directory, a pipe, a device where the database should be."""
    with disk_problems(path, "read"):
        kind = kind_of(path.resolve())
    if kind not in ("", "a file"):
        raise Unreachable(f"{path} is {kind}, not a database: correct DATABASE_URL or that. Nothing was changed.")


def refuse_sqlite_in_use(path: Path) -> None:
    """Raises InUse while another process has the database open; else its log is in the one file afterwards."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0)) as database:
            database.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Unreachable(f"{trouble_of(error) or error} Nothing was changed.") from None
        raise InUse(
            "The site is running: another process has its database open. Stop it first. Nothing was changed."
        ) from None
    except sqlite3.DatabaseError:
        """No database any more: nobody can use it."""


def refuse_postgresql_in_use() -> None:
    """Raises InUse while others are connected. One that has just ended is listed for a moment longer."""
    for _attempt in range(_ATTEMPTS):
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS)
            others = int(cursor.fetchone()[0])
        if not others:
            return
        time.sleep(_PAUSE_SECONDS)
    raise InUse(
        f"The site seems to run: its database has other connections ({others}). Stop it first, or say --force. "
        "Nothing was changed."
    )


# --- Taking it out --------------------------------------------------------------------------------


def drop_postgresql_site() -> None:
    """Every table and function of the site, in the caller's transaction. Raises NotEmpty for those of others."""
    tables = connection.introspection.table_names()
    strange = [table for table in tables if not _is_ours(table)]
    if strange:
        raise NotEmpty(
            f"The database also holds tables that are not this product's ({', '.join(strange[:3])}). Restore into a "
            "database of its own. Nothing was changed."
        )
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE")
        cursor.execute(_OWN_FUNCTIONS)
        for (function,) in cursor.fetchall():
            if _is_ours(function.rpartition(".")[2]):
                cursor.execute(f"DROP FUNCTION {function} CASCADE")


def _is_ours(name: str) -> bool:
    labels = {config.label for config in apps.get_app_configs()}
    return name.startswith("django_") or any(name.startswith(f"{label}_") for label in labels)
