"""Reading one answer: from bytes, as a stream of events or whole, to the pieces of text and reasoning in it."""

import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from itertools import chain
from typing import Any

import httpx2

from providers.base import ChatRequest, Finish, FinishReason, Reasoning, Rethought, Text, Usage
from providers.errors import AnswerTooLarge, MalformedAnswer, ProviderError, TimedOut
from providers.failures import from_body
from providers.finishes import calls_tool, ending
from providers.limits import Limits, Meter, Watchdog
from providers.sse import SseDecoder, parsed
from providers.thoughts import Thoughts, move_to_reasoning
from providers.tokens import estimate_usage

_EVENT_FIELDS = (b"data", b"event", b":", b"id", b"retry", b"error:")
_DECODER = json.JSONDecoder(strict=False)


class Reader:
    """Reads one answer of one wire format. A subclass fills `read_event`; it may raise anything when it cannot."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.done = False  # the format's own end mark was seen
        self.finish: FinishReason | None = None
        self.word = ""  # the provider's own for a finish that is "other"
        self.interrupted = False  # the provider said that it could not go on
        self.failed = False  # the provider said "error" instead of a reason
        self.wants_tool = False  # a call of a tool was a part of the answer
        self.usage: Usage | None = None
        self.recognised = False  # at least one piece of this wire format was seen

    @property
    def has_ended(self) -> bool:
        return self.finish is not None or self.interrupted

    def read(self, name: str, data: str) -> Iterable[Text | Reasoning]:
        """The pieces of answer in one event of the stream."""
        if data[:1] != "{":
            return self._read_odd(name, data.strip())
        try:
            event = parsed(data)
        except ValueError:
            return self._read_several(name, data)
        return self.read_event(name, event)

    def _read_odd(self, name: str, data: str) -> Iterable[Text | Reasoning]:
        """The end mark, or what some servers send between events; plain text is an answer in no format."""
        if data.strip('"').lower() in ("[done]", "done"):
            self.done = True
        elif data.startswith("data:"):  # wrapped a second time by something in between
            return self.read(name, data.removeprefix("data:").lstrip())
        elif data[:1] in ("{", "["):
            event = parsed(data)
            events = event if isinstance(event, list) else [event]
            return [piece for one in events for piece in self.read_event(name, one)]
        elif name == "error":
            raise self.refuse(data)
        return ()

    def _read_several(self, name: str, data: str) -> Iterator[Text | Reasoning]:
        """Events that no empty line parts, or not even a line end."""
        lines = data.split("\n")
        if len(lines) > 1:
            for line in lines:
                yield from self.read(name, line)
            return
        while data:
            event, end = _DECODER.raw_decode(data)
            yield from self.read_event(name, event)
            data = data[end:].lstrip().removeprefix("data:").lstrip()
            if data[:1] not in ("{", ""):
                yield from self._read_odd(name, data)
                return

    def read_event(self, name: str, event: Any) -> Iterable[Text | Reasoning]:
        """The pieces in one event, a decoded JSON value; nothing for one that says nothing."""
        raise NotImplementedError

    def end(self, reason: Any) -> None:
        """Note why the answer ended, where `reason` says so; a mere "stop" takes nothing back."""
        if reason is None:
            return
        found = ending(reason)
        if found is None or self.interrupted:
            return
        if found.reason is None:
            self.failed |= found.is_error
            self.interrupted |= not found.is_error and self.finish is None
        elif self.finish is None or found.reason != "stop":
            self.finish, self.word = found.reason, found.word

    def read_whole(self, body: Any) -> Iterable[Text | Reasoning]:
        """The pieces of a whole answer, a decoded JSON body."""
        raise NotImplementedError

    def refuse(self, body: object) -> ProviderError:
        """The error for an error object that came where an answer should be."""
        return from_body(0, body, model=self.model)


class Gathered:
    """What one answer said so far, for its usage when the provider sends none, and for its size."""

    def __init__(self, limits: Limits) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self._meter = Meter(limits)

    def take(self, event: Text | Reasoning | Rethought) -> None:
        if isinstance(event, Rethought):
            move_to_reasoning(self.text, self.reasoning)
            return
        self._meter.take(event.text)
        (self.text if type(event) is Text else self.reasoning).append(event.text)

    @property
    def began(self) -> bool:
        return bool(self.text or self.reasoning)


def finish_of(reader: Reader, gathered: Gathered, thoughts: Thoughts) -> Finish | None:
    """How the answer ended; None where it was cut. The end mark says as well that nothing is missing."""
    reason = reader.finish or ("stop" if reader.done and gathered.began else None)
    if reason is None or reader.interrupted:
        return None
    if reason == "stop" and (reader.wants_tool or thoughts.wants_tool or calls_tool(gathered.text)):
        return Finish("tool_call")
    return Finish(reason, reader.word)


def usage_of(request: ChatRequest, reader: Reader, gathered: Gathered) -> Usage:
    """What the provider said, else an estimate; of an answer that was cut it knows the input at most."""
    if reader.usage is not None and (reader.finish is not None or reader.done):
        return reader.usage
    guess = estimate_usage(request, gathered.text, gathered.reasoning)
    if reader.usage is None:
        return guess
    return replace(reader.usage, output_tokens=max(guess.output_tokens, reader.usage.output_tokens), estimated=True)


async def open_pieces(
    response: httpx2.Response, reader: Reader, watchdog: Watchdog, limits: Limits, stack: AsyncExitStack
) -> AsyncGenerator[Text | Reasoning, None]:
    """The answer's pieces from a response that should be an event stream.

    A whole JSON answer is taken as well, and one of JSON lines. What it is shows by its beginning: the type in the
    header is wrong often enough. Raises MalformedAnswer for any other kind of body. `stack` closes what was opened.
    """
    chunks = await stack.enter_async_context(aclosing(response.aiter_bytes()))
    first = await _next(chunks, watchdog)
    while first is not None and not _bare(first):  # blanks, which keep the connection alive
        first = await _next(chunks, watchdog)
    kind = _kind_of_body(response.headers.get("content-type", ""), first or b"")
    if kind == "json":
        first, kind = await _first_line(chunks, first or b"", watchdog, limits)
    if kind == "events":
        return _streamed(chunks, first, reader, watchdog)
    if kind == "json":
        return _all_at_once(await _gather(chunks, first, watchdog, limits), reader)
    raise MalformedAnswer(f"content type {kind}", model=reader.model)


async def _streamed(
    chunks: AsyncIterator[bytes], chunk: bytes | None, reader: Reader, watchdog: Watchdog
) -> AsyncGenerator[Text | Reasoning, None]:
    decoder = SseDecoder()
    while chunk is not None:
        for name, data in decoder.feed(chunk):
            for event in reader.read(name, data):
                yield event
        if reader.done:
            await _drain(chunks, watchdog)
            return
        if reader.finish is not None:
            watchdog.finishing()
        chunk = await _next(chunks, watchdog)
    for name, data in decoder.finish():
        for event in reader.read(name, data):
            yield event


async def _first_line(
    chunks: AsyncIterator[bytes], body: bytes, watchdog: Watchdog, limits: Limits
) -> tuple[bytes, str]:
    """The body as far as its first line; it is one of lines ("events") where that is JSON by itself, else "json"."""
    pieces, size = [_bare(body)], len(body)
    while b"\n" not in pieces[-1]:
        chunk = await _next(chunks, watchdog)
        if chunk is None:
            return b"".join(pieces), "json"
        pieces.append(chunk)
        size += len(chunk)
        if size > largest_body(limits):
            raise AnswerTooLarge
    body = b"".join(pieces)
    try:
        is_object = isinstance(json.loads(body.partition(b"\n")[0]), dict)
    except ValueError:
        is_object = False
    return body, "events" if is_object else "json"


async def _all_at_once(body: bytes, reader: Reader) -> AsyncGenerator[Text | Reasoning, None]:
    for event in reader.read_whole(json.loads(body)):
        yield event


async def read_body(response: httpx2.Response, watchdog: Watchdog, limits: Limits) -> bytes:
    """The whole body, bounded. Raises AnswerTooLarge."""
    async with aclosing(response.aiter_bytes()) as chunks:
        return await _gather(chunks, b"", watchdog, limits)


def read_all(body: bytes, reader: Reader) -> Iterator[Text | Reasoning]:
    """The pieces of an answer that was to come whole; some servers stream all the same."""
    if _kind_of_body("", body) != "events":
        yield from reader.read_whole(json.loads(body))
        return
    decoder = SseDecoder()
    for name, data in chain(decoder.feed(body), decoder.finish()):
        yield from reader.read(name, data)
    if not reader.recognised:
        raise MalformedAnswer("nothing came", model=reader.model)


def largest_body(limits: Limits) -> int:
    return limits.answer_characters * 8 + 2**20


async def _gather(chunks: AsyncIterator[bytes], chunk: bytes | None, watchdog: Watchdog, limits: Limits) -> bytes:
    body = bytearray()
    while chunk is not None:
        body += chunk
        if len(body) > largest_body(limits):
            raise AnswerTooLarge
        chunk = await _next(chunks, watchdog)
    return bytes(body)


async def _drain(chunks: AsyncIterator[bytes], watchdog: Watchdog) -> None:
    """Read to the end of the body, if it is near: a connection whose answer was read whole is used again."""
    watchdog.closing()
    with suppress(TimedOut):
        await _next(chunks, watchdog)


async def _next(chunks: AsyncIterator[bytes], watchdog: Watchdog) -> bytes | None:
    async with watchdog:
        return await anext(chunks, None)


def _bare(start: bytes) -> bytes:
    return start.removeprefix(codecs.BOM_UTF8).lstrip()


def _kind_of_body(content_type: str, start: bytes) -> str:
    """One of "events" and "json", or what else it is."""
    media_type = content_type.partition(";")[0].strip().lower()
    start = _bare(start).lower()
    if start[:1] in (b"{", b"["):
        return "json"
    if start and any(start.startswith(field) or field.startswith(start) for field in _EVENT_FIELDS):
        return "events"
    if media_type == "text/event-stream":
        return "events"
    return media_type if media_type.replace("/", "").replace("-", "").isalnum() else "unknown"
