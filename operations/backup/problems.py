"""What can be wrong, each as one sentence for the person at the terminal.

BackupProblem
├── NotABackup          the file is something else
├── Damaged             a byte of it is not what was written
│   └── Truncated       its end is missing, or something was added there
├── NeedsKey, WrongKey
├── UnsafePath          a name in it would be written outside of its folder
├── Newer               made by a version that this one does not know
├── NotEmpty            there is a site where it should go
├── InUse               something still uses the database
├── NoRoom              the disk is full
└── Unreachable         the place of the backups does not answer, or refuses
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BackupProblem(Exception):
    """Its text is a sentence that may be shown; it never holds a key or anybody's text."""


class NotABackup(BackupProblem): ...


class Damaged(BackupProblem): ...


class Truncated(Damaged): ...


class NeedsKey(BackupProblem): ...


class WrongKey(BackupProblem): ...


class UnsafePath(BackupProblem): ...


class Newer(BackupProblem): ...


class NotEmpty(BackupProblem): ...


class InUse(BackupProblem): ...


class NoRoom(BackupProblem): ...


class Unreachable(BackupProblem): ...


@contextmanager
def disk_problems(place: object, doing: str = "written") -> Iterator[None]:
    """What the disk refuses while `place` is written (or read), as one of ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom(f"There is no room left for {place}. Nothing was changed, no half file is left.") from None
        raise Unreachable(f"{place} cannot be {doing}: {error.strerror or type(error).__name__}.") from None
    except (sqlite3.OperationalError, DatabaseError) as error:
        if "full" in str(error) or "disk I/O" in str(error):
            raise NoRoom(f"There is no room left beside the database for {place}. Nothing was changed.") from None
        raise
