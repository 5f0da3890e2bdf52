"""Asks the site's screens, if it has any, whether a question may be stored and an answer go on.

What they look for is their own business.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

from conversations.models import Conversation

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


def refusal_of(user: User, conversation: Conversation, text: str) -> str:
    """The sentence with which `text` is refused, in the active language; "" lets it pass.

    `conversation` may be unsaved: the question would be its first.
    """
    path = settings.QUESTION_SCREEN
    return str(_screen(path)(user, conversation, text)) if path else ""


def is_stopped(text: str, since: int) -> bool:
    """Whether an answer may not go on after `text`, of which the first `since` characters were looked at before.

    False where the screen fails: what it would have found is found when the answer has ended.
    """
    path = settings.ANSWER_SCREEN
    try:
        return bool(path) and bool(_screen(path)(text, since))
    except Exception as error:
        logger.warning("An answer could not be looked at (%s).", type(error).__name__)
        return False


@lru_cache(maxsize=4)
def _screen(path: str) -> Callable[..., Any]:
    screen: Callable[..., Any] = import_string(path)
    return screen
