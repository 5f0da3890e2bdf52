"""A guess at token counts from characters, for providers that do not say and for fitting prompts into a window.

The rule: a Chinese, Japanese or Korean character counts as one token, four other characters as one, an image as 800,
and each turn costs four more. Today's tokenizers need 0.6 to 1.2 tokens for a Hangul syllable and one for about four
Latin letters, so the guess is on the safe side.
"""

import math
import re
from collections.abc import Iterable

from providers.base import ChatRequest, Turn, Usage

TOKENS_PER_TURN = 4
TOKENS_PER_IMAGE = 800
_CHARACTERS_PER_TOKEN = 4
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+"
)


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is; 0 only for the empty string."""
    if text.isascii():
        return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)
    others = len(_CJK.sub("", text))
    return len(text) - others + math.ceil(others / _CHARACTERS_PER_TOKEN)


def estimate_turn(turn: Turn) -> int:
    """The same for all that is said and shown in a turn, without its frame."""
    return estimate_tokens(turn.content) + TOKENS_PER_IMAGE * len(turn.images)


def estimate_usage(request: ChatRequest, answer: Iterable[str], reasoning: Iterable[str] = ()) -> Usage:
    """The Usage of an answer whose provider sent none."""
    system = estimate_tokens(request.system) + TOKENS_PER_TURN if request.system else 0
    thought = estimate_tokens("".join(reasoning))
    return Usage(
        input_tokens=system + sum(estimate_turn(turn) + TOKENS_PER_TURN for turn in request.turns if not turn.is_empty),
        output_tokens=estimate_tokens("".join(answer)) + thought,
        reasoning_tokens=thought,
        estimated=True,
    )
