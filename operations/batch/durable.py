"""Files that only grow, line by line. Whoever awaits `append` goes on when its lines are on the disk.

Lines that come while others are being written go together, with one fsync.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from chatbot_site.files import Occupied, open_plain


class GrowingFile:
    """An open file at its end. One event loop appends; `close` when nobody does any more.

    Raises Occupied where `path` is a link or no file: it would grow somewhere else. Raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        is_new = not path.exists()
        # Prompts and answers are private: nobody but its owner reads it.
        self._descriptor = open_plain(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        if os.fstat(self._descriptor).st_nlink > 1:
            self.close()
            raise Occupied(f"{path} has another name too (a hard link), whose content would change along.")
        if is_new:
            sync_folder(path)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._failure: OSError | None = None  # after it nothing is appended: half a line may be at the end

    def fileno(self) -> int:
        return self._descriptor

    def append_now(self, line: bytes) -> None:
        """Append and wait, for code outside the loop. Raises OSError."""
        _write(self._descriptor, line)

    async def append(self, line: bytes) -> None:
        """Return when `line` is on the disk. Raises OSError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((line, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            if self._failure is None:
                try:
                    await asyncio.to_thread(_write, self._descriptor, b"".join(line for line, _ in group))
                except OSError as error:
                    self._failure = error
            for _, done in group:
                _settle(done, self._failure)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._descriptor)


def _settle(done: asyncio.Future[None], failure: OSError | None) -> None:
    if done.done():  # whoever waited was cancelled
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def reading(path: Path) -> IO[bytes]:
    """The plain file `path`, from its start. Raises Occupied, OSError."""
    return os.fdopen(open_plain(path), "rb")


def cut_half_line(path: Path) -> int:
    """Take away what follows the last line break: a line that was being written when the power went. Its bytes."""
    with os.fdopen(open_plain(path, os.O_RDWR), "rb+") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 2**16)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            file.truncate(end)
            os.fsync(file.fileno())
    return size - end


def sync_folder(path: Path) -> None:
    """That a file is there, or has another name, is on the disk only when its folder is."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
