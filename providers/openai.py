"""The Chat Completions wire format: OpenAI itself, and every server compatible with it."""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import openai

from providers.addresses import OPENAI_URL
from providers.base import ChatRequest, Image, Turn
from providers.chat_reader import ChatCompletionsReader
from providers.families import is_openai_reasoning
from providers.limits import Limits
from providers.listing import model_names
from providers.reading import Reader
from providers.wire import STREAM_HEADERS, RawResponse, SdkProvider, failures_mapped, transport_options

NO_KEY = "no-key"  # the SDK insists on one; servers without keys take any


class OpenAIProvider(SdkProvider):
    """Chat Completions through the official SDK. `base_url` "" means OpenAI's own.

    A `guarded` address leads nowhere inside.
    """

    droppable = frozenset({"stream_options", "temperature", "max_tokens", "max_completion_tokens"})

    def __init__(self, *, name: str = "openai", api_key: str = "", base_url: str = "", guarded: bool = False) -> None:
        super().__init__(name)
        self._own = not base_url
        address = base_url or OPENAI_URL
        self._client = openai.AsyncOpenAI(
            api_key=api_key or NO_KEY,
            base_url=address,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(**transport_options(address, guarded=guarded)),
        )

    def _send(
        self, request: ChatRequest, *, stream: bool, dropped: frozenset[str]
    ) -> AbstractAsyncContextManager[RawResponse]:
        # Through extra_body, since the SDK's typed walk over a long history costs 25 ms a request.
        body = _body(request, dropped, developer=self._own)
        if stream:
            if "stream_options" not in dropped:
                body["stream_options"] = {"include_usage": True}
            return self._client.chat.completions.with_streaming_response.create(
                model=request.model, messages=[], stream=True, extra_body=body, extra_headers=STREAM_HEADERS
            )
        return self._client.chat.completions.with_streaming_response.create(
            model=request.model, messages=[], stream=False, extra_body=body
        )

    def _reader(self, model: str) -> Reader:
        return ChatCompletionsReader(model)

    async def list_models(self) -> list[str]:
        with failures_mapped():
            response = await self._client.models.with_raw_response.list(timeout=Limits.from_settings().connect_seconds)
            return model_names(response.http_response.content)

    async def moderate(self, model: str, texts: Sequence[str]) -> bytes:
        """The body of the moderation endpoint's answer: one result for each text. Raises ProviderError."""
        async with self._in_use():
            with failures_mapped():
                response = await self._client.moderations.with_raw_response.create(model=model, input=list(texts))
                return response.http_response.content

    async def check(self) -> None:
        await self.list_models()

    async def close(self) -> None:
        await self._client.close()


def _body(request: ChatRequest, dropped: frozenset[str], *, developer: bool) -> dict[str, Any]:
    """The request's parameters, without those that the model is known not to take."""
    reasoning = is_openai_reasoning(request.model)
    messages = [{"role": turn.role, "content": _content(turn)} for turn in request.turns if not turn.is_empty]
    if request.system.strip():
        role = "developer" if reasoning and developer else "system"
        messages.insert(0, {"role": role, "content": request.system})
    body: dict[str, Any] = {"messages": messages}
    if request.temperature is not None and not reasoning and "temperature" not in dropped:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        names = ["max_tokens", "max_completion_tokens"]
        name = next((name for name in (reversed(names) if reasoning else names) if name not in dropped), None)
        if name is not None:
            body[name] = request.max_tokens
    return body


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    """Text alone as text, which every server takes; in parts only where there are images."""
    if not turn.images:
        return turn.content
    said = [{"type": "text", "text": turn.content}] if turn.content.strip() else []
    return [*said, *({"type": "image_url", "image_url": {"url": _data_url(image)}} for image in turn.images)]


def _data_url(image: Image) -> str:
    return f"data:{image.media_type};base64,{b64encode(image.data).decode()}"
