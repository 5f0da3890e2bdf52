"""The lines of OUT, before they are JSON.

    {"line": 1, "id": "a", "model": "openai/gpt-4o", "answer": "...", "finish_reason": "stop", "cached": false,
     "usage": {"input_tokens": 12, "output_tokens": 30, ...}, "cost": 0.00033}
    {"line": 2, "id": "b", "model": "openai/gpt-4o", "error": {"code": "timeout", "sentence": "..."}}

`reasoning` is there where the model showed some, `finish_word` where the provider has a word of its own for the end,
`partial`, `usage` and `cost` of an error where an answer had begun; `cost` is in dollars, null where prices are not
known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from operations.batch.ledger import INTERRUPTED
from operations.batch.lines import BadLine, Question
from providers import (
    Answer,
    ChatRequest,
    Event,
    FinishReason,
    ModelInfo,
    ProviderError,
    Reasoning,
    Rethought,
    Text,
    Usage,
    cost_of,
    describe,
    move_to_reasoning,
)
from providers.tokens import estimate_usage

Result = dict[str, Any]
INTERRUPTED_SENTENCE = (
    "An earlier run ended while this line was being answered; it was not asked again (--ask-again-interrupted does)."
)
INCOMPLETE_SENTENCE = "The answer ended without the model's word that it was complete."


@dataclass(slots=True)
class Heard:
    """What came of an answer so far."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    finish_word: str = ""

    @property
    def began(self) -> bool:
        return bool(self.text or self.reasoning)

    def take(self, event: Event) -> None:
        if isinstance(event, Text):
            self.text.append(event.text)
        elif isinstance(event, Reasoning):
            self.reasoning.append(event.text)
        elif isinstance(event, Rethought):
            move_to_reasoning(self.text, self.reasoning)
        elif isinstance(event, Usage):
            self.usage = event
        else:
            self.finish_reason, self.finish_word = event.reason, event.word

    def as_answer(self, request: ChatRequest) -> Answer:
        usage = self.usage or estimate_usage(request, self.text, self.reasoning)
        return Answer("".join(self.text), "".join(self.reasoning), usage, self.finish_reason, self.finish_word)


def answered(question: Question, info: ModelInfo, answer: Answer, *, cached: bool = False) -> Result:
    result = _of(question, info.id) | {"answer": answer.text}
    if answer.reasoning:
        result["reasoning"] = answer.reasoning
    result["finish_reason"] = answer.finish_reason
    if answer.finish_word:
        result["finish_word"] = answer.finish_word
    result["cached"] = cached
    return result | _spent(info, answer.usage, cached=cached)


def incomplete(question: Question, info: ModelInfo, answer: Answer) -> Result:
    """The stream merely ended."""
    result = _of(question, info.id) | _error("incomplete", INCOMPLETE_SENTENCE)
    return result | {"partial": answer.text} | _spent(info, answer.usage)


def failed(question: Question, model: str, error: ProviderError) -> Result:
    """No answer at all."""
    return _of(question, model) | _error(error.code, describe(error.code, error.retry_after, model).sentence)


def cut(question: Question, info: ModelInfo, error: ProviderError, so_far: Answer) -> Result:
    """An answer that had begun."""
    return failed(question, info.id, error) | {"partial": so_far.text} | _spent(info, so_far.usage)


def interrupted(question: Question, model: str) -> Result:
    """In flight when an earlier run ended."""
    return _of(question, model) | _error(INTERRUPTED, INTERRUPTED_SENTENCE)


def bad(line: BadLine) -> Result:
    return {"line": line.number, "id": line.id} | _error(line.code, line.sentence)


def _of(question: Question, model: str) -> Result:
    return {"line": question.number, "id": question.id, "model": model}


def _error(code: str, sentence: str) -> Result:
    return {"error": {"code": code, "sentence": sentence}}


def _spent(info: ModelInfo, usage: Usage, *, cached: bool = False) -> Result:
    """A cached answer costs nothing; its usage is that of the first time."""
    cost = Decimal(0) if cached else cost_of(info.id, usage)
    return {"usage": asdict(usage), "cost": None if cost is None else float(cost)}
