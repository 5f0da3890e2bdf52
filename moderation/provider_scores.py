"""What a provider's moderation says of texts, asked in the background: no question and no answer waits for it."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Mapping

from django.conf import settings
from django.db import close_old_connections

from conversations.models import Message
from moderation.flagging import flag
from moderation.models import Flag, Reason
from providers import AuthenticationFailed, ModelUnknown, PermissionDenied, QuotaExceeded, default_model
from providers.moderation import PROVIDER, Moderation, moderate
from providers.naming import split_model

logger = logging.getLogger(__name__)

WAITING = 1000  # texts; more than that are not asked about
SECONDS = 30
TELL_SECONDS = 60
PAUSE_SECONDS = 60
# The next text would fare no better: a key that is not taken, or an address that knows no moderation.
LASTING = (AuthenticationFailed, ModelUnknown, PermissionDenied, QuotaExceeded)

REASONS = {
    "harassment": Reason.HARASSMENT,
    "hate": Reason.HARASSMENT,
    "sexual": Reason.SEXUAL,
    "violence": Reason.VIOLENCE,
    "self-harm": Reason.SELF_HARM,
    "illicit": Reason.ILLEGAL,
}

_texts: queue.Queue[tuple[int, str]] = queue.Queue(WAITING)
_starting = threading.Lock()
_thread: threading.Thread | None = None
_told_at: float | None = None
_paused_until: float | None = None


def is_on() -> bool:
    """Whether texts are asked about at all now."""
    return settings.MODERATION_API != "off" and not _is_paused()


def ask(message_id: int, model: str, text: str) -> None:
    """Returns at once. `model` is the one that the text was said to, or by; "" for the site's own."""
    if not text.strip() or not is_on() or not _may_be_asked_about(model):
        return
    try:
        _texts.put_nowait((message_id, text))
    except queue.Full:
        logger.warning("Too many texts wait for the provider's moderation: message %d is left out.", message_id)
    _ensure_thread()


def _may_be_asked_about(model: str) -> bool:
    """By settings.MODERATION_API. A text that was said to another provider, or to a model in the house, stays there
    unless the site wants otherwise."""
    return bool(settings.MODERATION_API == "all") or split_model(model or default_model())[0] == PROVIDER


def _is_paused() -> bool:
    return _paused_until is not None and time.monotonic() < _paused_until


def settle() -> None:
    """Wait until all that was asked is answered."""
    _texts.join()


def _ensure_thread() -> None:
    global _thread
    with _starting:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="moderation", daemon=True)
            _thread.start()


def _work() -> None:
    with asyncio.Runner() as runner:  # one event loop for all, since the provider's client belongs to one
        while True:
            message_id, text = _texts.get()
            try:
                close_old_connections()
                _judge(message_id, runner.run(asyncio.wait_for(moderate(text), SECONDS)))
            except Exception as error:
                _failed(error)
            finally:
                close_old_connections()
                _texts.task_done()


def _failed(error: Exception) -> None:
    """Told once in a while, which is enough: a provider that is away is so for every text."""
    global _told_at, _paused_until
    now, name = time.monotonic(), type(error).__name__
    if isinstance(error, LASTING):
        _paused_until = now + PAUSE_SECONDS
    if _told_at is None or now - _told_at >= TELL_SECONDS:
        _told_at = now
        logger.warning("The provider's moderation gave no answer (%s).", name)


def _judge(message_id: int, found: Moderation | None) -> None:
    grave = reasons_of(found.scores, settings.MODERATION_THRESHOLD) if found is not None else {}
    if not grave:
        return
    message = Message.objects.select_related("conversation__owner").filter(pk=message_id).first()
    if message is not None:
        for reason, score in grave.items():
            flag(message.conversation.owner, reason, Flag.Source.PROVIDER, message=message, score=score)


def reasons_of(scores: Mapping[str, float], threshold: float) -> dict[Reason, float]:
    """Our reasons for a provider's categories ("self-harm/intent"), with the highest score that is over `threshold`."""
    found: dict[Reason, float] = {}
    for category, score in scores.items():
        reason = REASONS.get(category.partition("/")[0].replace("_", "-"), Reason.OTHER)
        if score > threshold and score > found.get(reason, 0.0):
            found[reason] = min(score, 1.0)
    return found
