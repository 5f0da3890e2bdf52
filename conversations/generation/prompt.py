"""What the model is asked: the system prompt and the turns of the current branch that fit its context window."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from conversations.models import Message
from providers import ModelInfo, Turn, estimate_tokens

TOKENS_PER_TURN = 8  # role marks and separators
BRANCH_LIMIT = 2000
SHARE_OF_WINDOW = 0.95  # the estimate of tokens may be off
CONTINUE = (
    "Go on with your last answer exactly where it breaks off, in the same language and format. "
    "Do not repeat any of it, and do not comment on the interruption."
)


@dataclass(frozen=True, slots=True)
class Prompt:
    system: str
    turns: tuple[Turn, ...]
    earlier_left_out: bool


def build_prompt(
    branch: Sequence[Message], *, failed: Container[int], system: str, info: ModelInfo, max_tokens: int
) -> Prompt:
    """The prompt for an answer to `branch` (oldest first; its last message asks, or is the answer to go on with).

    Whole turns (a question with its answers) are left out from the oldest on until the rest fits beside an answer of
    `max_tokens`; the last turn always stays. Empty and failed answers and reasoning are never replayed.
    """
    replayed = [message for message in branch if message.content.strip() and message.pk not in failed]
    turns = [_turn(message) for message in replayed]
    goes_on = bool(turns) and turns[-1].role == "assistant"
    budget = int(info.context_window * SHARE_OF_WINDOW) - max_tokens - _cost(system)
    start = len(turns)
    for first in reversed(_starts(turns)):
        cost = sum(_cost(turn.content) for turn in turns[first:start])
        if start < len(turns) and cost > budget:
            break
        budget, start = budget - cost, first
    kept = turns[start:] + ([Turn("user", CONTINUE)] if goes_on else [])
    return Prompt(system, tuple(kept), earlier_left_out=start > 0)


def _turn(message: Message) -> Turn:
    return Turn("user" if message.role == Message.Role.USER else "assistant", message.content)


def _starts(turns: Sequence[Turn]) -> list[int]:
    """Where each turn begins: at a question, or at the very beginning."""
    return [i for i, turn in enumerate(turns) if turn.role == "user" or i == 0]


def _cost(text: str) -> int:
    return estimate_tokens(text) + TOKENS_PER_TURN if text else 0
