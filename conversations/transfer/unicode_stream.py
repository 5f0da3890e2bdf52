"""JSON in any of the encodings of Unicode, with or without a byte order mark, as UTF-8, piece by piece."""

from __future__ import annotations

import codecs
from typing import Protocol

# Those of 32 bits come before those of 16, whose mark begins in the same way.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# JSON begins with a character of ASCII: where its zeros are tells the rest (RFC 4627, section 3).
_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, False): "utf-16-le",
    (True, False, False, False): "utf-16-be",
}


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class UnicodeStream:
    """What `stream` has, in UTF-8 and without a mark. Bytes that claim to be UTF-8 are passed on as they are."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        self._has_begun = False

    def read(self, size: int = -1, /) -> bytes:
        """Nothing at the end of the file, and never before."""
        while piece := self._stream.read(size):
            if not self._has_begun:
                piece = self._begun(piece)
            if self._decoder is not None:
                piece = self._decoder.decode(piece).encode()
            if piece:
                return piece
        return b""

    def _begun(self, piece: bytes) -> bytes:
        self._has_begun = True
        while len(piece) < 4 and (more := self._stream.read(4)):
            piece += more
        mark, encoding = next(((m, e) for m, e in _MARKS if piece.startswith(m)), (b"", ""))
        encoding = encoding or _ZEROS.get(tuple(byte == 0 for byte in piece[:4]), "utf-8")
        if encoding != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        return piece[len(mark) :]


def begins_as_json(head: bytes) -> bool:
    """Whether a file that begins with `head` could be JSON of objects or lists."""
    for mark, _encoding in _MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\x00", b"").lstrip()[:1] in (b"{", b"[", b"")
