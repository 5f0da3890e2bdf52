"""Asks the site's screen, if it has one, whether a person's instructions may be kept. It is another app's, by the
dotted path settings.INSTRUCTIONS_SCREEN, since accounts imports no sibling."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User


def refusal_of(user: User, text: str) -> str:
    """The sentence with which `text` is refused, in the active language; "" lets it pass."""
    path = getattr(settings, "INSTRUCTIONS_SCREEN", "")
    return cast(Callable[[User, str], str], import_string(path))(user, text) if path and text else ""
