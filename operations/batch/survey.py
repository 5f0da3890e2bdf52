"""IN looked through once, before anything is asked: what is in it, and whether it can be asked at all."""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO

from operations.batch.lines import BadLine, LineId, Question, read
from operations.batch.settings import Settings
from providers import ModelInfo, estimate_tokens, model_info

TOKENS_PER_TURN = 4  # as providers.tokens counts
PER_MILLION = 1_000_000


@dataclass(slots=True)
class Tokens:
    """Of the lines for one model: about how many go in, and how many may come out at most."""

    input: int = 0
    output: int = 0


@dataclass(slots=True)
class Survey:
    """`digest` is the SHA-256 of IN; `models` the tokens by model id, as `providers.model_info` writes it."""

    digest: str = ""
    lines: int = 0
    bad: int = 0
    without_model: int = 0
    models: dict[str, Tokens] = field(default_factory=lambda: defaultdict(Tokens))

    @property
    def input_tokens(self) -> int:
        return sum(tokens.input for tokens in self.models.values())

    @property
    def unpriced(self) -> list[str]:
        return sorted(name for name in self.models if _prices(model_info(name)) is None)

    def cost(self) -> tuple[Decimal, Decimal]:
        """In dollars: of the questions alone, and with the longest answers. Models without a price cost nothing."""
        least = most = Decimal(0)
        for name, tokens in self.models.items():
            price_in, price_out = _prices(model_info(name)) or (Decimal(0), Decimal(0))
            least += price_in * tokens.input / PER_MILLION
            most += (price_in * tokens.input + price_out * tokens.output) / PER_MILLION
        return least, most


class RepeatedId(Exception):
    """Two lines have the same id."""

    def __init__(self, line_id: LineId, first: int, second: int) -> None:
        super().__init__(f"The id {line_id!r} repeats: lines {first:,} and {second:,}.")


def survey(file: IO[bytes], settings: Settings) -> Survey:
    """Look through all of IN. Raises RepeatedId. `file` stands at its beginning afterwards."""
    found, digest, marks = Survey(), hashlib.sha256(), array("Q")
    file.seek(0)
    for line in read(file, digest.update):
        found.lines += 1
        if isinstance(line, BadLine):
            found.bad += 1
            continue
        marks.append(_mark(line.id))
        _count(found, line, settings)
    found.digest = digest.hexdigest()
    _refuse_repeated(file, marks)
    file.seek(0)
    return found


def estimated_input(question: Question, settings: Settings) -> int:
    """About how many tokens the question is; on the safe side (see providers.tokens)."""
    system = settings.system_of(question)
    said = sum(estimate_tokens(turn.content) + TOKENS_PER_TURN for turn in question.turns)
    return said + (estimate_tokens(system) + TOKENS_PER_TURN if system else 0)


def longest_output(question: Question, info: ModelInfo, settings: Settings) -> int:
    """The tokens that the answer can have at most."""
    return settings.max_tokens_of(question) or info.max_output


def _count(found: Survey, question: Question, settings: Settings) -> None:
    model = settings.model_of(question)
    if not model:
        found.without_model += 1
        return
    info = model_info(model)
    tokens = found.models[info.id]
    tokens.input += estimated_input(question, settings)
    tokens.output += longest_output(question, info, settings)


def _prices(info: ModelInfo) -> tuple[Decimal, Decimal] | None:
    if info.input_price is None or info.output_price is None:
        return None
    return info.input_price, info.output_price


def _mark(line_id: LineId) -> int:
    """Eight bytes for an id of any length, so that a million of them are eight megabytes."""
    return int.from_bytes(hashlib.blake2b(str(line_id).encode(), digest_size=8).digest(), "big")


def _refuse_repeated(file: IO[bytes], marks: Iterable[int]) -> None:
    suspects, before = set(), -1
    for mark in sorted(marks):
        if mark == before:
            suspects.add(mark)
        before = mark
    if not suspects:
        return
    # Two ids may share a mark by chance: only the ids themselves tell.
    seen: dict[str, int] = {}
    file.seek(0)
    for line in read(file):
        if isinstance(line, Question) and _mark(line.id) in suspects:
            if str(line.id) in seen:
                raise RepeatedId(line.id, seen[str(line.id)], line.number)
            seen[str(line.id)] = line.number
