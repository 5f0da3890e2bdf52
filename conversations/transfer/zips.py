"""ZIP files from strangers: looked at before they are unpacked, and unpacked in pieces, never to disk."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, TypeVar
from zipfile import BadZipFile, ZipFile, ZipInfo

from conversations.transfer.problems import BrokenFile

T = TypeVar("T")
# What zipfile is known to raise where the bytes are not what they say: wrong structure and checksums, an unknown
# compression, an early end, impossible offsets and numbers, broken deflate data, a password that is missing.
DAMAGE = (BadZipFile, EOFError, OSError, ValueError, zlib.error, struct.error, RuntimeError)
DIRECTORY_BYTES = 64 << 20  # its table of contents, which is read at once
INFLATED_BYTES = 1 << 30
RATIO = 300  # texts shrink to a tenth; what shrinks more than this was made to
RATIO_FROM = 10 << 20
_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE, _COMMENT = 22, 20, 56, 1 << 16


def is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", _END)


def json_files(path: Path) -> Iterator[tuple[str, Stream]]:
    """The JSON files in a ZIP that may hold conversations, by name. Raises BrokenFile."""
    with path.open("rb") as file:
        if _directory_size(file) > DIRECTORY_BYTES:
            raise BrokenFile("zip_many")
        with _guarded(lambda: ZipFile(file)) as archive:
            chosen = _chosen(archive.infolist())
            for info in chosen:
                with _guarded(partial(archive.open, info)) as member:
                    yield info.filename, Stream(member, info.file_size)


def _directory_size(file: BinaryIO) -> int:
    """How large the table of contents says that it is."""
    end = file.seek(0, 2)
    file.seek(max(end - _END_SIZE - _COMMENT, 0))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_SIZE:
        raise BrokenFile("bad_zip")
    size: int = struct.unpack_from("<L", tail, at + 12)[0]
    at_64 = at - _LOCATOR_SIZE - _END_64_SIZE
    if at_64 >= 0 and tail[at - _LOCATOR_SIZE :].startswith(_LOCATOR) and tail[at_64:].startswith(_END_64):
        size = max(size if size != 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, at_64 + 40)[0])
    file.seek(0)
    return size


def _chosen(infos: list[ZipInfo]) -> list[ZipInfo]:
    """The files to read, after a look at all of them."""
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts[:1] and path.parts[0].endswith(":")):
            raise BrokenFile("zip_paths", name=info.filename[:100])
    texts = [info for info in infos if info.filename.lower().endswith(".json") and not info.is_dir()]
    named = [info for info in texts if PurePosixPath(info.filename).name.lower().startswith("conversations")]
    chosen = named or [info for info in texts if PurePosixPath(info.filename).name != "manifest.json"]
    if not chosen:
        raise BrokenFile("zip_empty")
    _refuse_unfit(chosen)
    return chosen


def _refuse_unfit(infos: list[ZipInfo]) -> None:
    if any(info.flag_bits & 0x1 for info in infos):
        raise BrokenFile("zip_encrypted")
    swollen = any(i.file_size > RATIO_FROM and i.file_size > RATIO * max(i.compress_size, 1) for i in infos)
    if swollen or sum(info.file_size for info in infos) > INFLATED_BYTES:
        raise BrokenFile("zip_bomb", limit=[INFLATED_BYTES])


class Stream:
    """A file of a ZIP, which may not be larger than it says."""

    def __init__(self, member: IO[bytes], size: int) -> None:
        self._member = member
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        piece = _guarded(lambda: self._member.read(size))
        self._left -= len(piece)
        if self._left < 0:
            raise BrokenFile("zip_bomb", limit=[INFLATED_BYTES])
        return piece


def _guarded(action: Callable[[], T]) -> T:
    """What `action` returns. Raises BrokenFile for what zipfile says of damaged files."""
    try:
        return action()
    except DAMAGE:
        raise BrokenFile("bad_zip") from None
