"""ZIP files from strangers: looked at before they are unpacked, and unpacked in pieces.

What may hold conversations is told by its content, not its name. A ZIP in a ZIP is opened in a nameless file of its
own; nothing else of them comes on the disk. Names are only shown, so they may lead anywhere.
"""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO, BinaryIO, TypeVar
from zipfile import BadZipFile, ZipFile, ZipInfo

from conversations.text import cut, one_line, storable
from conversations.transfer.problems import BrokenFile, HostileFile
from conversations.transfer.unicode_stream import begins_as_json

T = TypeVar("T")
# What zipfile is known to raise where the bytes are not what they say: wrong structure and checksums, an unknown
# compression, an early end, impossible offsets and numbers, broken deflate data, a password that is missing.
DAMAGE = (BadZipFile, EOFError, OSError, ValueError, zlib.error, struct.error, RuntimeError)
DIRECTORY_BYTES = 64 << 20  # its table of contents, which is read at once
INFLATED_BYTES = 1 << 30
RATIO = 300  # texts shrink to a tenth; of what shrinks more than this no more is unpacked
RATIO_FROM = 10 << 20
NESTED = 2  # ZIP files in ZIP files in the file
HEAD = 64  # bytes of a file that tell what it is
NAME_LENGTH = 120
_END, _END_64, _LOCATOR, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE, _ENTRY_SIZE, _COMMENT = 22, 20, 56, 46, 1 << 16
_UTF8_NAME = 0x800
_JUNK = ("__MACOSX/", "._")
_CALLED_JSON = re.compile(r"\.(?:json|jsonl|ndjson)(?:\.[^/]*)?\Z", re.IGNORECASE)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")


def is_zip(file: BinaryIO) -> bool:
    head = file.read(4)
    file.seek(0)
    return head in (b"PK\x03\x04", _END)


class Stream:
    """A file of a ZIP, of which no more is read than the whole may have."""

    def __init__(self, member: IO[bytes], info: ZipInfo, room: _Room) -> None:
        self._member, self._info, self._room = member, info, room
        self._head, self._size = b"", 0

    def move_to(self, room: _Room) -> None:
        """What is read from now on is taken from there."""
        self._room = room

    def head(self) -> bytes:
        """Its first bytes, which stay to be read."""
        self._head = self._head or self.read(HEAD)
        return self._head

    def read(self, size: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        if head:
            return head
        piece = _guarded(lambda: self._member.read(size))
        self._size += len(piece)
        self._room.take(len(piece))
        if self._size > RATIO_FROM and self._size > RATIO * max(self._info.compress_size, 1):
            raise BrokenFile("zip_dense", limit=RATIO)
        return piece


class _Room:
    """How much may still be unpacked of a file. ZIP files in it have together a room of their own, so that one which
    somebody had attached to a conversation does not use up that of the export."""

    def __init__(self, *, is_inner: bool = False) -> None:
        self._left = INFLATED_BYTES
        self._is_inner = is_inner
        self.inner: _Room = self if is_inner else _Room(is_inner=True)

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise self.bomb()

    def bomb(self) -> BrokenFile:
        return (BrokenFile if self._is_inner else HostileFile)("zip_bomb", limit=[INFLATED_BYTES])


Part = tuple[str, Stream | BrokenFile]


def parts(file: BinaryIO, room: _Room | None = None, nested: int = NESTED) -> Iterator[Part]:
    """The files in a ZIP that are JSON by their content or their name, or why one of them cannot be read.

    Raises BrokenFile where nothing of it can be read, HostileFile where nothing of it should be.
    """
    room = room or _Room()
    if _directory_size(file) > DIRECTORY_BYTES:
        raise HostileFile("zip_many")
    with TemporaryFile() as copy, _opened(file, copy) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_junk(info.filename)]
        for info in infos:
            try:
                yield from _parts_of(archive, info, room, nested)
            except HostileFile:
                raise
            except BrokenFile as problem:
                yield printed(info.filename), problem


def _of_nested(name: str, stream: Stream, room: _Room, nested: int) -> Iterator[Part]:
    """The parts of a ZIP in a ZIP. It may be anybody's, so what is wrong with it is said of it alone."""
    stream.move_to(room)
    try:
        for inner, part in _inside(stream, room, nested):
            yield f"{name}/{inner}", part
    except BrokenFile as problem:
        yield name, BrokenFile(problem.code, **problem.params)


def _parts_of(archive: ZipFile, info: ZipInfo, room: _Room, nested: int) -> Iterator[Part]:
    if info.flag_bits & 0x1:
        raise BrokenFile("zip_encrypted")
    with _guarded(lambda: archive.open(info)) as member:
        stream = Stream(member, info, room)
        head, name = stream.head(), printed(info.filename)
        if head[:4] == b"PK\x03\x04" and not _is_document(name):
            if not nested:
                raise BrokenFile("zip_deep", limit=NESTED)
            yield from _of_nested(name, stream, room.inner, nested - 1)
        elif head.startswith(_PACKED):
            raise BrokenFile("packed")
        elif name.lower().endswith(".zip") and not head.startswith(_END):
            raise BrokenFile("bad_zip")
        elif is_called_json(name) or begins_as_json(head):
            yield name, stream


def _inside(stream: Stream, room: _Room, nested: int) -> Iterator[Part]:
    """What is in a ZIP that is itself in one: it has to be on the disk, since its table of contents is at its end."""
    with TemporaryFile() as copy:
        while piece := stream.read(1 << 20):
            copy.write(piece)
        copy.seek(0)
        yield from parts(copy, room, nested)


def printed(name: str) -> str:
    """The name of a file in a ZIP as one line that can be stored and shown."""
    return cut(one_line(storable(name)), NAME_LENGTH)


def is_called_json(name: str) -> bool:
    """Also where the name goes on, as it does when a file was packed by itself, or not downloaded completely."""
    return _CALLED_JSON.search(name) is not None


def _is_junk(name: str) -> bool:
    """What a Mac puts beside the files."""
    return name.startswith(_JUNK[0]) or PurePosixPath(name).name.startswith(_JUNK[1])


def _is_document(name: str) -> bool:
    """Whether a ZIP is a document of an office program, or a program: files that were attached to conversations."""
    return name.lower().endswith((".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".jar", ".apk"))


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


def _opened(file: BinaryIO, copy: IO[bytes]) -> ZipFile:
    try:
        return ZipFile(file)
    except UnicodeDecodeError:  # a name that says it is UTF-8 and is not
        return _guarded(lambda: ZipFile(_unclaimed(file, copy)))
    except DAMAGE:
        raise BrokenFile("bad_zip") from None


def _unclaimed(file: BinaryIO, copy: IO[bytes]) -> IO[bytes]:
    """A copy in which no name claims to be UTF-8: then zipfile reads each of them somehow."""
    file.seek(0)
    shutil.copyfileobj(file, copy)
    end = copy.seek(0, 2)
    copy.seek(max(end - _END_SIZE - _COMMENT, 0))
    tail = copy.read()
    at: int = struct.unpack_from("<L", tail, tail.rfind(_END) + 16)[0]
    while True:
        copy.seek(at)
        entry = copy.read(_ENTRY_SIZE)
        if not entry.startswith(_ENTRY) or len(entry) < _ENTRY_SIZE:
            return copy
        flags = struct.pack("<H", struct.unpack_from("<H", entry, 8)[0] & ~_UTF8_NAME)
        for place in (at + 8, struct.unpack_from("<L", entry, 42)[0] + 6):  # there, and ahead of the file itself
            copy.seek(place)
            copy.write(flags)
        at += _ENTRY_SIZE + sum(struct.unpack_from("<HHH", entry, 28))


def _guarded(action: Callable[[], T]) -> T:
    """What `action` returns. Raises BrokenFile for what zipfile says of damaged files."""
    try:
        return action()
    except DAMAGE:
        raise BrokenFile("bad_zip") from None
