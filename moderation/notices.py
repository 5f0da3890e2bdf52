"""Notices to a person that they have not read yet."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from moderation.models import Notice

SHOWN = 3  # the rest follow when these are read: they must not push the chat out of sight


def unread(user: User) -> QuerySet[Notice]:
    """The oldest first, at most SHOWN; one query, by an index that holds only what is unread."""
    found = Notice.objects.filter(person_id=user.pk, read_at=None).select_related("conversation")
    return found.order_by("pk")[:SHOWN]


def mark_read(user: User, notice_id: int) -> bool:
    """False for a notice that is not theirs, or not there."""
    own = Notice.objects.filter(person_id=user.pk, pk=notice_id)
    return bool(own.filter(read_at=None).update(read_at=timezone.now())) or own.exists()
