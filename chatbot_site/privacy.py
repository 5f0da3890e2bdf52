"""Database and uploaded files are for the account that runs the site, and for nobody else on the machine.

What is made new is so from the start: the database by `queued_sqlite3`, files by `chatbot_site.files` and the storage's
modes in the settings. This is for what an earlier version, or a copy, has left open.
"""

from __future__ import annotations

import stat
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from chatbot_site.files import PRIVATE_FILE, PRIVATE_FOLDER

_OTHERS = stat.S_IRWXO


def open_to_all() -> list[Path]:
    """Which of them everybody on this machine may read or write.

    Of uploaded files the folder alone: nobody gets past it. Rights that were given to a group are meant so.
    """
    return [path for path in _private_paths() if _mode(path) & _OTHERS]


def tighten() -> list[Path]:
    """Close what is open to all; what is still open, since it belongs to another account."""
    for path in open_to_all():
        try:
            path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
        except OSError:
            continue
    return open_to_all()


def _private_paths() -> list[Path]:
    media = [Path(settings.MEDIA_ROOT)]
    database = connections[DEFAULT_DB_ALIAS]
    name = str(database.settings_dict["NAME"])
    if database.vendor != "sqlite" or name.startswith("file:") or name == ":memory:":
        return media
    return [*(Path(name + suffix) for suffix in ("", "-wal", "-shm", "-journal")), *media]


def _mode(path: Path) -> int:
    """0 where there is none."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
