"""What others may want to hear about messages, such as those who look at texts by rules.

question_stored(message_id: int, conversation_id: UUID): a question was stored: sent, worded anew, or asked after it
waited.
answer_ended(message_id: int, conversation_id: UUID): an answer came to its end, whichever that was, and has a text.
Sent again when the answer is continued.

Both are sent after the commit. Receivers run in threads of their own, where the database may be used; they hold no
answer and no request up, and what goes wrong in them changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from django.db import close_old_connections, transaction
from django.dispatch import Signal

from conversations.models import Message

logger = logging.getLogger(__name__)

AT_ONCE = 2
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="events")
_under_way: set[Future[None]] = set()


class Event(Signal):
    """A signal whose failing receivers are named in the log, but not what they raised: that may hold a text."""

    def _log_robust_failure(self, receiver: Callable[..., Any], error: Exception) -> None:
        name = getattr(receiver, "__qualname__", type(receiver).__name__)
        logger.error("%s failed on an event (%s).", name, type(error).__name__)


question_stored = Event()
answer_ended = Event()


def tell(event: Event, message: Message) -> None:
    """Send `event` about `message` when the transaction, if there is one, is committed."""
    if event.has_listeners():
        transaction.on_commit(partial(_hand_over, event, message.pk, message.conversation_id))


def settle() -> None:
    """Wait until everything that has been told was heard: for commands and tests, which end when their work does."""
    while _under_way:
        wait(tuple(_under_way))


def _hand_over(event: Event, message_id: int, conversation_id: object) -> None:
    future = _threads.submit(_send, event, message_id, conversation_id)
    _under_way.add(future)
    future.add_done_callback(_under_way.discard)


def _send(event: Event, message_id: int, conversation_id: object) -> None:
    close_old_connections()
    try:
        event.send_robust(Message, message_id=message_id, conversation_id=conversation_id)
    finally:
        close_old_connections()
