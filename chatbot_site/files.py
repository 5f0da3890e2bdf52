"""Files of the site that nobody else may read, and files that commands write where a person says.

What a person names may be something else than they think: a link, a device, a file of something else. So a file is
written beside its place under a name of its own, and takes the place only of nothing, or of a file that the command has
written before. No link is followed, and nothing is opened that could wait for ever.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
_PREFIX, _UNFINISHED = ".chat-", ".unfinished"
_UNLOCKED_SECONDS = 86_400  # longer than anything is written, where the file system has no locks
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EINVAL}
_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Occupied(Exception):
    """Something is where a file should go that must not be replaced; the message is a sentence."""


def private(path: str, flags: int) -> int:
    """An `opener` for `open`: what is made new is for its owner only."""
    return os.open(path, flags, PRIVATE_FILE)


def make_private_folder(path: Path) -> None:
    """`path` and what is missing above it, for its owner only. What is there already stays as it is."""
    for folder in [*reversed(path.parents), path]:
        if not folder.is_dir():
            with suppress(FileExistsError):  # another thread was faster
                folder.mkdir(mode=PRIVATE_FOLDER)


def kind_of(path: Path) -> str:
    """What is at `path`, links not followed: "" (nothing), "a file", "a link", ... Raises OSError."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return next((name for test, name in _KINDS if test(mode)), "a file")


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of the plain file `path`, made (private) where `flags` say so. Raises Occupied, OSError."""
    try:
        # Without O_NONBLOCK, a pipe would wait for somebody at its other end.
        found = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError:
        _refuse_what_is_no_file(path)
        raise
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        _refuse_what_is_no_file(path)
        raise Occupied(f"{path} is not a file.")
    return found


def _refuse_what_is_no_file(path: Path) -> None:
    with suppress(OSError):
        if (kind := kind_of(path)) not in ("", "a file"):
            raise Occupied(f"{path} is {kind}, not a file.")


@contextmanager
def new_file(path: Path, is_ours: Callable[[IO[bytes]], bool]) -> Iterator[IO[bytes]]:
    """A file to write, which is at `path`, whole and for its owner only, when the block ends without an error.

    A file that is there is replaced if it is empty or `is_ours` says so of its content. What a command left unfinished
    in the same folder when it was killed goes away. Raises Occupied, OSError.
    """
    before = _replaceable(path, is_ours)
    _remove_what_was_left(path.parent)
    number, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_UNFINISHED, dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(number, fcntl.LOCK_EX)  # held as long as this process lives
            yield file
            file.flush()
            os.fsync(number)
        if before is None:
            put_in_place(unfinished, path)
        else:
            _take_place_of(before, unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _remove_what_was_left(folder: Path) -> None:
    """Unfinished files that no process is writing any more."""
    for left in folder.glob(f"{_PREFIX}*{_UNFINISHED}"):
        with suppress(OSError, Occupied), os.fdopen(open_plain(left), "rb") as file:
            if time.time() - os.fstat(file.fileno()).st_mtime > _UNLOCKED_SECONDS:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()


def put_in_place(unfinished: Path, path: Path) -> None:
    """Rename, where nothing may be replaced, not even what came there in this moment. Raises Occupied, OSError."""
    try:
        os.link(unfinished, path, follow_symlinks=False)
    except FileExistsError:
        raise Occupied(f"{path} is there already and was not replaced.") from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        unfinished.unlink()
        return
    # A file system without links, of a USB disk say: the name is taken first, by an empty file that is ours.
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE))
    except FileExistsError:
        raise Occupied(f"{path} is there already and was not replaced.") from None
    unfinished.replace(path)


def _replaceable(path: Path, is_ours: Callable[[IO[bytes]], bool]) -> os.stat_result | None:
    """Which file may be replaced; None where nothing is."""
    try:
        number = open_plain(path)
    except FileNotFoundError:
        return None
    with os.fdopen(number, "rb") as file:
        found = os.fstat(file.fileno())
        if found.st_size and not is_ours(file):
            raise Occupied(f"{path} is there already, and this command has not written it.")
    return found


def _take_place_of(before: os.stat_result, unfinished: Path, path: Path) -> None:
    try:
        now = path.lstat()
    except FileNotFoundError:
        put_in_place(unfinished, path)
        return
    if not os.path.samestat(before, now):
        raise Occupied(f"{path} was changed meanwhile and was not replaced.")
    unfinished.replace(path)


def give_to_owner_of(like: Path, *paths: Path) -> None:
    """Owner and group of `like`, which matters where root works for another account. Raises OSError."""
    wanted = like.stat()
    for path in paths:
        found = path.lstat()
        if (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
            os.chown(path, wanted.st_uid, wanted.st_gid, follow_symlinks=False)


def keep_owner_and_mode(path: Path, like: Path) -> None:
    """Give `path`, which will be in the place of `like`, its owner, group, mode and access lists. Raises OSError."""
    give_to_owner_of(like, path)
    path.chmod(stat.S_IMODE(like.stat().st_mode))  # after the owner, whose change takes bits away
    names: list[str] = []
    with suppress(OSError):  # a file system that has none
        names = getattr(os, "listxattr", lambda _path: [])(like)
    for name in names:
        with suppress(OSError):  # of a kind that this account or file system cannot set
            os.setxattr(path, name, os.getxattr(like, name))


def text_of(file: IO[bytes], most: int) -> str:
    """The first `most` bytes as text, whatever they are."""
    return file.read(most).decode("utf-8", "replace")
