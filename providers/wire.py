"""What the adapters share: asking through an SDK, reading the raw stream, limits, retries, errors, and leaving cleanly.

The SDK makes the request (key, address, headers, error bodies) and hands over the raw response; the stream is decoded
here, since building the SDK's objects costs most of the CPU and hides how a stream ended.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, Protocol

import httpx2

from providers.adapting import Asking, Learned
from providers.addresses import is_loopback
from providers.base import Answer, ChatRequest, Event, Provider
from providers.errors import AnswerTooLarge, MalformedAnswer, Overloaded, ProviderError
from providers.failures import as_provider_error
from providers.limits import Limits, Watchdog
from providers.reading import Gathered, Reader, finish_of, open_pieces, read_all, read_body, usage_of
from providers.retries import wait_to_retry
from providers.thoughts import Thoughts

# No answer waits for another one's connection.
POOL = httpx2.Limits(max_connections=10_000, max_keepalive_connections=100, keepalive_expiry=30)
STREAM_HEADERS = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}


class RawResponse(Protocol):
    """What both SDKs' `with_streaming_response` gives."""

    @property
    def http_response(self) -> httpx2.Response: ...


class SdkProvider(Provider):
    """A provider reached through an official SDK. Subclasses know the wire format."""

    droppable: frozenset[str] = frozenset()  # parameters that a request can do without
    default_tokens: int | None = None  # how long an answer is asked for where the request leaves that open

    def __init__(self, name: str) -> None:
        self.name = name
        self._learned: dict[str, Learned] = {}  # by model
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
        asking, retries, began = self._asking(request), 0, False
        async with self._in_use():
            with Watchdog(limits) as watchdog:
                while True:
                    try:
                        async with aclosing(self._attempt(asking, watchdog, limits)) as events:
                            async for event in events:
                                began = True
                                yield event
                        return
                    except ProviderError as error:
                        if not began and asking.mends(error):
                            continue
                        await wait_to_retry(error, retries, watchdog, began=began)
                    retries += 1

    async def complete(self, request: ChatRequest) -> Answer:
        limits = Limits.from_settings()
        asking, retries = self._asking(request), 0
        async with self._in_use():
            with Watchdog(limits) as watchdog:
                while True:
                    try:
                        return await self._ask_whole(asking, watchdog, limits)
                    except ProviderError as error:
                        if asking.mends(error):
                            continue
                        await wait_to_retry(error, retries, watchdog)
                    retries += 1

    def _asking(self, request: ChatRequest) -> Asking:
        learned = self._learned.setdefault(request.model, Learned())
        return Asking(request, learned, droppable=self.droppable, default_tokens=self.default_tokens)

    async def _attempt(self, asking: Asking, watchdog: Watchdog, limits: Limits) -> AsyncGenerator[Event, None]:
        """One try at a streamed answer, which comes whole where the model is not streamed."""
        request = asking.request
        reader, gathered, thoughts = self._reader(request.model), Gathered(limits), Thoughts()
        failed: ProviderError | None = None
        try:
            async with AsyncExitStack() as stack:
                response = await self._open(asking, watchdog, stack, stream=asking.streams)
                async with aclosing(await open_pieces(response, reader, watchdog, limits, stack)) as pieces:
                    async for piece in pieces:
                        if not gathered.began:
                            watchdog.began()
                        for event in thoughts.take(piece):
                            gathered.take(event)
                            yield event
        except Exception as failure:
            # Once the model has said that it is done, what goes wrong after it changes nothing.
            if not reader.has_ended or isinstance(failure, AnswerTooLarge):
                failed = as_provider_error(failure, model=request.model)
        for event in thoughts.finish():
            gathered.take(event)
            yield event
        if failed is not None:
            raise failed
        if not reader.recognised:
            raise MalformedAnswer("nothing came", model=request.model)
        if reader.interrupted and not gathered.began:
            raise Overloaded("interrupted", model=request.model)
        yield usage_of(request, reader, gathered)
        if finish := finish_of(reader, gathered, thoughts):
            yield finish

    async def _ask_whole(self, asking: Asking, watchdog: Watchdog, limits: Limits) -> Answer:
        """One try at a whole answer."""
        request = asking.request
        reader, gathered, thoughts = self._reader(request.model), Gathered(limits), Thoughts()
        try:
            async with AsyncExitStack() as stack:
                response = await self._open(asking, watchdog, stack, stream=False)
                body = await read_body(response, watchdog, limits)
            for piece in read_all(body, reader):
                for event in thoughts.take(piece):
                    gathered.take(event)
            for event in thoughts.finish():
                gathered.take(event)
        except Exception as failure:
            raise as_provider_error(failure, model=request.model) from None
        if reader.interrupted and not gathered.began:
            raise Overloaded("interrupted", model=request.model)
        usage, finish = usage_of(request, reader, gathered), finish_of(reader, gathered, thoughts)
        text, reasoning = "".join(gathered.text), "".join(gathered.reasoning)
        if finish is None:
            return Answer(text, reasoning, usage, None)
        return Answer(text, reasoning, usage, finish.reason, finish.word)

    async def _open(
        self, asking: Asking, watchdog: Watchdog, stack: AsyncExitStack, *, stream: bool
    ) -> httpx2.Response:
        """The response to the request, put as this model takes it."""
        if not stream:
            watchdog.whole()
        async with watchdog:
            raw = await stack.enter_async_context(self._send(asking.request, stream=stream, dropped=asking.next_try()))
        return raw.http_response

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


def transport_options(base_url: str, *, guarded: bool = False) -> dict[str, Any]:
    """Options of the SDKs' HTTP client: our pool, no time limit but for connecting, no redirects.

    `guarded`: it may connect to nothing inside, and goes through no proxy of the environment.
    """
    limits = Limits.from_settings()
    options: dict[str, Any] = {
        "limits": POOL,
        "timeout": httpx2.Timeout(None, connect=limits.connect_seconds),
        "follow_redirects": False,
        "trust_env": not guarded and not is_loopback(base_url),
    }
    if guarded:
        from providers.outbound_aiohttp import checked_transport  # few sites need it

        options["transport"] = checked_transport(POOL)
    return options


@contextmanager
def failures_mapped() -> Iterator[None]:
    """Anything that goes wrong inside becomes a ProviderError."""
    try:
        yield
    except Exception as failure:
        raise as_provider_error(failure) from None
