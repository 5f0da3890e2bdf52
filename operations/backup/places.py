"""Where backups are kept: a folder, or any storage that Django knows, such as those of django-storages.

A backup appears under its name when it is complete, or never. Rotation touches only files with names of ours.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.module_loading import import_string

from chatbot_site.files import PRIVATE_FILE, PRIVATE_FOLDER, Occupied, kind_of, open_plain, put_in_place
from operations.backup.problems import NotABackup, Unreachable, disk_problems

_NAME = re.compile(r"chat-backup-\d{8}T\d{6}Z\.tar\.zst(\.sealed)?\Z")
_UNFINISHED = ".unfinished"
STORAGE = "backups"
_SET_UP = " It is as BACKUP_STORAGE and BACKUP_STORAGE_OPTIONS set it up."
Writer = Callable[[IO[bytes]], None]


def name_at(moment: datetime, *, sealed: bool) -> str:
    return f"chat-backup-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar.zst{'.sealed' if sealed else ''}"


class Place(ABC):
    @abstractmethod
    def names(self) -> list[str]:
        """Of the backups that are here, the oldest first. Raises Unreachable."""

    @abstractmethod
    def keep(self, name: str, write: Writer) -> int:
        """The file that `write` makes is here under `name`, all of it or nothing; its size. Raises BackupProblem."""

    @abstractmethod
    def remove(self, name: str) -> None: ...

    @abstractmethod
    def describe(self, name: str) -> str: ...

    def taken(self) -> set[str]:
        """Names that cannot be used. Raises Unreachable."""
        return set(self.names())

    def free_name(self, moment: datetime, *, sealed: bool) -> str:
        """One that is not taken: two backups of one second are a second apart."""
        taken = self.taken()
        while (name := name_at(moment, sealed=sealed)) in taken:
            moment += timedelta(seconds=1)
        return name

    def rotate(self, keep: int) -> list[str]:
        """Remove all but the newest `keep` backups; which."""
        surplus = self.names()[:-keep]
        for name in surplus:
            self.remove(name)
        return surplus


class Folder(Place):
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        with disk_problems(self._path, "read"):
            return ours(entry.name for entry in self._entries() if entry.is_file(follow_symlinks=False))

    def taken(self) -> set[str]:
        with disk_problems(self._path, "read"):
            return {entry.name for entry in self._entries()}

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        return os.scandir(self._path) if self._path.exists() else iter(())

    def keep(self, name: str, write: Writer) -> int:
        with disk_problems(self._path):
            self._path.mkdir(parents=True, exist_ok=True)
            self._sweep()
            unfinished = self._path / f".{name}{_UNFINISHED}"
            size = _write(unfinished, write)
            try:
                put_in_place(unfinished, self._path / name)
                _sync_folder(self._path)
            except Occupied as problem:
                raise Unreachable(f"{problem} Nothing was kept.") from None
            finally:
                unfinished.unlink(missing_ok=True)
        return size

    def remove(self, name: str) -> None:
        with disk_problems(self._path / name, "removed"):
            (self._path / name).unlink(missing_ok=True)

    def describe(self, name: str) -> str:
        return str(self._path / name)

    def _sweep(self) -> None:
        """What a backup left that was killed: nobody holds its lock."""
        for path in self._path.glob(f".chat-backup-*{_UNFINISHED}"):
            with suppress(OSError, Occupied), os.fdopen(open_plain(path), "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


class Remote(Place):
    """A storage of settings.STORAGES. The file is made here first, and sent when it is complete."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._storage = _storage(alias)
        if isinstance(self._storage, FileSystemStorage):
            _keep_private(self._storage, settings.STORAGES[alias].get("OPTIONS", {}))

    def names(self) -> list[str]:
        with self._reached():
            return ours(self._storage.listdir("")[1]) if self._exists() else []

    def keep(self, name: str, write: Writer) -> int:
        with tempfile.TemporaryDirectory(prefix="chat-backup-") as folder:
            path = Path(folder) / name
            with disk_problems(folder):
                size = _write(path, write)
            self._send(path, name, size)
        return size

    def _send(self, path: Path, name: str, size: int) -> None:
        try:
            with self._reached(), path.open("rb") as file:
                sent = self._storage.save(name, File(file, name=name))
                complete = sent == name and self._storage.size(name) == size
        except Unreachable:
            with suppress(Exception):
                self._storage.delete(name)
            raise
        if not complete:
            self.remove(sent)
            raise Unreachable(f"The storage {self._alias!r} did not keep the whole backup. Nothing was kept.")

    def remove(self, name: str) -> None:
        with self._reached():
            self._storage.delete(name)

    def describe(self, name: str) -> str:
        return f"{name} in the storage {self._alias!r}"

    def fetch(self, name: str, into: Path) -> Path:
        """A copy of the backup `name` in the folder `into`."""
        path = into / "fetched"
        with self._reached():
            if not self._storage.exists(name):
                raise NotABackup(f"There is no {name} in the storage {self._alias!r}.")
            file = self._storage.open(name, "rb")
        with file, disk_problems(into), path.open("wb") as copy:
            for piece in self._chunks(file):
                copy.write(piece)
        return path

    def _chunks(self, file: File[bytes]) -> Iterator[bytes]:
        with self._reached():
            chunks = file.chunks()
        while True:
            with self._reached():
                piece = next(chunks, None)
            if piece is None:
                return
            yield piece

    def _exists(self) -> bool:
        """A folder on this machine that nothing was put into yet is an empty one."""
        location = getattr(self._storage, "base_location", None)
        return location is None or Path(location).is_dir()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (NotABackup, Unreachable):
            raise
        except Exception as error:  # each storage has errors of its own, and their texts may hold its keys
            raise Unreachable(
                f"The storage {self._alias!r} cannot be reached, or refuses ({type(error).__name__}). Nothing was kept."
                f"{_SET_UP if self._alias == STORAGE else ''}"
            ) from None


def _storage(alias: str) -> Storage:
    """The storage of settings.STORAGES. Raises Unreachable; a class's own words may hold what stands in its options."""
    if alias not in settings.STORAGES:
        raise Unreachable(f"There is no storage {alias!r} in settings.STORAGES. BACKUP_STORAGE sets up {STORAGE!r}.")
    name = "BACKUP_STORAGE" if alias == STORAGE else f"The BACKEND of {alias!r} in settings.STORAGES"
    options = "BACKUP_STORAGE_OPTIONS" if alias == STORAGE else f"the OPTIONS of {alias!r} in settings.STORAGES"
    try:
        found = import_string(settings.STORAGES[alias]["BACKEND"])
    except Exception as error:  # whatever its module raises
        why = type(error).__name__
        raise Unreachable(f"{name} cannot be imported ({why}): is it there, with the libraries it needs?") from None
    if not (isinstance(found, type) and issubclass(found, Storage)):
        raise Unreachable(f"{name} is no class of a storage.")
    try:
        return storages[alias]
    except Exception as error:  # of each class its own kinds
        why = type(error).__name__
        raise Unreachable(f"No storage {alias!r} can be made ({why}): correct {options}.") from None


def _keep_private(storage: FileSystemStorage, given: dict[str, Any]) -> None:
    """Django's files can be read by everybody on the machine, unless somebody says otherwise."""
    modes = {"file_permissions_mode": PRIVATE_FILE, "directory_permissions_mode": PRIVATE_FOLDER}
    for name, mode in modes.items():
        if name not in given:
            setattr(storage, name, mode)


@contextmanager
def at_hand(file: str, storage: str | None) -> Iterator[Path]:
    """The backup `file` on this machine, fetched from `storage` if that is given."""
    if not storage:
        with disk_problems(file, "read"):
            kind = kind_of(Path(file).resolve())
        if kind not in ("", "a file"):
            raise NotABackup(f"{file} is {kind}, not a backup.")
        yield Path(file)
        return
    with tempfile.TemporaryDirectory(prefix="chat-backup-") as folder:
        yield Remote(storage).fetch(file, Path(folder))


def ours(names: Iterator[str] | list[str]) -> list[str]:
    return sorted(name for name in names if _NAME.match(name))


def _write(path: Path, write: Writer) -> int:
    """Made anew, for its owner only, and on the disk when this returns; its size. Nothing is left when it fails."""
    with os.fdopen(open_plain(path, os.O_RDWR | os.O_CREAT | os.O_EXCL), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            write(file)
            file.flush()
            os.fsync(file.fileno())
            return file.tell()
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
