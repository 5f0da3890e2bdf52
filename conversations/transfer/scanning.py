"""JSON files of any size, one conversation at a time: neither memory nor the interpreter is held by the whole file.

A scan of the bytes finds where each member of the outermost list ends, and how deep it is nested, before anything is
parsed. An outermost object counts as the only one, unless it begins as an envelope around a list of conversations.
Several values may follow one another, as in JSON lines. A member that is broken in itself does not stop the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from conversations.transfer.loading import Loader
from conversations.transfer.problems import BrokenFile
from conversations.transfer.unicode_stream import Readable, UnicodeStream

CHUNK = 1 << 20
ELEMENT_BYTES = 64 << 20
DEPTH = 250_000  # two levels for each of as many messages as a conversation may have, one inside the other, and some
_MARK = re.compile(rb'["\[\]{}]')
_IN_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN_END = re.compile(rb"[,\]}\s]")
# An object with a list of conversations, not of messages, before which there is nothing but plain values.
_ENVELOPE = re.compile(
    rb'\{(?:\s*+"[^"\\]*+"\s*+:\s*+(?:"[^"\\]*+"|[\w.+-]++)\s*+,)*?\s*+"(?:conversations|chats|threads)"\s*+:\s*+\['
    rb'(?!\s*+\{\s*+"(?:from|role|value|content)"\s*+:)'
)


@dataclass(frozen=True, slots=True)
class Element:
    """A member of the outermost list and its number there (None for the first of several values), or what is wrong.

    `notes` counts what was odd and yet read, by code.
    """

    index: int | None
    data: Any = None
    problem: BrokenFile | None = None
    notes: dict[str, int] = field(default_factory=dict)


def elements(stream: Readable) -> Iterator[Element]:
    """The conversations of a JSON file, one after the other.

    Raises BrokenFile, with the line and column, where nothing can be said of what follows.
    """
    yield from _Scan(UnicodeStream(stream)).elements()


class _Scan:
    """How far a file has been read: the bytes in the buffer begin at `_line`, `_column`."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._at = 0  # looked at so far, in the buffer
        self._line, self._column = 1, 1
        self._is_cut = False  # of the value that is looked at some has been let go, since it is too long

    def elements(self) -> Iterator[Element]:
        first, index = self._begin(), 0
        is_in_lines = first == b"{" and self._begins_broken_lines()  # a value that is broken ends with its line
        while first:
            if first == b"[":
                self._drop(1)
                yield from self._members()
            elif first != b"{":
                raise self._broken("after_end")
            elif found := _ENVELOPE.match(self._buffer):
                self._drop(found.end())
                yield from self._members()
                self._drop(self._value_end(depth=1)[0])
            else:
                line = self._line
                yield self._line_element(index) if is_in_lines else self._element(index or None)
                is_in_lines, index = self._line == line or is_in_lines, index + 1
            first = self._skip_space()

    def _begins_broken_lines(self) -> bool:
        """Whether the first of several lines is broken: its value ends neither there nor well."""
        if _ENVELOPE.match(self._buffer):
            return False
        while (line := self._buffer.find(b"\n")) < 0 or not self._buffer[line:].strip():
            if len(self._buffer) > ELEMENT_BYTES or not self._more():
                return False
        if self._buffer[line:].lstrip()[:1] != b"{" or self._loaded(None, line).problem is None:
            return False
        while len(self._buffer) <= ELEMENT_BYTES and self._more():
            pass
        return _Scan(BytesIO(self._buffer))._is_first_broken()

    def _is_first_broken(self) -> bool:
        self._begin()
        try:
            return self._loaded(None, self._value_end()[0]).problem is not None
        except BrokenFile:
            return True

    def _begin(self) -> bytes:
        first = self._skip_space()
        if not first:
            raise BrokenFile("empty")
        if first == b"<":
            raise BrokenFile("html")
        if first not in (b"{", b"["):
            raise BrokenFile("not_json")
        return first

    def _members(self) -> Iterator[Element]:
        """Those of a list whose opening bracket is behind."""
        index, first = 0, self._skip_space()
        while first != b"]":
            if not first:
                raise self._broken("cut_short")
            yield self._element(index)
            index, first = index + 1, self._skip_space()
            if first == b",":
                self._drop(1)
                first = self._skip_space()
                if first == b"]":
                    raise self._broken("bad_json")
            elif first != b"]":
                raise self._broken("bad_json" if first else "cut_short")
        self._drop(1)

    def _element(self, index: int | None) -> Element:
        place, self._is_cut = [self._line, self._column], False
        end, depth = self._value_end()
        problem = None
        if self._is_cut or end > ELEMENT_BYTES:
            problem = BrokenFile("too_long", place=place, limit=[ELEMENT_BYTES])
        elif depth > DEPTH:
            problem = BrokenFile("too_deep", place=place, limit=DEPTH)
        element = Element(index, problem=problem) if problem else self._loaded(index, end)
        self._drop(end)
        return element

    def _line_element(self, index: int) -> Element:
        """What is on this line, whether its brackets close or not."""
        self._is_cut = False
        while (end := self._buffer.find(b"\n")) < 0 and self._more():
            pass
        end = len(self._buffer) if end < 0 else end
        element = self._loaded(index, end)
        if self._is_cut:
            element = Element(index, problem=self._broken("too_long", limit=[ELEMENT_BYTES]))
        self._drop(end)
        return element

    def _value_end(self, depth: int = 0) -> tuple[int, int]:
        """Where, in the buffer, the value ends that it begins with, and how deep it is nested.

        With a `depth` it begins inside of so many brackets.
        """
        if not depth and bytes(self._buffer[:1]) not in (b"{", b"[", b'"'):
            return self._plain_end(), 0
        self._at, deepest = 0, depth
        while mark := self._next_mark():
            if mark == b'"':
                self._past_text()
                if not depth:
                    return self._at, 0
            elif mark in b"[{":
                depth += 1
                deepest = max(deepest, depth)
            elif (depth := depth - 1) == 0:
                return self._at, deepest
        raise self._broken("cut_short", len(self._buffer))

    def _plain_end(self) -> int:
        """The same for a number or a word, which are no conversations but may stand between them."""
        while not (found := _PLAIN_END.search(self._buffer, 1)):
            if len(self._buffer) > CHUNK or not self._more():
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
        if len(self._buffer) > ELEMENT_BYTES:  # what will not be parsed anyway need not be kept
            self._is_cut = True
            self._drop(self._at or len(self._buffer))
        piece = self._stream.read(CHUNK)
        self._buffer += piece
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

    def _loaded(self, index: int | None, end: int) -> Element:
        loader = Loader()
        try:
            data = loader.load(bytes(self._buffer[:end]))
        except json.JSONDecodeError as error:
            return Element(index, problem=self._broken("bad_json", len(error.doc[: error.pos].encode())))
        return Element(index, data, notes=loader.notes())
