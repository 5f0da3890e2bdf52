"""Removing conversations whose time has come: first out of everybody's sight, then message by message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.models.conversation import ConversationQuerySet
from operations.cleanup import rows
from operations.cleanup.pacing import slices, turn
from operations.cleanup.retention import Policy, owners_under
from operations.cleanup.review import conversation_under_review

AT_ONCE = 20  # conversations whose messages are looked up together


def kept_until() -> datetime:
    """Before this moment what people have deleted is past its grace."""
    return timezone.now() - timedelta(days=settings.DELETED_KEEP_DAYS)


def expired() -> ConversationQuerySet:
    """Temporary chats whose time has come, and what an earlier run has begun and not ended."""
    return Conversation.objects.filter(expires_at__lte=timezone.now())


def deleted_long_ago() -> ConversationQuerySet:
    return Conversation.objects.filter(deleted_at__lt=kept_until())


def outdated(policies: Sequence[Policy]) -> ConversationQuerySet:
    """What nobody has touched for longer than its owner's groups keep it; pinned and archived ones too.

    An import counts as touching: what came here yesterday does not go tonight, however old it is.
    """
    due = Q(pk__in=())
    for policy, owners in owners_under(policies):
        if policy.days is not None:
            before = timezone.now() - timedelta(days=policy.days)
            is_new_here = Q(imported_at__gte=before)
            due |= Q(owner__in=owners, updated_at__lt=before) & ~is_new_here
    return Conversation.objects.filter(due)


def remove(due: ConversationQuerySet) -> int:
    """Remove the conversations in `due` but those under review; how many there were.

    A run that is broken off leaves nothing half-visible: what it had begun is gone for its owner, and `expired` finds
    it the next time.
    """
    count, last = 0, None
    candidates = due.exclude(conversation_under_review()).order_by("pk")
    while ids := _next(candidates, last):
        last = ids[-1]
        gone = _put_out_of_sight(candidates, ids)
        count += remove_at_once(gone)
    return count


def remove_at_once(ids: Sequence[UUID]) -> int:
    """Remove these, whatever is in them, message by message first: one may have a million; how many there were."""
    for messages in slices(_messages_of(ids)):
        names = rows.Names()
        with turn():
            rows.delete(Message, messages, names)
        rows.discard(names)
    return rows.drain(Conversation.objects.filter(pk__in=ids))


def _next(candidates: ConversationQuerySet, last: UUID | None) -> list[UUID]:
    later = candidates if last is None else candidates.filter(pk__gt=last)
    return list(later.values_list("pk", flat=True)[:AT_ONCE])


def _put_out_of_sight(candidates: ConversationQuerySet, ids: Sequence[UUID]) -> list[UUID]:
    """Those of `ids` that are still due: nobody can open or restore them from now on."""
    now = timezone.now()
    with turn():
        still = list(candidates.select_for_update(of=("self",)).filter(pk__in=ids).values_list("pk", flat=True))
        Conversation.objects.filter(pk__in=still).update(expires_at=now, deleted_at=Coalesce("deleted_at", now))
    return still


def _messages_of(ids: Sequence[UUID]) -> list[int]:
    """The newest first: then hardly a message goes before one that points at it."""
    return list(Message.objects.filter(conversation__in=ids).order_by("-pk").values_list("pk", flat=True))
