"""What every provider takes and gives: plain values, and the interface itself.

A stream is a sequence of events without ids; identity belongs to whoever stores them.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Role = Literal["user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter", "refusal", "tool_call", "other"]


@dataclass(frozen=True, slots=True)
class Image:
    """An image to look at. `media_type` is one that every provider takes: image/png or image/jpeg."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said, by the person or by the model; the person may show images with it."""

    role: Role
    content: str
    images: tuple[Image, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.content.strip() and not self.images


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What to ask. `model` is the provider's own name, without "provider/"; None leaves a choice to the model."""

    model: str
    turns: tuple[Turn, ...]
    system: str = ""
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The next piece of what the model thinks before it answers, as far as it shows it."""

    text: str


@dataclass(frozen=True, slots=True)
class Rethought:
    """All text of this answer so far turns out to be what the model thought: see `providers.thoughts`."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. Input includes cached tokens, output includes reasoning tokens.

    `estimated`: the provider did not say, so `providers.tokens` guessed from the characters.
    """

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """The model said that it was done. Always the last event of a stream, after its Usage.

    `word`: the provider's own, where the reason is "other": short, and printable.
    """

    reason: FinishReason
    word: str = ""


Event = Text | Reasoning | Rethought | Usage | Finish


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `finish_reason` None: it ended without saying why, so it may be cut."""

    text: str
    reasoning: str
    usage: Usage
    finish_reason: FinishReason | None
    finish_word: str = ""

    @property
    def finish(self) -> Finish | None:
        return Finish(self.finish_reason, self.finish_word) if self.finish_reason else None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model without asking anyone. Prices are in US dollars per million tokens, None if unknown.

    `max_temperature` None: the model takes no temperature at all.
    """

    id: str
    provider: str
    name: str
    label: str
    context_window: int
    max_output: int
    max_temperature: float | None
    supports_reasoning: bool = False
    supports_images: bool = False
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """One provider's part of the model menu."""

    provider: str
    label: str
    models: tuple[ModelInfo, ...]


class Provider(ABC):
    """A client of one provider: one instance per key and address, with its own connections, for one event loop."""

    name: str

    @abstractmethod
    def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The answer as it is made; Usage and then Finish come last.

        Ending without Finish means that the stream merely ended. Close it (`contextlib.aclosing`) when leaving early:
        that closes the connection, so that the provider stops working and charging.

        Raises ProviderError, also in mid-answer.
        """

    @abstractmethod
    async def complete(self, request: ChatRequest) -> Answer:
        """The whole answer in one call without streaming. Raises ProviderError."""

    @abstractmethod
    async def list_models(self) -> list[str]:
        """The provider's own names of its models, in its order. Raises ProviderError."""

    @abstractmethod
    async def check(self) -> None:
        """A cheap real call that proves address and key. Raises ProviderError."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections at once; open streams end with an error."""

    async def retire(self) -> None:
        """Close when the last open stream has ended: for an instance that a newer one replaces."""
        await self.close()
