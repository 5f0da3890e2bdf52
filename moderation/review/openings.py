"""Openings: a moderator reads a conversation of somebody, for a case or a reason, for an hour. All of them are kept."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.models import Conversation
from conversations.text import seen_length
from moderation import audit
from moderation.models import Case, Notice, Opening
from moderation.models.opening import REASON_LENGTH

VALID = timedelta(hours=1)
MIN_REASON = 10  # characters that can be seen
OFF, REASON, NAME = "off", "reason", "name"  # of settings.OPENINGS_SHOWN_TO_OWNER


class ReasonNeeded(ValueError):
    """No case is about this conversation, and no reason of at least MIN_REASON characters was given."""


def record_opening(moderator: User, conversation: Conversation, reason: str = "", case: Case | None = None) -> Opening:
    """Keep that `moderator` reads `conversation`: because of a `case` about it, or of `reason`.

    It lets them read on for an hour, unless the case was resolved before. Told to the owner. The same case, or the
    same reason, is kept once an hour: a page opened again and a form sent twice change nothing. Raises ReasonNeeded.
    """
    reason = " ".join(reason.split())[:REASON_LENGTH]
    if case is not None and case.conversation_id != conversation.pk:
        case = None
    if case is None and seen_length(reason) < MIN_REASON:
        raise ReasonNeeded
    same = _recent(moderator, conversation).filter(case=case, reason=reason)
    return same.first() or _keep(moderator, conversation, reason, case, same)


def _keep(
    moderator: User, conversation: Conversation, reason: str, case: Case | None, same: QuerySet[Opening]
) -> Opening:
    with transaction.atomic():
        # Two requests of one moderator at once: the second sees what the first kept.
        User.objects.select_for_update(of=("self",), no_key=True).filter(pk=moderator.pk).values_list("pk").first()
        if last := same.first():
            return last
        opening = Opening.objects.create(moderator=moderator, conversation=conversation, case=case, reason=reason)
        details = {"opening": opening.pk} | ({"case": case.pk} if case else {})
        audit.record("conversation.opened", actor=moderator, target=conversation, **details)
        _tell_owner(opening)
    return opening


def current_opening(moderator: User, conversation: Conversation) -> Opening | None:
    """What lets `moderator` read the whole of `conversation` now, if anything does."""
    by_case = Q(case__resolved_at__gt=F("created_at")) | Q(case__isnull=False, case__resolved_at__isnull=True)
    return _recent(moderator, conversation).filter(by_case | ~Q(reason="")).first()


def _recent(moderator: User, conversation: Conversation) -> QuerySet[Opening]:
    found = Opening.objects.filter(moderator=moderator, conversation=conversation)
    return found.filter(created_at__gt=timezone.now() - VALID).order_by("-created_at", "-pk")


def open_case_of(conversation: Conversation) -> Case | None:
    """The newest open case about `conversation`: with one, nobody need give another reason."""
    return Case.objects.open().filter(conversation=conversation).order_by("-pk").first()


def openings_shown_to(owner: User) -> QuerySet[Opening]:
    """Who opened what of `owner`, but themselves. Nothing where the site does not tell."""
    if settings.OPENINGS_SHOWN_TO_OWNER == OFF:
        return Opening.objects.none()
    found = Opening.objects.filter(conversation__owner=owner).exclude(moderator=owner)
    return found.select_related("conversation", "moderator")


def shown_reason(opening: Opening) -> str:
    """Why, as its owner is told."""
    return opening.reason or _("Something in it was reported, or a rule of this site took notice of it.")


def shown_name(opening: Opening) -> str:
    """Who, as its owner is told: empty unless the site gives names."""
    if settings.OPENINGS_SHOWN_TO_OWNER != NAME or opening.moderator is None:
        return ""
    return opening.moderator.get_username()


def _tell_owner(opening: Opening) -> None:
    """One unread notice for a conversation is enough; the page of openings has them all."""
    owner_id = opening.conversation.owner_id
    if settings.OPENINGS_SHOWN_TO_OWNER == OFF or owner_id == opening.moderator_id:
        return
    told = Notice.objects.filter(person_id=owner_id, kind=Notice.Kind.OPENED, read_at=None)
    if not told.filter(conversation=opening.conversation).exists():
        Notice.objects.create(
            person_id=owner_id, kind=Notice.Kind.OPENED, conversation=opening.conversation, text=opening.reason
        )
