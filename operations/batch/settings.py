"""What the command line says of every question; what a line says itself wins."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from operations.batch.lines import Question
from providers import ChatRequest, ModelInfo


@dataclass(frozen=True, slots=True)
class Settings:
    """`budget` in dollars, None: no limit. `ask_again_...`: lines whose error in OUT is taken back."""

    model: str = ""
    system: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    concurrency: int = 4
    budget: Decimal | None = None
    use_cache: bool = False
    ask_again_interrupted: bool = False
    ask_again_failed: bool = False

    def model_of(self, question: Question) -> str:
        return question.model or self.model

    def system_of(self, question: Question) -> str:
        return self.system if question.system is None else question.system

    def max_tokens_of(self, question: Question) -> int | None:
        return self.max_tokens if question.max_tokens is None else question.max_tokens

    def request(self, question: Question, info: ModelInfo) -> ChatRequest:
        """The question as `info`'s provider gets it."""
        temperature = self.temperature if question.temperature is None else question.temperature
        if temperature is not None and info.max_temperature is not None:
            temperature = min(temperature, info.max_temperature)
        return ChatRequest(
            model=info.name,
            turns=question.turns,
            system=self.system_of(question),
            temperature=None if info.max_temperature is None else temperature,
            max_tokens=self.max_tokens_of(question),
        )
