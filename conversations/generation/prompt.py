"""What the model is asked: the system prompt and the turns of the current branch that fit its context window."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import Preferences
from conversations.generation.attached import Attached
from conversations.models import Conversation, Message
from providers import ModelInfo, Turn, estimate_tokens, estimate_turn

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


def system_text(conversation: Conversation) -> str:
    """What the model is told ahead: the site's words, the owner's instructions, the conversation's.

    No query where the owner is at hand with their preferences, else one.
    """
    parts = (settings.SYSTEM_PROMPT, _instructions(conversation), conversation.system_prompt)
    return "\n\n".join(text for part in parts if (text := part.strip()))


def _instructions(conversation: Conversation) -> str:
    if Conversation.owner.is_cached(conversation):
        return Preferences.of(conversation.owner).custom_instructions
    saved = Preferences.objects.filter(user_id=conversation.owner_id)
    return saved.values_list("custom_instructions", flat=True).first() or ""


def without_hidden(branch: Sequence[Message]) -> list[Message]:
    """What of `branch` a model may read: nothing that a moderator has hidden.

    A hidden question takes its answers along: they repeat what it said, and without it they would stand behind the
    question before it as if they answered that one. A hidden answer goes alone: its question is then followed by the
    next one, as where an answer failed, and the adapters merge neighbours of one role where a provider wants turns.
    """
    kept: list[Message] = []
    is_question_hidden = False
    for message in branch:
        if message.role == Message.Role.USER:
            is_question_hidden = message.hidden_at is not None
        if message.hidden_at is None and not is_question_hidden:
            kept.append(message)
    return kept


def build_prompt(
    branch: Sequence[Message],
    *,
    failed: Container[int],
    system: str,
    info: ModelInfo,
    max_tokens: int,
    attached: Attached | None = None,
) -> Prompt:
    """The prompt for an answer to `branch` (oldest first; its last message asks, or is the answer to go on with).

    Whole turns (a question with its answers) are left out from the oldest on until the rest fits beside an answer of
    `max_tokens`; the last turn always stays. Empty and failed answers and reasoning are never replayed.
    """
    attached = attached or Attached()
    replayed = [message for message in branch if attached.says_something(message) and message.pk not in failed]
    turns = [attached.turn(message) for message in replayed]
    goes_on = bool(turns) and turns[-1].role == "assistant"
    budget = int(info.context_window * SHARE_OF_WINDOW) - max_tokens - _cost(system)
    start = len(turns)
    for first in reversed(_starts(turns)):
        cost = sum(_cost_of(turn) for turn in turns[first:start])
        if start < len(turns) and cost > budget:
            break
        budget, start = budget - cost, first
    kept = turns[start:] + ([Turn("user", CONTINUE)] if goes_on else [])
    return Prompt(system, tuple(kept), earlier_left_out=start > 0)


def _starts(turns: Sequence[Turn]) -> list[int]:
    """Where each turn begins: at a question, or at the very beginning."""
    return [i for i, turn in enumerate(turns) if turn.role == "user" or i == 0]


def _cost(text: str) -> int:
    return estimate_tokens(text) + TOKENS_PER_TURN if text else 0


def _cost_of(turn: Turn) -> int:
    return estimate_turn(turn) + TOKENS_PER_TURN
