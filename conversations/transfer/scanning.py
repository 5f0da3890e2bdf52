"""JSON files of any size, one conversation at a time: neither memory nor the interpreter is held by the whole file.

A scan of the bytes finds where each member of the outermost list ends (an outermost object counts as the only one),
and how deep it is nested, before anything is parsed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from conversations.transfer.problems import BrokenFile

CHUNK = 1 << 20
ELEMENT_BYTES = 64 << 20
DEPTH = 700  # the JSON parser's own limit is Python's, 1,000, less what is on the stack already
_MARK = re.compile(rb'["\[\]{}]')
_IN_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN_END = re.compile(rb"[,\]]")
_BOM = b"\xef\xbb\xbf"


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Element:
    """A member of the outermost list, and its number there; None where the outermost is no list."""

    index: int | None
    data: Any


def elements(stream: Readable) -> Iterator[Element]:
    """The conversations of a JSON file, one after the other. Raises BrokenFile, with the line and column."""
    yield from _Scan(stream).elements()


class _Repeated(Exception):
    """An object has a name twice: which of the two counts, nobody knows."""


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Repeated(next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)[:100])
    return found


class _Scan:
    """How far a file has been read: the bytes since `start`, which is byte `offset` of the file."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._at = 0  # looked at so far, in the buffer
        self._line, self._column = 1, 1  # of the buffer's first byte

    def elements(self) -> Iterator[Element]:
        first = self._begin()
        if first == b"{":
            yield Element(None, self._parsed(self._value_end()))
        else:
            yield from self._members()
        if self._skip_space():
            raise self._broken("after_end")

    def _begin(self) -> bytes:
        self._more()
        if self._buffer.startswith(_BOM):
            self._drop(len(_BOM))
            self._column = 1
        first = self._skip_space()
        if not first:
            raise BrokenFile("empty")
        if first == b"<":
            raise BrokenFile("html")
        if first not in (b"{", b"["):
            raise BrokenFile("not_json")
        return first

    def _members(self) -> Iterator[Element]:
        self._drop(1)
        index, first = 0, self._skip_space()
        while first != b"]":
            if not first:
                raise self._broken("cut_short")
            yield Element(index, self._parsed(self._value_end()))
            index, first = index + 1, self._skip_space()
            if first == b",":
                self._drop(1)
                first = self._skip_space()
                if first == b"]":
                    raise self._broken("bad_json")
            elif first != b"]":
                raise self._broken("bad_json" if first else "cut_short")
        self._drop(1)

    def _value_end(self) -> int:
        """Where, in the buffer, the value ends that it begins with."""
        if bytes(self._buffer[:1]) not in (b"{", b"[", b'"'):
            return self._plain_end()
        self._at, depth = 0, 0
        while mark := self._next_mark():
            if mark == b'"':
                self._past_text()
                if not depth:
                    return self._at
            elif mark in b"[{":
                depth += 1
                if depth > DEPTH:
                    raise self._broken("too_deep", self._at, limit=DEPTH)
            elif (depth := depth - 1) == 0:
                return self._at
        raise self._broken("cut_short", len(self._buffer))

    def _plain_end(self) -> int:
        """The same for a number or a word, which are no conversations but may stand between them."""
        while not (found := _PLAIN_END.search(self._buffer, 1)):
            if not self._more():
                raise self._broken("cut_short", len(self._buffer))
        return found.start()

    def _next_mark(self) -> bytes:
        """The next quote or bracket, passed by; nothing at the end of the file."""
        while not (found := _MARK.search(self._buffer, self._at)):
            self._at = len(self._buffer)
            if not self._more():
                return b""
        self._at = found.end()
        return found[0]

    def _past_text(self) -> None:
        while True:
            found = _IN_TEXT.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._buffer[self._at : self._at + 1] == b'"':
                self._at += 1
                return
            if not self._more():  # a lone backslash at the end stays for the next round
                raise self._broken("cut_short", len(self._buffer))

    def _skip_space(self) -> bytes:
        """Drop white space; the byte that follows, nothing at the end of the file."""
        while True:
            found = _SPACE.match(self._buffer)
            self._drop(found.end() if found else 0)
            if self._buffer:
                return bytes(self._buffer[:1])
            if not self._more():
                return b""

    def _more(self) -> bool:
        piece = self._stream.read(CHUNK)
        self._buffer += piece
        if len(self._buffer) > ELEMENT_BYTES + CHUNK:
            raise self._broken("too_long", limit=[ELEMENT_BYTES])
        return bool(piece)

    def _drop(self, count: int) -> None:
        self._line, self._column = self._position(count)
        del self._buffer[:count]
        self._at = 0

    def _position(self, count: int) -> tuple[int, int]:
        """Line and column of the byte `count` of the buffer; columns in bytes."""
        lines = self._buffer.count(b"\n", 0, count)
        if not lines:
            return self._line, self._column + count
        return self._line + lines, count - self._buffer.rfind(b"\n", 0, count)

    def _broken(self, code: str, at: int = 0, **params: Any) -> BrokenFile:
        return BrokenFile(code, place=list(self._position(at)), **params)

    def _parsed(self, end: int) -> Any:
        if end > ELEMENT_BYTES:
            raise self._broken("too_long", limit=[ELEMENT_BYTES])
        raw = bytes(self._buffer[:end])
        try:
            data = json.loads(raw.decode(), object_pairs_hook=_unrepeated)
        except UnicodeDecodeError as error:
            raise self._broken("not_utf8", error.start) from None
        except json.JSONDecodeError as error:
            raise self._broken("bad_json", len(error.doc[: error.pos].encode())) from None
        except _Repeated as error:
            raise self._broken("repeated_key", name=error.args[0]) from None
        except RecursionError:
            raise self._broken("too_deep", limit=DEPTH) from None
        except ValueError:  # a number of thousands of digits
            raise self._broken("bad_json") from None
        self._drop(end)
        return data
