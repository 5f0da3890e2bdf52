"""Anthropic's Messages wire format."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import anthropic

from providers.addresses import ANTHROPIC_URL, split_query
from providers.base import ChatRequest, Image, Reasoning, Text, Turn, Usage
from providers.complaints import is_complaint
from providers.errors import BadRequest, MalformedAnswer
from providers.families import max_temperature
from providers.limits import Limits
from providers.listing import model_names
from providers.reading import Reader
from providers.shapes import count, mapping, said, thought
from providers.wire import STREAM_HEADERS, RawResponse, SdkProvider, failures_mapped, transport_options

DEFAULT_MAX_TOKENS = 4096
# Later versions of the API take no temperature at all; the models that still know one are asked by this version.
_VERSION_WITH_TEMPERATURE = {"anthropic-version": "2023-06-01"}


class AnthropicProvider(SdkProvider):
    """The Messages API through the official SDK. `base_url` "" means Anthropic's own; a trailing /v1 is not needed.

    A `guarded` address leads nowhere inside.
    """

    droppable = frozenset({"temperature"})
    default_tokens = DEFAULT_MAX_TOKENS

    def __init__(
        self, *, name: str = "anthropic", api_key: str = "", base_url: str = "", guarded: bool = False
    ) -> None:
        super().__init__(name)
        address, query = split_query(base_url or ANTHROPIC_URL)
        address = address.rstrip("/").removesuffix("/v1")
        options = transport_options(address, guarded=guarded)
        self._timeout = options["timeout"]  # given with each request, else the SDK guesses one from max_tokens
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=address,
            default_query=query,
            max_retries=0,
            http_client=anthropic.DefaultAioHttpClient(**options),
        )

    def _send(
        self, request: ChatRequest, *, stream: bool, dropped: frozenset[str]
    ) -> AbstractAsyncContextManager[RawResponse]:
        # The model as well goes by extra_body: the SDK warns in Python's own way of every model near its end.
        body: dict[str, Any] = {"model": request.model, "messages": alternating(request)}
        headers = dict(STREAM_HEADERS) if stream else {}
        if request.system.strip():
            body["system"] = request.system
        highest = None if "temperature" in dropped else max_temperature(request.model)
        if request.temperature is not None and highest is not None:
            body["temperature"] = min(request.temperature, highest)
            headers |= _VERSION_WITH_TEMPERATURE
        return self._client.messages.with_streaming_response.create(
            model="",
            max_tokens=request.max_tokens or DEFAULT_MAX_TOKENS,
            messages=[],
            stream=stream,
            extra_body=body,
            extra_headers=headers,
            timeout=self._timeout,
        )

    def _reader(self, model: str) -> Reader:
        return MessagesReader(model)

    async def list_models(self) -> list[str]:
        with failures_mapped():
            response = await self._client.models.with_raw_response.list(
                limit=1000, timeout=Limits.from_settings().connect_seconds
            )
            return model_names(response.http_response.content)

    async def check(self) -> None:
        await self.list_models()

    async def close(self) -> None:
        await self._client.close()


def alternating(request: ChatRequest) -> list[dict[str, Any]]:
    """The turns as Anthropic wants them: none empty, begun by the person, neighbours of one role merged.

    Raises BadRequest when nothing is left to ask.
    """
    messages: list[dict[str, Any]] = []
    for turn in request.turns:
        if turn.is_empty or (not messages and turn.role != "user"):
            continue
        if messages and messages[-1]["role"] == turn.role:
            messages[-1]["content"] = _merged(messages[-1]["content"], _content(turn))
        else:
            messages.append({"role": turn.role, "content": _content(turn)})
    if not messages:
        raise BadRequest("no turns", model=request.model)
    if messages[-1]["role"] == "assistant":
        messages[-1]["content"] = messages[-1]["content"].rstrip()  # the API refuses white space there
    return messages


Content = str | list[dict[str, Any]]


def _content(turn: Turn) -> Content:
    """Text alone as text; in blocks where there are images, which models see best ahead of the words about them."""
    if not turn.images:
        return turn.content
    return [*map(_image_block, turn.images), *_blocks(turn.content)]


def _image_block(image: Image) -> dict[str, Any]:
    source = {"type": "base64", "media_type": image.media_type, "data": b64encode(image.data).decode()}
    return {"type": "image", "source": source}


def _blocks(content: Content) -> list[dict[str, Any]]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content.strip() else []


def _merged(first: Content, second: Content) -> Content:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return _blocks(first) + _blocks(second)


class MessagesReader(Reader):
    """Reads the events of a message stream and whole messages."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self._counts: dict[str, Any] = {}

    def read_event(self, name: str, event: Any) -> Iterable[Text | Reasoning]:
        event = mapping(event)
        kind = event.get("type") or name
        if kind == "error" or event.get("error"):
            raise self.refuse(event)
        if not kind and "choices" in event:
            raise MalformedAnswer("another wire format", model=self.model)
        if kind == "content_block_delta":
            self.recognised = True
            return self._block(event.get("delta"))
        if kind == "content_block_start":
            return self._block(event.get("content_block"))
        if kind == "message":
            return self.read_whole(event)
        self._take_frame(kind, event)
        return ()

    def _take_frame(self, kind: object, event: Mapping[str, Any]) -> None:
        if kind == "message_start":
            self.recognised = True
            self._count(mapping(event.get("message")).get("usage"))
        elif kind == "message_delta":
            self.recognised = True
            self._count(event.get("usage"))
            self.end(mapping(event.get("delta")).get("stop_reason") or event.get("stop_reason"))
        elif kind == "message_stop":
            self.done = self.recognised = True

    def read_whole(self, body: Any) -> Iterable[Text | Reasoning]:
        if isinstance(body, list):
            return [piece for event in body for piece in self.read_event("", event)]
        if body.get("type") == "error" or body.get("error") or is_complaint(body):
            raise self.refuse(body)
        content = body.get("content")
        if not isinstance(content, list | str):
            raise MalformedAnswer("no content", model=self.model)
        self.recognised = True
        self._count(body.get("usage"))
        self.end(body.get("stop_reason"))
        return [event for block in ([content] if isinstance(content, str) else content) for event in self._block(block)]

    def _block(self, block: Any) -> Iterable[Text | Reasoning]:
        """What a content block, or a delta of one, adds; signatures, citations and hidden thoughts add nothing."""
        if isinstance(block, str):
            return said(block)
        block = mapping(block)
        kind = block.get("type")
        if kind in ("text_delta", "text", "output_text", None):
            return said(block.get("text"))
        if kind in ("thinking_delta", "thinking"):
            text = thought(block.get("thinking"))
            return (Reasoning(text),) if text else ()
        self.wants_tool |= kind == "tool_use"
        return ()

    def _count(self, usage: Any) -> None:
        """Usage comes in two halves, the later one cumulative."""
        self._counts |= {key: value for key, value in mapping(usage).items() if value is not None}
        if not self._counts:
            return
        cached = count(self._counts.get("cache_read_input_tokens"))
        written = count(self._counts.get("cache_creation_input_tokens"))
        details = mapping(self._counts.get("output_tokens_details"))
        self.usage = Usage(
            input_tokens=count(self._counts.get("input_tokens")) + cached + written,
            output_tokens=count(self._counts.get("output_tokens")),
            reasoning_tokens=count(details.get("thinking_tokens")) or count(details.get("reasoning_tokens")),
            cached_tokens=cached,
        )
