"""A small decoder of server-sent events, over chunks of bytes cut anywhere.

Source: the event stream interpretation of the HTML standard. Kept of it: data, event, comments, all three line ends, a
leading BOM. Left out: ids and reconnection times, which one answer has no use for. Added: a line that is a JSON object
is an event (servers that send lines of JSON), also one over several lines; "error:" is an error event (llama.cpp);
names of fields may be written in any case and between blanks; and bytes that are not UTF-8 become U+FFFD instead of
ending the answer.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any

import orjson

_GOES_ON = (b" ", b"\t", b"}", b"]", b'"')  # how a line of JSON begins that is not its first


def parsed(data: str) -> Any:
    """The JSON value of an event's data. Raises ValueError (json.JSONDecodeError) for what is none."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # Takes lone surrogates, which some servers send for half an emoji, and line ends and tabs within strings.
        return json.loads(data, strict=False)


class EventTooLarge(ValueError):
    """A line, or the data of one event, passed the decoder's bound."""


class SseDecoder:
    """Feed it bytes, get (event name, data) for every event that they complete; the name is "" when none was sent.

    The events are the same however the bytes were cut. A last event without its empty line is given by `finish`, since
    some servers end so. Both are iterators, to be exhausted: what comes before a fault is given before it raises
    EventTooLarge.
    """

    def __init__(self, max_bytes: int = 4 * 2**20) -> None:
        self._max = max_bytes
        self._rest = b""
        self._skip_lf = False
        self._start = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[str, str]]:
        """Events completed by `chunk`."""
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        buffer = self._rest + chunk if self._rest else chunk
        if self._start:
            if len(buffer) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(buffer):
                self._rest = buffer
                return
            self._start = False
            buffer = buffer.removeprefix(codecs.BOM_UTF8)
        lines = self._lines(buffer)
        self._rest = lines.pop()
        yield from self._interpret(lines)
        if len(self._rest) > self._max:
            raise EventTooLarge

    def finish(self) -> Iterator[tuple[str, str]]:
        """The event left over when the stream has ended, if there is one."""
        rest, self._rest = self._rest, b""
        yield from self._interpret([rest, b""] if rest else [b""])

    def _lines(self, buffer: bytes) -> list[bytes]:
        """The buffer's lines; the last of them is unfinished."""
        if b"\r" not in buffer:
            return buffer.split(b"\n")
        if buffer.endswith(b"\r"):
            self._skip_lf = True  # its LF may be the first byte of the next chunk
        return buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")

    def _interpret(self, lines: list[bytes]) -> Iterator[tuple[str, str]]:
        for line in lines:
            if line[:1] == b"{" and not self._data and line.rstrip()[-1:] == b"}":
                yield self._name, line.decode(errors="replace")
                continue
            if line:
                self._take_field(line)
                continue
            if self._data:
                yield self._name, "\n".join(self._data)
                self._data = []
                self._size = 0
            self._name = ""

    def _take_field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field != b"data":
            odd = self._data_of_odd(line, field, value)
            if odd is None:
                return
            value = odd
        self._size += len(value)
        if self._size > self._max:
            raise EventTooLarge
        self._data.append(value.removeprefix(b" ").decode(errors="replace"))

    def _data_of_odd(self, line: bytes, field: bytes, value: bytes) -> bytes | None:
        """The data in a line that is no plain "data:", None for none; the name of an event is noted."""
        if line[:1] == b"{" or (self._data and line[:1] in _GOES_ON):
            return line
        name = field.strip().lower()
        if name == b"event":
            self._name = value.removeprefix(b" ").decode(errors="replace")
        elif name == b"error":
            self._name = "error"
        return value if name in (b"data", b"error") else None
