"""What is wrong with a database of SQLite, which has no codes for most of it and speaks English."""

from __future__ import annotations

import os
from pathlib import Path

from chatbot_site.database.trouble import OUTDATED, Trouble
from chatbot_site.files import kind_of

_GIVE = "Give the file and its folder to the account that runs the site."


def trouble_of(said: str, file: Path) -> Trouble | None:
    low = said.lower()
    if "no such table" in low or "no such column" in low or "has no column named" in low:
        return OUTDATED
    if "unable to open" in low or (_kind(file) and "disk i/o" in low):
        return Trouble(
            f"The database {file} cannot be opened: {_why_not_opened(file)}.", "Correct DATABASE_URL or that."
        )
    if "readonly" in low or "read-only" in low:
        return not_writable(file) or Trouble(f"The database {file} can be read only.", _GIVE)
    if "locked" in low or "busy" in low:
        return Trouble(f"Another process holds the database {file} for too long.", "Try again when it has ended.")
    if "full" in low or "disk i/o" in low:
        return Trouble(f"There is no room left for the database {file}, or its disk fails.", "Look at the disk.")
    if "not a database" in low or "malformed" in low:
        return Trouble(f"The database {file} is damaged, or no database.", "Restore a backup: manage.py restore FILE")
    return None


def _why_not_opened(file: Path) -> str:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if kind := _kind(file):
        return f"it is {kind}"
    return "this account may not read it" if file.exists() else f"this account may not write in {file.parent}"


def _kind(file: Path) -> str:
    """What is there instead of a file, "" where it is one, or nothing, or cannot be seen."""
    try:
        kind = kind_of(file.resolve())
    except (OSError, RuntimeError):
        return ""
    return "" if kind == "a file" else kind


def not_writable(file: Path) -> Trouble | None:
    """SQLite also writes beside the file. None for a database in memory."""
    if str(file).startswith((":memory:", "file:")):
        return None
    for path in (file, file.resolve().parent):
        if path.exists() and not os.access(path, os.W_OK):
            return Trouble(f"The database {file} can be read only: {path} may not be written.", _GIVE)
    return None
