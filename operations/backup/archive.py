"""What is in a backup, as a stream of parts:

    about.json                              what made it: versions, migrations, tables and their fields
    database/conversations.message/000001   rows, one JSON list a line, in parts of a few megabytes
    media/attachments/3f/3f2a…              the files
    manifest.json                           every part's size and SHA-256, every table's number of rows

Writing and reading hold one part of rows, or a piece of a file, in memory.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import zstandard

from operations.backup.framing import PIECE, FramedReader, FramedWriter, Readable, decompressed
from operations.backup.keys import BackupKey
from operations.backup.manifest import About, Manifest, Part
from operations.backup.problems import Damaged, NeedsKey, NotABackup, UnsafePath
from operations.backup.sealing import MAGIC, SealedReader, SealingWriter, is_sealed

ABOUT, MANIFEST, DATABASE, MEDIA = "about.json", "manifest.json", "database/", "media/"
PART_BYTES = 4 * 2**20
_TEXT_AT_MOST = 2**30  # of about.json and manifest.json, and of one part of rows


class ArchiveWriter:
    """Parts into `out`, sealed if there is a key. `close` writes the manifest and leaves `out` open."""

    def __init__(self, out: IO[bytes], key: BackupKey | None, about: About) -> None:
        self._sealing = SealingWriter(out, key) if key else None
        self._framed = FramedWriter(self._sealing or out)
        self._tar = tarfile.open(  # noqa: SIM115 - closed by `close`, and only where all went well
            fileobj=cast("IO[bytes]", self._framed),  # it only writes
            mode="w|",
            format=tarfile.PAX_FORMAT,
        )
        self.manifest = Manifest()
        self.add_text(ABOUT, about.as_json())

    def add_text(self, name: str, text: bytes) -> None:
        self.manifest.parts.append(Part(name, len(text), hashlib.sha256(text).hexdigest()))
        self._tar.addfile(_entry(name, len(text)), io.BytesIO(text))
        _forget(self._tar)

    def add_file(self, name: str, file: IO[bytes], size: int) -> None:
        """The first `size` bytes of `file`. Raises OSError where it has fewer."""
        hashing = _HashingReader(file)
        self._tar.addfile(_entry(name, size), hashing)
        _forget(self._tar)
        self.manifest.parts.append(Part(name, size, hashing.hash.hexdigest()))

    def close(self) -> None:
        text = self.manifest.as_json()
        self._tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
        self._tar.close()
        self._framed.close()
        if self._sealing:
            self._sealing.close()


def _forget(tar: Any) -> None:
    """What tarfile keeps of every file that it ever saw."""
    tar.members.clear()


class _HashingReader:
    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


# --- Reading --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One part as it is read: `pieces` must be used up before the next one is asked for."""

    name: str
    size: int
    pieces: Iterator[bytes]

    def text(self) -> bytes:
        """All of it. Raises Damaged for more than fits in memory."""
        if self.size > _TEXT_AT_MOST:
            raise Damaged(f"{self.name} in the backup is larger than any that was ever written.")
        return b"".join(self.pieces)


def body(file: IO[bytes], key: BackupKey | None) -> FramedReader:
    """The archive in `file`, decrypted and still compressed. Raises BackupProblem."""
    start = file.read(len(MAGIC))
    file.seek(0)
    if not is_sealed(start):
        return FramedReader(file)
    if key is None:
        raise NeedsKey("The backup is encrypted: give --key-file, or BACKUP_KEY in the environment.")
    source: Readable = SealedReader(file, key)
    return FramedReader(source)


def entries(path: Path, key: BackupKey | None) -> Iterator[Entry]:
    """What is in the backup `path`, in order. At its end every byte of the file has been proved. Raises BackupProblem.

    Names are safe: relative, below the folder that they name, nothing but plain files.
    """
    try:
        with path.open("rb") as file:
            source = body(file, key)
            yield from _entries(source)
            while source.read():
                """What tar does not look at is proved as well."""
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise Damaged(f"The backup was altered: its archive cannot be read ({type(error).__name__}).") from None
    except OSError as error:
        raise NotABackup(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None


def _entries(source: FramedReader) -> Iterator[Entry]:
    stream = decompressed(source)
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        while (info := tar.next()) is not None:
            name = _safe(info)
            file = tar.extractfile(info)
            if file is None:
                raise UnsafePath("The backup holds something that is not a plain file. Nothing was written.")
            yield Entry(name, info.size, _pieces(file))
            _forget(tar)
    while stream.read(PIECE):
        """Up to the end of the compressed frame, whose checksum comes last."""


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _safe(info: tarfile.TarInfo) -> str:
    """The name, when it can climb out nowhere. Raises UnsafePath."""
    name = info.name
    if info.isreg() and not info.issparse() and is_safe(name):
        return name
    kind = "a path that leads out of its folder" if info.isreg() else "something that is not a plain file"
    raise UnsafePath(f"The backup holds {kind} ({name[:80]!r}). Nothing was written.")


def is_safe(name: str) -> bool:
    """Whether `name` is one of ours: below database/ or media/, in no notation of any system leading elsewhere."""
    if name in (ABOUT, MANIFEST):
        return True
    if not name.startswith((DATABASE, MEDIA)) or any(sign in name for sign in ("\0", "\\", ":")):
        return False
    pieces = name.split("/")
    return all(piece not in ("", ".", "..") for piece in pieces) and not PurePosixPath(name).is_absolute()
