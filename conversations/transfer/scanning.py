"""JSON files of any size, one conversation at a time: neither memory nor the interpreter is held by the whole file.

A scan of the bytes finds where each member of the outermost list ends, and how deep it is nested, before anything is
parsed. An outermost object counts as the only one, unless it begins as an envelope around a list of conversations.
Several values may follow one another, as in JSON lines. What is broken does not stop the rest: where its end cannot be
told by its brackets, the next value is found by how it begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

from conversations.transfer.loading import Loader
from conversations.transfer.problems import BrokenFile
from conversations.transfer.unicode_stream import Readable, UnicodeStream

CHUNK = 1 << 20
ELEMENT_BYTES = 64 << 20
DEPTH = 250_000  # two levels for each of as many messages as a conversation may have, one inside the other, and some
_MARK = re.compile(rb'["\[\]{}]')
_IN_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
# White space, and what is left where files were put together or made longer than what is in them.
_SPACE = re.compile(rb"(?:[ \t\r\n\x00\x1e]|\xef\xbb\xbf)*+")
_MARK_BYTES = 3
_BETWEEN = re.compile(rb"[,}:][,}:\s]*+")
_NOWHERE = re.compile(rb"(?!)")
MOST_READINGS = 4  # of what is behind the last beginning in a broken value
_PLAIN_END = re.compile(rb"[,\]}\s]")
# An object with a list of conversations, not of messages, before which there is nothing but plain values.
_ENVELOPE = re.compile(
    rb'\{(?:\s*+"[^"\\]*+"\s*+:\s*+(?:"[^"\\]*+"|[\w.+-]++)\s*+,)*?\s*+"(?:conversations|chats|threads)"\s*+:\s*+\['
    rb'(?!\s*+\{\s*+"(?:from|role|value|content)"\s*+:)'
)
# A few lines of text ahead of JSON, such as "null" or a comment.
_LINES_AHEAD = re.compile(rb'(?:[^\x00-\x08\x0b-\x1f\n]*+\r?\n){1,5}?[ \t]*+(?:\{\s*+"|\[\s*+[\[{])')
_LINE = rb"(?<=\n)[ \t\x00\x1e\xef\xbb\xbf]*+(?=[{\[])"
_NAME, _PLAIN = rb'("[^"\\]{1,100}+")\s*+:\s*+', rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\w.+-]++)\s*+,\s*+'
_NAMES = re.compile(rb"\{\s*+" + _NAME + rb"(?:[{\[]|" + _PLAIN + _NAME + rb")", re.DOTALL)
MAX_INDENT = 100
BEGINNING_BYTES = 1 << 16  # of what may be the beginning of a value, where more has to be read to see it


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


def _signature(value: bytes | bytearray) -> bytes:
    """An expression that finds values that begin as this one: with the same one or two names."""
    found = _NAMES.match(value)
    if found is None:
        return b""
    names = [rb"\s*+" + re.escape(name) + rb"\s*+:\s*+" for name in found.groups() if name]
    return rb"\{" + (names[0] + rb"[{\[]" if len(names) == 1 else names[0] + _PLAIN + names[1])


def _depth(value: bytearray) -> int:
    """How deep it is nested; 0 where its brackets do not close."""
    scan = _Scan(BytesIO(value))
    try:
        while scan._more():
            pass
        return scan._value_end()[1]
    except BrokenFile:
        return 0


class _Scan:
    """How far a file has been read: the bytes in the buffer begin at `_line`, `_column`."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._at = 0  # looked at so far, in the buffer
        self._line, self._column = 1, 1
        self._is_cut = False  # of the value that is looked at some has been let go, since it is too long
        self._is_in_list = False
        self._begins_line = True  # there is nothing but white space ahead on the line
        self._indent: int | None = None  # of the last value that began a line
        self._signature = b""  # how the last value that was read begins
        self._beginning: re.Pattern[bytes] | None = None  # of whatever may follow this value, where it is broken

    def elements(self) -> Iterator[Element]:
        yield from self._head()
        first, index = self._skip_space(), 0
        while first:
            if first == b"[":
                self._drop(1)
                yield from self._members()
            elif first == b",":  # lines out of a list
                self._drop(1)
            elif first != b"{":
                yield self._stray("after_end")
            elif found := _ENVELOPE.match(self._buffer):
                self._drop(found.end())
                yield from self._members()
                self._beginning = _NOWHERE  # what is behind the list is no conversation, however long
                self._drop(self._value_end(depth=1)[0])
            else:
                for element in self._values(index):
                    yield element
                    index += 1
            first = self._skip_space()

    def _head(self) -> Iterator[Element]:
        """What is ahead of the first object or list. Raises BrokenFile where there seems to be none."""
        first = self._skip_space()
        if not first:
            raise BrokenFile("empty")
        if first == b"<":
            raise BrokenFile("html")
        if first not in (b"{", b"["):
            if not _LINES_AHEAD.match(self._buffer):
                raise BrokenFile("not_json")
            yield self._stray("bad_json")

    def _members(self) -> Iterator[Element]:
        """Those of a list whose opening bracket is behind."""
        self._is_in_list = True
        index, first = 0, self._skip_space()
        while first != b"]":
            if not first:
                raise self._broken("cut_short")
            if too_much := _BETWEEN.match(self._buffer):  # a comma twice, a bracket that closes nothing
                yield Element(None, problem=self._broken("bad_json"))
                self._drop(too_much.end())
                first = self._skip_space()
                continue
            for element in self._values(index):
                yield element
                index += 1
            first = self._skip_space()
            if first == b",":
                self._drop(1)
                first = self._skip_space()
                if first == b"]":
                    yield Element(index, problem=self._broken("bad_json"))
            elif first == b"{":
                yield Element(index, problem=self._broken("bad_json"))  # there is no comma
            elif first and first != b"]":
                yield self._stray("bad_json")
                first = self._skip_space()
                if not first:
                    break
        self._drop(1)
        self._is_in_list = False

    def _stray(self, code: str) -> Element:
        """What is wrong with what stands here; it is passed by, up to where a value seems to begin."""
        element, self._beginning = Element(None, problem=self._broken(code)), None
        while not (found := self._next_value(len(self._buffer))):
            self._drop(max(len(self._buffer) - BEGINNING_BYTES, 0))
            if not self._more():
                found = len(self._buffer)
                break
        self._drop(found)
        return element

    def _values(self, index: int) -> Iterator[Element]:
        """The value that begins here and, where it is broken, those that were taken for a part of it.

        No byte is looked at more than a few times: of a broken value only what is behind the last beginning in it is
        read again as what it may be, and that not more often than MOST_READINGS.
        """
        for readings in count(1):
            place = [self._line, self._column]
            self._is_cut, self._beginning = False, None if readings < MOST_READINGS else _NOWHERE
            self._indent = self._column - 1 if self._begins_line else self._indent
            try:
                end, depth = self._value_end()
            except BrokenFile as problem:
                end, element = len(self._buffer), Element(self._numbered(index), problem=problem)
                following = self._next_value(end)
                if not following:
                    raise
            else:
                element = self._element(self._numbered(index), place, end, depth)
                is_broken = element.problem is not None and element.problem.code == "bad_json"
                following = self._next_value(end) if is_broken else 0
            if not following:
                signature = _signature(self._buffer)
                self._signature = self._signature or signature if element.problem else signature or self._signature
                yield element
                self._drop(end)
                return
            while following:
                yield element if self._is_cut else self._part(self._numbered(index), following)
                index, self._is_cut = index + 1, False
                self._drop(following)
                end -= following
                following = self._next_value(end)

    def _numbered(self, index: int) -> int | None:
        return index if self._is_in_list else index or None

    def _part(self, index: int | None, end: int) -> Element:
        """What is in the buffer up to another beginning, as a value by itself."""
        part = self._buffer[:end].rstrip(b", \t\r\n")
        depth = part.count(b"{") + part.count(b"[")
        if depth > DEPTH:
            depth = _depth(part)
        return self._element(index, [self._line, self._column], len(part), depth)

    def _next_value(self, end: int) -> int:
        """Where, up to `end`, another value than the first in the buffer seems to begin; 0 where none does.

        That is where a line begins like the one on which this value began, or the first two names in it are those of
        this one or of one before it.
        """
        if self._beginning is None:
            marks = [rb"(?=%s)" % one for one in {self._signature, _signature(self._buffer)} if one]
            if not self._is_in_list:
                marks.append(_LINE)
            elif self._indent is not None:
                marks.append(rb"(?<=\n)[ \t]{%d}(?=\{)" % min(self._indent, MAX_INDENT))
            self._beginning = re.compile(b"|".join(marks) or rb"(?!)", re.DOTALL)
        found = self._beginning.search(self._buffer, 1, end)
        return found.end() if found else 0

    def _element(self, index: int | None, place: list[int], end: int, depth: int) -> Element:
        if self._is_cut or end > ELEMENT_BYTES:
            return Element(index, problem=BrokenFile("too_long", place=place, limit=[ELEMENT_BYTES]))
        if depth > DEPTH:
            return Element(index, problem=BrokenFile("too_deep", place=place, limit=DEPTH))
        return self._loaded(index, end)

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
        line, self._begins_line = self._line, self._column == 1
        while True:
            found = _SPACE.match(self._buffer)
            self._drop(found.end() if found else 0)
            is_part_of_mark = len(self._buffer) < _MARK_BYTES and self._buffer[:1] == b"\xef"
            if (self._buffer and not is_part_of_mark) or not self._more():
                self._begins_line = self._begins_line or self._line > line
                return bytes(self._buffer[:1])

    def _more(self) -> bool:
        if len(self._buffer) > ELEMENT_BYTES:  # what will not be parsed anyway need not be kept
            if self._next_value(len(self._buffer)):
                raise self._broken("too_long", limit=[ELEMENT_BYTES])
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
            at = len(error.doc[: error.pos].encode())
            if error.msg == "Extra data" and at < end:  # lines of something else behind a value
                return self._loaded(index, at)
            return Element(index, problem=self._broken("bad_json", at))
        return Element(index, data, notes=loader.notes())
