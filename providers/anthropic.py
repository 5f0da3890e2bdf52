"""Anthropic's Messages wire format."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import anthropic

from providers.addresses import ANTHROPIC_URL
from providers.base import ChatRequest, FinishReason, Image, Reasoning, Text, Turn, Usage
from providers.errors import BadRequest, MalformedAnswer
from providers.families import max_temperature
from providers.limits import Limits
from providers.listing import model_names
from providers.reading import Reader
from providers.sse import parsed
from providers.wire import STREAM_HEADERS, RawResponse, SdkProvider, failures_mapped, transport_options

DEFAULT_MAX_TOKENS = 4096
# Later versions of the API take no temperature at all; the models that still know one are asked by this version.
_VERSION_WITH_TEMPERATURE = {"anthropic-version": "2023-06-01"}
_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class AnthropicProvider(SdkProvider):
    """The Messages API through the official SDK. `base_url` "" means Anthropic's own; a trailing /v1 is not needed.

    A `guarded` address leads nowhere inside.
    """

    droppable = frozenset({"temperature"})

    def __init__(
        self, *, name: str = "anthropic", api_key: str = "", base_url: str = "", guarded: bool = False
    ) -> None:
        super().__init__(name)
        address = (base_url or ANTHROPIC_URL).rstrip("/").removesuffix("/v1")
        options = transport_options(address, guarded=guarded)
        self._timeout = options["timeout"]  # given with each request, else the SDK guesses one from max_tokens
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=address,
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

    def read(self, name: str, data: str) -> Iterable[Text | Reasoning]:
        event = parsed(data)
        kind = event.get("type") or name
        if kind == "content_block_delta":
            self.recognised = True
            return _block(event["delta"])
        if kind == "content_block_start":
            return _block(event["content_block"])
        if kind == "error" or "error" in event:
            raise self.refuse(event)
        self._take_frame(kind, event)
        return ()

    def _take_frame(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind == "message_start":
            self.recognised = True
            self._count(event["message"].get("usage"))
        elif kind == "message_delta":
            self.recognised = True
            self._count(event.get("usage"))
            self._end(event["delta"].get("stop_reason"))
        elif kind == "message_stop":
            self.done = self.recognised = True

    def read_whole(self, body: Any) -> Iterable[Text | Reasoning]:
        if body.get("type") == "error" or body.get("error"):
            raise self.refuse(body)
        if not isinstance(body.get("content"), list):
            raise MalformedAnswer("no content", model=self.model)
        self.recognised = True
        self._count(body.get("usage"))
        self._end(body.get("stop_reason"))
        return [event for block in body["content"] for event in _block(block)]

    def _end(self, reason: str | None) -> None:
        if reason:
            self.finish = _FINISH.get(reason, "other")

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Usage comes in two halves, the later one cumulative."""
        if not usage:
            return
        self._counts |= {key: value for key, value in usage.items() if value is not None}
        cached = int(self._counts.get("cache_read_input_tokens", 0))
        written = int(self._counts.get("cache_creation_input_tokens", 0))
        details = self._counts.get("output_tokens_details") or {}
        self.usage = Usage(
            input_tokens=int(self._counts.get("input_tokens", 0)) + cached + written,
            output_tokens=int(self._counts.get("output_tokens", 0)),
            reasoning_tokens=int(details.get("thinking_tokens") or details.get("reasoning_tokens") or 0),
            cached_tokens=cached,
        )


def _block(block: Mapping[str, Any]) -> tuple[Text | Reasoning, ...]:
    """What a content block, or a delta of one, adds; tool calls, signatures and redacted thoughts add nothing."""
    kind = block["type"]
    if kind in ("text_delta", "text"):
        text = block["text"]
        return (Text(_checked(text)),) if text else ()
    if kind in ("thinking_delta", "thinking"):
        thought = block["thinking"]
        return (Reasoning(_checked(thought)),) if thought else ()
    return ()


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError("text of an answer that is no text")
    return text
