"""What every template may ask of moderation."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from moderation.models import Notice
from moderation.notices import unread


def features(request: HttpRequest) -> dict[str, bool]:
    """`openings_are_shown`: whether people are told who opened conversations of theirs. Costs no query."""
    return {"openings_are_shown": settings.OPENINGS_SHOWN_TO_OWNER != "off"}


def notices(request: HttpRequest) -> dict[str, Any]:
    """`notices`: what the person has not read. Costs one query in a template that uses it, none for strangers."""

    def found() -> Sequence[Notice]:
        user = getattr(request, "user", None)
        return list(unread(user)) if user is not None and user.is_authenticated else []

    return {"notices": SimpleLazyObject(found)}
