"""Answers given once, for those who ask the very same thing again (requirement R13): opt-in, in Django's cache.

The key is a digest of everything that the answer depends on, so nothing of a text can be read from it. A cache that is
away is an empty cache: nothing here raises.
"""

import hashlib
import json
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache

from providers.base import Answer, ChatRequest, Turn, Usage

VERSION = 2  # of what is stored; another version reads as nothing
_PREFIX = "providers:response:"
logger = logging.getLogger(__name__)


def key_of(model: str, request: ChatRequest) -> str:
    """The key of the answer to `request` by "provider/model": SHA-256 over model, settings and the whole prompt."""
    asked = {
        "version": VERSION,
        "model": model,
        "name": request.model,
        "system": request.system,
        "temperature": None if request.temperature is None else float(request.temperature),
        "max_tokens": request.max_tokens,
        "turns": [_turn(turn) for turn in request.turns],
    }
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return _PREFIX + hashlib.sha256(canonical.encode()).hexdigest()


def get(key: str) -> Answer | None:
    """The answer under `key`, None if there is none or the cache is away."""
    try:
        return _answer(cache.get(key))
    except Exception as failure:
        logger.warning("The response cache could not be read: %s", type(failure).__name__)
        return None


def put(key: str, answer: Answer) -> None:
    """Keep a finished answer for RESPONSE_CACHE_SECONDS; one that did not end by itself is not kept."""
    if answer.finish_reason != "stop":
        return
    try:
        cache.set(key, _plain(answer), settings.RESPONSE_CACHE_SECONDS)
    except Exception as failure:
        logger.warning("The response cache could not be written: %s", type(failure).__name__)


async def aget(key: str) -> Answer | None:
    """`get` for coroutines."""
    return await sync_to_async(get, thread_sensitive=False)(key)


async def aput(key: str, answer: Answer) -> None:
    """`put` for coroutines."""
    await sync_to_async(put, thread_sensitive=False)(key, answer)


def _turn(turn: Turn) -> dict[str, Any]:
    images = [[image.media_type, hashlib.sha256(image.data).hexdigest()] for image in turn.images]
    return {"role": turn.role, "content": turn.content, "images": images}


def _plain(answer: Answer) -> dict[str, Any]:
    usage = answer.usage
    return {
        "version": VERSION,
        "text": answer.text,
        "reasoning": answer.reasoning,
        "usage": {name: getattr(usage, name) for name in Usage.__dataclass_fields__},
    }


def _answer(stored: Any) -> Answer | None:
    """What `_plain` made, read back; None for anything else."""
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return None
    try:
        text, reasoning, usage = stored["text"], stored["reasoning"], Usage(**stored["usage"])
    except (LookupError, TypeError):
        return None
    if not isinstance(text, str) or not isinstance(reasoning, str):
        return None
    return Answer(text, reasoning, usage, "stop")
