"""What an open case of moderation refers to is kept until somebody has decided, whatever its age."""

from __future__ import annotations

from django.db.models import Q

from moderation.models import Case

_TO_CONVERSATION = ("conversation_id", "message__conversation_id", "share__conversation_id")


def conversation_under_review() -> Q:
    """For conversations: those that an open case is about, itself, by a message of it or by a link to it."""
    found = Q()
    for path in _TO_CONVERSATION:
        found |= Q(pk__in=Case.objects.open().filter(**{f"{path}__isnull": False}).values(path))
    return found


def share_under_review() -> Q:
    return Q(pk__in=Case.objects.open().filter(share__isnull=False).values("share_id"))
