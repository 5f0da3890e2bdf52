"""The database: does it answer, is it one that the site runs on, and is it up to date."""

from __future__ import annotations

from django.db import Error as DatabaseTrouble
from django.db import connection

from chatbot_site.database import lacking, trouble_of
from chatbot_site.schema import unapplied_migrations
from operations.doctor.findings import Finding, Findings, ok, problem, warning

CONNECT_SECONDS = 5


def look() -> Findings:
    if trouble := _trouble():
        yield trouble
        return
    yield from {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor]()
    yield from _migrations()


def _trouble() -> Finding | None:
    """Connect without the pool, which would keep trying for long and hide why."""
    options = connection.settings_dict.get("OPTIONS", {})
    if connection.connection is None and connection.vendor == "postgresql":
        options.pop("pool", None)
        options.setdefault("connect_timeout", CONNECT_SECONDS)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseTrouble as error:
        if trouble := trouble_of(error):
            return problem(trouble.text, trouble.mend)
        told = " ".join(str(error).split())
        return problem(f"It cannot be used: {told}", "Is it running, and is DATABASE_URL right?")
    return None


def _ask(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _sqlite() -> Findings:
    yield ok(f"SQLite {_ask('SELECT sqlite_version()')} at {connection.settings_dict['NAME']}.")
    if (mode := _ask("PRAGMA journal_mode")) != "wal":
        yield warning(
            f"Its journal mode is {mode}, not wal: who reads waits for who writes.",
            "Network file systems cannot do better: put VAR_DIR on a local disk, or use PostgreSQL.",
        )
    if (found := _ask("PRAGMA quick_check(1)")) != "ok":
        yield problem(f"The file is damaged: {found}", "Stop the site and restore the last backup: manage.py restore")


def _postgresql() -> Findings:
    version = _ask("SHOW server_version")
    size = _ask("SELECT pg_size_pretty(pg_database_size(current_database()))")
    yield ok(f"PostgreSQL {version.split()[0]}, {size}.")
    if (encoding := _ask("SHOW server_encoding")) != "UTF8":
        yield problem(
            f"Its encoding is {encoding}.", "Make a database with ENCODING 'UTF8' and restore a backup into it."
        )
    used, most = int(_ask("SELECT count(*) FROM pg_stat_activity")), int(_ask("SHOW max_connections"))
    if used > most * 0.8:
        mend = "Raise max_connections, lower DATABASE_POOL_SIZE, or start fewer processes."
        yield warning(f"{used} of {most} connections are in use.", mend)


def _migrations() -> Findings:
    missing = unapplied_migrations()
    if trouble := lacking(to_create=bool(missing)):
        yield problem(trouble.text, trouble.mend)
    if missing:
        yield problem(
            f"{len(missing)} migrations are not applied, {missing[0]} first: every page answers with status 503.",
            "python manage.py migrate",
        )
    else:
        yield ok("All migrations are applied.")
