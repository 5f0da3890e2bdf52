"""OpenAI's moderation endpoint, which costs nothing: how likely a text is to be hateful, violent and so on."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from providers.errors import MalformedAnswer
from providers.registry import client_of

PROVIDER = "openai"
MODEL = "omni-moderation-latest"
SECONDS = 10.0
PIECE_CHARACTERS = 8000  # far below what it reads, also in languages with a token for each character
OVERLAP_CHARACTERS = 200  # what stands on the edge of a piece is whole in one of the two
PIECES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Moderation:
    """The endpoint's categories ("violence", "self-harm/intent", ...) with scores from 0 to 1."""

    scores: Mapping[str, float]


async def moderate(text: str) -> Moderation | None:
    """The scores of a text, of a long one the highest of its pieces; None when no key for OpenAI is set up.

    Raises ProviderError, TimedOut after SECONDS.
    """
    client = await client_of(PROVIDER)
    if client is None:
        return None
    # Loaded by now; a site without the key needs neither.
    from providers.failures import as_provider_error
    from providers.openai import OpenAIProvider

    if not isinstance(client, OpenAIProvider):
        return None
    if not text.strip():
        return Moderation({})
    try:
        async with asyncio.timeout(SECONDS):
            bodies = [await client.moderate(MODEL, batch) for batch in _batches(text)]
        return Moderation(_highest(bodies))
    except Exception as failure:
        raise as_provider_error(failure) from None


def _batches(text: str) -> Iterator[list[str]]:
    sendable = text.encode("utf-8", "replace").decode()
    step = PIECE_CHARACTERS - OVERLAP_CHARACTERS
    last = max(len(sendable) - OVERLAP_CHARACTERS, 1)
    pieces = [sendable[start : start + PIECE_CHARACTERS] for start in range(0, last, step)]
    for first in range(0, len(pieces), PIECES_AT_ONCE):
        yield pieces[first : first + PIECES_AT_ONCE]


def _highest(bodies: Iterable[bytes]) -> dict[str, float]:
    highest: dict[str, float] = {}
    for body in bodies:
        for result in json.loads(body)["results"]:
            for category, score in result["category_scores"].items():
                highest[category] = max(highest.get(category, 0.0), _checked(score))
    return highest


def _checked(score: object) -> float:
    if not isinstance(score, int | float) or not 0 <= score <= 1:
        raise MalformedAnswer("a score that is none")
    return float(score)
