"""Asks the site's screens, if it has any, whether a question may be stored and an answer go on.

What they look for is their own business.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import Preferences
from conversations.models import Attachment, Conversation

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


def refusal_of(user: User, conversation: Conversation, text: str) -> str:
    """The sentence with which `text` is refused, in the active language; "" lets it pass.

    `conversation` may be unsaved: the question would be its first.
    """
    path = settings.QUESTION_SCREEN
    return str(_screen(path)(user, conversation, text)) if path else ""


def refusal_of_prompt(user: User, conversation: Conversation) -> str:
    """The same for what goes along with every question: the instructions of `user`, and those of `conversation`."""
    for instructions in (Preferences.of(user).custom_instructions, conversation.system_prompt):
        if instructions and (sentence := refusal_of(user, conversation, instructions)):
            where = _("It stands in your instructions, which the model is told with every question: see the settings.")
            return f"{sentence} {where}"
    return ""


def refusal_of_files(user: User, conversation: Conversation, files: Iterable[Attachment]) -> str:
    """The same for files that go with a question: their names, and what is in those that are texts."""
    ids = [file.pk for file in files] if settings.QUESTION_SCREEN else []
    said = Attachment.objects.filter(pk__in=ids).order_by("created_at", "id").values_list("name", "text") if ids else ()
    for name, text in said:
        if sentence := refusal_of(user, conversation, f"{name}\n\n{text}".strip()):
            return f"{sentence} " + _("It stands in the file “%(name)s”.") % {"name": name}
    return ""


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
