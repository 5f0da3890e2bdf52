"""Other databases than the site's own: a consistent copy to read from, a new one to load into.

All code of the site asks for the database "default". For a while another one stands in for it, in this thread: so
migrations, the check of the audit log and the rest run on it as they are.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from chatbot_site.environment.kinds import NotUnderstood
from chatbot_site.environment.services import database
from operations.backup.problems import Unreachable, disk_problems

SCRATCH, _LOCK = ".backup-scratch-", "lock"
_PAGES_AT_ONCE = 2000
# Of a connection to SQLite: its driver converts nothing, and so refuses no row for a date that is none.
AS_IT_IS = {"detect_types": 0}
_QUICK = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-64000;"


def site_is_sqlite() -> bool:
    return connections[DEFAULT_DB_ALIAS].vendor == "sqlite"


def sqlite_file() -> Path:
    """Of the site's database."""
    return Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])


@contextmanager
def standing_in(config: dict[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """The database of `config` (as in settings.DATABASES) is "default" for this thread."""
    before = connections[DEFAULT_DB_ALIAS]
    wrapper = ConnectionHandler({DEFAULT_DB_ALIAS: config})[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = wrapper
    try:
        yield wrapper
    finally:
        wrapper.close()
        connections[DEFAULT_DB_ALIAS] = before


@contextmanager
def without_pool() -> Iterator[None]:
    """One connection to the site's PostgreSQL and no other of this process, so that others can be told from it."""
    site = connections[DEFAULT_DB_ALIAS]
    options = dict(site.settings_dict["OPTIONS"])
    if options.pop("pool", None) is None:
        yield
        return
    site.close()
    cast(Any, site).close_pool()
    with standing_in({**site.settings_dict, "OPTIONS": options}):
        yield


def sqlite_config(path: Path, **options: Any) -> dict[str, Any]:
    """A file that is made in one go: should this process die, it is thrown away."""
    options |= {"init_command": _QUICK}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}


def config_of(url: str) -> dict[str, Any]:
    """Raises Unreachable for what is no address of a database."""
    try:
        return database(Path.cwd()).read(url)
    except NotUnderstood as error:
        told = f"The address of the scratch database {error}."
        raise Unreachable(f"{told} It is written postgres://user:password@host:5432/name.") from None


# --- Reading --------------------------------------------------------------------------------------


@contextmanager
def snapshot(advance: Callable[[int, int], None] = lambda _left, _all: None) -> Iterator[None]:
    """The site's database as it was at one moment is "default"; writers go on. `advance`: pages left, and in all."""
    if site_is_sqlite():
        with _sqlite_copy(advance) as copy, standing_in(sqlite_config(copy, **AS_IT_IS)):
            yield
        return
    site = connections[DEFAULT_DB_ALIAS]
    if site.in_atomic_block:
        yield  # whoever began the transaction chose what is seen in it
        return
    with transaction.atomic():
        with site.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def _sqlite_copy(advance: Callable[[int, int], None]) -> Iterator[Path]:
    """Beside the database, where the same people may read; gone afterwards."""
    site = sqlite_file()
    with scratch_folder(site.parent) as folder:
        copy = folder / "copy.sqlite3"
        with disk_problems(site.parent):
            copy_sqlite(site, copy, advance)
        yield copy


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder in `parent` that only this user may read; gone afterwards, and so are those of runs that were killed."""
    with disk_problems(parent):
        _sweep(parent)
        folder = tempfile.TemporaryDirectory(prefix=SCRATCH, dir=parent)
    with folder as name, (Path(name) / _LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{SCRATCH}*"):
        with suppress(OSError), (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)


def copy_sqlite(site: Path, copy: Path, advance: Callable[[int, int], None] = lambda _left, _all: None) -> None:
    """By SQLite's online backup, a few pages at a time.

    The reading side holds one snapshot: else every write to a busy site would make the copy begin again.
    """
    address = f"{site.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=20)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        target.execute("PRAGMA synchronous=OFF")
        source.backup(target, pages=_PAGES_AT_ONCE, progress=lambda _status, left, total: advance(left, total))
        source.execute("ROLLBACK")
