"""What the adapters share: asking through an SDK, reading the raw stream, limits, retries, errors, and leaving cleanly.

The SDK makes the request (key, address, headers, error bodies) and hands over the raw response; the stream is decoded
here, since building the SDK's objects costs most of the CPU and hides how a stream ended.
"""

import asyncio
import json
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import replace
from typing import Any, Protocol

import httpx2

from providers.addresses import is_loopback
from providers.base import Answer, ChatRequest, Event, Finish, FinishReason, Provider, Reasoning, Text, Usage
from providers.errors import AnswerTooLarge, MalformedAnswer, ProviderError, TimedOut
from providers.failures import as_provider_error, from_body
from providers.limits import Limits, Meter, Watchdog
from providers.retries import delay_before_retry
from providers.sse import SseDecoder
from providers.tokens import estimate_usage

# No answer waits for another one's connection.
POOL = httpx2.Limits(max_connections=10_000, max_keepalive_connections=100, keepalive_expiry=30)
STREAM_HEADERS = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}


class RawResponse(Protocol):
    """What both SDKs' `with_streaming_response` gives."""

    @property
    def http_response(self) -> httpx2.Response: ...


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


class _Gathered:
    """What one answer said so far, for its usage when the provider sends none, and for its size."""

    def __init__(self, limits: Limits) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self._meter = Meter(limits)

    def take(self, event: Text | Reasoning) -> None:
        self._meter.take(event.text)
        (self.text if type(event) is Text else self.reasoning).append(event.text)


class SdkProvider(Provider):
    """A provider reached through an official SDK. Subclasses know the wire format."""

    droppable: frozenset[str] = frozenset()  # parameters that a request can do without

    def __init__(self, name: str) -> None:
        self.name = name
        self._dropped: dict[str, set[str]] = {}  # parameters that a model turned out not to take
        self._open_streams = 0
        self._retiring = False

    @abstractmethod
    def _send(
        self, request: ChatRequest, *, stream: bool, dropped: frozenset[str]
    ) -> AbstractAsyncContextManager[RawResponse]:
        """Ask through the SDK, leaving out the parameters in `dropped`."""

    @abstractmethod
    def _reader(self, model: str) -> Reader:
        """A reader for one answer."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        limits = Limits.from_settings()
        retries, began = 0, False
        async with self._in_use():
            with Watchdog(limits) as watchdog:
                while True:
                    try:
                        async with aclosing(self._attempt(request, watchdog, limits)) as events:
                            async for event in events:
                                began = True
                                yield event
                        return
                    except ProviderError as error:
                        delay = delay_before_retry(error, retries, began=began)
                        if delay is None:
                            raise
                    retries += 1
                    async with watchdog:
                        await asyncio.sleep(delay)

    async def complete(self, request: ChatRequest) -> Answer:
        limits = Limits.from_settings()
        limits = replace(limits, first_token_seconds=limits.total_seconds)
        retries = 0
        async with self._in_use():
            with Watchdog(limits) as watchdog:
                while True:
                    try:
                        return await self._ask_whole(request, watchdog, limits)
                    except ProviderError as error:
                        delay = delay_before_retry(error, retries, began=False)
                        if delay is None:
                            raise
                    retries += 1
                    async with watchdog:
                        await asyncio.sleep(delay)

    async def _attempt(self, request: ChatRequest, watchdog: Watchdog, limits: Limits) -> AsyncGenerator[Event, None]:
        """One try at a streamed answer."""
        reader, gathered = self._reader(request.model), _Gathered(limits)
        try:
            async with AsyncExitStack() as stack:
                response = await self._open(request, watchdog, stack, stream=True)
                async with aclosing(_pieces(response, reader, watchdog, limits)) as pieces:
                    async for event in pieces:
                        if not gathered.text and not gathered.reasoning:
                            watchdog.began()
                        gathered.take(event)
                        yield event
        except Exception as failure:
            # Once the model has said that it is done, what goes wrong after it changes nothing.
            if reader.finish is None or isinstance(failure, AnswerTooLarge):
                raise as_provider_error(failure, model=request.model) from None
        if not reader.recognised:
            raise MalformedAnswer("nothing came", model=request.model)
        yield _usage(request, reader, gathered)
        if reader.finish is not None:
            yield Finish(reader.finish)

    async def _ask_whole(self, request: ChatRequest, watchdog: Watchdog, limits: Limits) -> Answer:
        """One try at a whole answer."""
        reader, gathered = self._reader(request.model), _Gathered(limits)
        try:
            async with AsyncExitStack() as stack:
                response = await self._open(request, watchdog, stack, stream=False)
                body = await _whole_body(response.aiter_bytes(), watchdog, limits)
            for event in reader.read_whole(json.loads(body)):
                gathered.take(event)
        except Exception as failure:
            raise as_provider_error(failure, model=request.model) from None
        usage = _usage(request, reader, gathered)
        return Answer("".join(gathered.text), "".join(gathered.reasoning), usage, reader.finish)

    async def _open(
        self, request: ChatRequest, watchdog: Watchdog, stack: AsyncExitStack, *, stream: bool
    ) -> httpx2.Response:
        """The response to the request, asked again without a parameter when the server does not take it."""
        dropped = self._dropped.setdefault(request.model, set())
        while True:
            try:
                async with watchdog:
                    raw = await stack.enter_async_context(
                        self._send(request, stream=stream, dropped=frozenset(dropped))
                    )
                return raw.http_response
            except Exception as failure:
                error = as_provider_error(failure, model=request.model)
                if error.parameter not in self.droppable - dropped:
                    raise error from None
                dropped.add(error.parameter)

    @asynccontextmanager
    async def _in_use(self) -> AsyncIterator[None]:
        self._open_streams += 1
        try:
            yield
        finally:
            self._open_streams -= 1
            if self._retiring and not self._open_streams:
                await self.close()

    async def retire(self) -> None:
        self._retiring = True
        if not self._open_streams:
            await self.close()


def _usage(request: ChatRequest, reader: Reader, gathered: _Gathered) -> Usage:
    """What the provider said, else an estimate; of an answer that was cut it knows the input at most."""
    if reader.usage is not None and reader.finish is not None:
        return reader.usage
    guess = estimate_usage(request, gathered.text, gathered.reasoning)
    if reader.usage is None:
        return guess
    return replace(reader.usage, output_tokens=max(guess.output_tokens, reader.usage.output_tokens), estimated=True)


async def _pieces(
    response: httpx2.Response, reader: Reader, watchdog: Watchdog, limits: Limits
) -> AsyncGenerator[Text | Reasoning, None]:
    """The answer's pieces from a response that should be an event stream; a whole JSON answer is taken as well."""
    chunks = response.aiter_bytes()
    first = await _next(chunks, watchdog)
    kind = _kind_of_body(response.headers.get("content-type", ""), first or b"")
    if kind == "json":
        body = await _whole_body(chunks, watchdog, limits, first)
        for event in reader.read_whole(json.loads(body)):
            yield event
        return
    if kind != "events":
        raise MalformedAnswer(f"content type {kind}", model=reader.model)
    decoder = SseDecoder()
    chunk = first
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


async def _drain(chunks: AsyncIterator[bytes], watchdog: Watchdog) -> None:
    """Read to the end of the body, if it is near: a connection whose answer was read whole is used again."""
    watchdog.closing()
    with suppress(TimedOut):
        await _next(chunks, watchdog)


async def _next(chunks: AsyncIterator[bytes], watchdog: Watchdog) -> bytes | None:
    async with watchdog:
        return await anext(chunks, None)


async def _whole_body(
    chunks: AsyncIterator[bytes], watchdog: Watchdog, limits: Limits, first: bytes | None = b""
) -> bytes:
    """The rest of the body, bounded."""
    body = bytearray()
    chunk = first
    while chunk is not None:
        body += chunk
        if len(body) > limits.answer_characters * 8 + 2**20:
            raise AnswerTooLarge
        chunk = await _next(chunks, watchdog)
    return bytes(body)


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


def transport_options(base_url: str) -> dict[str, Any]:
    """Options of the SDKs' HTTP client: our pool, no time limit but for connecting, no redirects."""
    limits = Limits.from_settings()
    return {
        "limits": POOL,
        "timeout": httpx2.Timeout(None, connect=limits.connect_seconds),
        "follow_redirects": False,
        "trust_env": not is_loopback(base_url),
    }


@contextmanager
def failures_mapped() -> Iterator[None]:
    """Anything that goes wrong inside becomes a ProviderError."""
    try:
        yield
    except Exception as failure:
        raise as_provider_error(failure) from None
