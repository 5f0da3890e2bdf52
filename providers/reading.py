"""Reading one answer: from bytes, as a stream of events or whole, to the pieces of text and reasoning in it."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from typing import Any

import httpx2

from providers.base import ChatRequest, FinishReason, Reasoning, Text, Usage
from providers.errors import AnswerTooLarge, MalformedAnswer, ProviderError, TimedOut
from providers.failures import from_body
from providers.limits import Limits, Meter, Watchdog
from providers.sse import SseDecoder
from providers.tokens import estimate_usage


class Reader:
    """Reads one answer of one wire format. A subclass fills `read`; it may raise anything when the shape is wrong."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.done = False  # the format's own end mark was seen
        self.finish: FinishReason | None = None
        self.usage: Usage | None = None
        self.recognised = False  # at least one piece of this wire format was seen

    def read(self, name: str, data: str) -> Iterable[Text | Reasoning]:
        """The pieces of answer in one event of the stream."""
        raise NotImplementedError

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

    def take(self, event: Text | Reasoning) -> None:
        self._meter.take(event.text)
        (self.text if type(event) is Text else self.reasoning).append(event.text)


def usage_of(request: ChatRequest, reader: Reader, gathered: Gathered) -> Usage:
    """What the provider said, else an estimate; of an answer that was cut it knows the input at most."""
    if reader.usage is not None and reader.finish is not None:
        return reader.usage
    guess = estimate_usage(request, gathered.text, gathered.reasoning)
    if reader.usage is None:
        return guess
    return replace(reader.usage, output_tokens=max(guess.output_tokens, reader.usage.output_tokens), estimated=True)


async def open_pieces(
    response: httpx2.Response, reader: Reader, watchdog: Watchdog, limits: Limits, stack: AsyncExitStack
) -> AsyncGenerator[Text | Reasoning, None]:
    """The answer's pieces from a response that should be an event stream; a whole JSON answer is taken as well.

    Raises MalformedAnswer for any other kind of body. `stack` closes what was opened.
    """
    chunks = await stack.enter_async_context(aclosing(response.aiter_bytes()))
    first = await _next(chunks, watchdog)
    kind = _kind_of_body(response.headers.get("content-type", ""), first or b"")
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


async def _all_at_once(body: bytes, reader: Reader) -> AsyncGenerator[Text | Reasoning, None]:
    for event in reader.read_whole(json.loads(body)):
        yield event


async def read_body(response: httpx2.Response, watchdog: Watchdog, limits: Limits) -> bytes:
    """The whole body, bounded. Raises AnswerTooLarge."""
    async with aclosing(response.aiter_bytes()) as chunks:
        return await _gather(chunks, b"", watchdog, limits)


async def _gather(chunks: AsyncIterator[bytes], chunk: bytes | None, watchdog: Watchdog, limits: Limits) -> bytes:
    body = bytearray()
    while chunk is not None:
        body += chunk
        if len(body) > limits.answer_characters * 8 + 2**20:
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


def _kind_of_body(content_type: str, start: bytes) -> str:
    """One of "events" and "json", or what else it is; servers that state no proper type are known by the first byte."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "text/event-stream":
        return "events"
    if media_type == "application/json" or media_type.endswith("+json"):
        return "json"
    if media_type in ("", "text/plain", "application/octet-stream", "application/x-ndjson"):
        start = start.lstrip()
        if start.startswith((b"data:", b"event:", b":", b"id:")):
            return "events"
        if start.startswith(b"{"):
            return "json"
    return media_type if media_type.replace("/", "").replace("-", "").isalnum() else "unknown"
