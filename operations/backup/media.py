"""The files that people brought: read as they lie there, put back whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import FileField, Model

from chatbot_site.files import PRIVATE_FOLDER, give_to_owner_of, make_private_folder, private
from operations.backup.archive import MEDIA
from operations.backup.problems import disk_problems

STAGED, ASIDE, OVER = ".restore-staged", ".restore-aside", ".restore-over"
_OWN = (STAGED, ASIDE, OVER)


@dataclass(frozen=True, slots=True)
class Found:
    name: str
    path: Path
    size: int


def root() -> Path | None:
    """Where the files lie; None where another kind of storage keeps them, which has copies of its own."""
    return Path(default_storage.location) if isinstance(default_storage, FileSystemStorage) else None


def files(folder: Path) -> Iterator[Found]:
    """Every plain file below `folder`, in order. Links are not followed."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _OWN)
        for name in sorted(names):
            path = Path(at) / name
            if not path.is_symlink() and path.is_file():
                yield Found(path.relative_to(folder).as_posix(), path, path.stat().st_size)


def opened(found: Found) -> tuple[IO[bytes], int] | None:
    """The file and its size now; None when it was deleted meanwhile."""
    try:
        file = found.path.open("rb")
    except FileNotFoundError:
        return None
    return file, os.fstat(file.fileno()).st_size


def names_in(models: Iterable[type[Model]]) -> set[str]:
    """Every file that a row of the database speaks of."""
    names: set[str] = set()
    for model in models:
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField):
                rows = model._base_manager.exclude(**{field.attname: ""}).values_list(field.attname, flat=True)
                names.update(name for name in rows.iterator() if name)
    return names


# --- Putting back ---------------------------------------------------------------------------------


class StagedMedia:
    """New files beside the old ones, in the same folder (it may be a disk of its own); `swap` changes the two.

    Whatever goes wrong before, `discard` leaves the folder as it was.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._staged, self._aside = folder, folder / STAGED, folder / ASIDE

    def begin(self) -> None:
        with disk_problems(self._folder):
            make_private_folder(self._folder)
            self._put_back()  # after a restore that was killed in the middle of its swap
            shutil.rmtree(self._folder / OVER, ignore_errors=True)
            self.discard()
            self._staged.mkdir(mode=PRIVATE_FOLDER)

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """`name` as in the archive, proved to be safe."""
        path = self._staged / name.removeprefix(MEDIA)
        with disk_problems(self._folder):
            make_private_folder(path.parent)
            with open(path, "xb", opener=private) as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """The new files are in place; should what follows fail, the old ones are again."""
        self._give_away()
        self._aside.mkdir(mode=PRIVATE_FOLDER)
        try:
            _move_all(self._folder, self._aside)
            _move_all(self._staged, self._folder)
            yield
        except BaseException:
            _move_all(self._folder, self._staged)
            self._put_back()
            raise
        self._aside.rename(self._folder / OVER)  # from here on nobody takes them back
        shutil.rmtree(self._folder / OVER)

    def _give_away(self) -> None:
        """Where root restores, to the account that has the folder: nobody else could read them."""
        if os.geteuid() == 0:
            for at, _folders, names in os.walk(self._staged):
                give_to_owner_of(self._folder, Path(at), *(Path(at) / name for name in names))

    def _put_back(self) -> None:
        if self._aside.is_dir():
            self._staged.mkdir(exist_ok=True)
            _move_all(self._aside, self._folder, away=self._staged)
            self._aside.rmdir()

    def discard(self) -> None:
        shutil.rmtree(self._staged, ignore_errors=True)


def _move_all(source: Path, target: Path, away: Path | None = None) -> None:
    """What is in the place of one of them already goes `away`."""
    for path in list(source.iterdir()):
        if path.name not in _OWN:
            if away and (target / path.name).exists():
                (target / path.name).rename(away / path.name)
            path.rename(target / path.name)
