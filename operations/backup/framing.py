"""The outside of a backup that is not encrypted: a zstandard file that common tools read, and that proves itself.

    skippable frame   the name and number of this format
    zstandard frame   a tar archive
    skippable frame   the SHA-256 of every byte before it

`tar --zstd -tf FILE` lists what is in it. An encrypted backup is such a file, sealed.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Protocol

import zstandard

from operations.backup.problems import Damaged, NotABackup, Truncated

_SKIPPABLE = 0x184D2A5B
_NAME = b"chat backup 1\n"
_DIGEST_SIZE = hashlib.sha256().digest_size
HEAD = struct.pack("<II", _SKIPPABLE, len(_NAME)) + _NAME
_TAIL_START = struct.pack("<II", _SKIPPABLE, _DIGEST_SIZE)
TAIL = len(_TAIL_START) + _DIGEST_SIZE
LEVEL = 6  # conversations shrink to a fifth, at some 100 MB a second
_LARGEST_WINDOW = 2**27
PIECE = 2**18


class Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class FramedWriter:
    """Compresses what is written to it. `close` writes the digest and leaves `out` open."""

    def __init__(self, out: Writable) -> None:
        self._out = _HashingWriter(out)
        self._out.write(HEAD)
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._body = compressor.stream_writer(self._out, closefd=False)  # type: ignore[arg-type]  # zstandard's types ask for a whole file; it calls write

    def write(self, data: bytes) -> int:
        return self._body.write(data)

    def close(self) -> None:
        self._body.flush(zstandard.FLUSH_FRAME)
        self._out.write(_TAIL_START + self._out.digest())


class _HashingWriter:
    def __init__(self, out: Writable) -> None:
        self._out, self._hash = out, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._out.write(data)
        return len(data)

    def flush(self) -> None:
        """Whoever opened the file flushes it."""

    def digest(self) -> bytes:
        return self._hash.digest()


class FramedReader:
    """The compressed body of a backup. At its end it is proved, or Damaged or Truncated is raised."""

    def __init__(self, source: Readable) -> None:
        self._source, self._hash = source, hashlib.sha256()
        head = _exactly(source, len(HEAD))
        if head != HEAD:
            raise (
                Damaged("The backup was altered at its very beginning.")
                if _resembles(head)
                else NotABackup("This is not a backup of this product.")
            )
        self._hash.update(head)
        self._held = _exactly(source, TAIL)  # what may be the tail is never given out

    def read(self, size: int = -1) -> bytes:
        more = self._source.read(size if size > 0 else PIECE)
        if not more:
            self._prove()
            return b""
        together = self._held + more
        found, self._held = together[:-TAIL], together[-TAIL:]
        self._hash.update(found)
        return found

    def _prove(self) -> None:
        if not self._held.startswith(_TAIL_START) or len(self._held) < TAIL:
            raise Truncated("The backup does not end where it was ended: it is cut off, or something was added.")
        if self._held[len(_TAIL_START) :] != self._hash.digest():
            raise Damaged("The backup was altered: its digest is another.")


def decompressed(source: FramedReader) -> zstandard.ZstdDecompressionReader:
    """The archive in `source`, to be read in pieces. Raises zstandard.ZstdError as it goes."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    return decompressor.stream_reader(source, closefd=False)  # type: ignore[arg-type]  # the same: it calls read


def _exactly(source: Readable, size: int) -> bytes:
    """`size` bytes, or fewer at the end."""
    found = b""
    while len(found) < size and (more := source.read(size - len(found))):
        found += more
    return found


def _resembles(head: bytes) -> bool:
    """Whether it is ours but for a few bytes: damaged, and not something else."""
    different = sum(a != b for a, b in zip(head, HEAD, strict=False)) + len(HEAD) - len(head)
    return different <= len(HEAD) // 2
