"""The list of conversations as the review shows it: about them, and nothing of what they say unless it was flagged.

A page costs a constant number of queries, and nothing is counted but what is on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from conversations.models import Conversation, Message
from moderation.keyset import keyset_page
from moderation.models import Case, Opening
from moderation.review.filters import Filters
from moderation.review.openings import VALID
from moderation.review.searching import PAGE, Hit, seal, search, unseal

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Row:
    """`title`: None unless something in the conversation is flagged, or the moderator has it open."""

    conversation: Conversation
    messages: int
    cases: int
    open_cases: int
    title: str | None
    hit: Hit | None = None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Cursors are empty where there is no such page. `is_partial`: a search has not looked through older messages."""

    rows: list[Row]
    next: str = ""
    previous: str = ""
    is_partial: bool = False


def review_page(moderator: User, filters: Filters, cursor: str = "") -> ReviewPage:
    """The conversations that fit, those changed last first; with a text, those found, the newest message first."""
    if filters.text:
        found = search(filters, unseal(moderator, filters, cursor))
        hits = {hit.conversation.pk: hit for hit in found.hits}
        rows = _rows(moderator, [hit.conversation for hit in found.hits], hits)
        return ReviewPage(rows, seal(moderator, filters, found.after), is_partial=found.is_partial)
    wanted = filters.conversations().select_related("owner").defer("system_prompt")
    page = keyset_page(wanted, "updated_at", cursor, PAGE)
    return ReviewPage(_rows(moderator, page.rows, {}), page.next, page.previous)


def _rows(moderator: User, conversations: Sequence[Conversation], hits: dict[UUID, Hit]) -> list[Row]:
    ids = [conversation.pk for conversation in conversations]
    messages = dict(_by_conversation(Message.objects.filter(conversation__in=ids)).annotate(total=Count("pk")))
    is_open = Count("pk", filter=Q(resolved_at__isnull=True))
    found = _by_conversation(Case.objects.filter(conversation__in=ids)).annotate(total=Count("pk"), still_open=is_open)
    cases = {key: (total, still_open) for key, total, still_open in found}
    opened = _opened(moderator, ids)
    rows = []
    for conversation in conversations:
        total, still_open = cases.get(conversation.pk, (0, 0))
        may_show = still_open or conversation.pk in opened
        rows.append(
            Row(
                conversation,
                messages.get(conversation.pk, 0),
                total,
                still_open,
                conversation.title if may_show else None,
                hits.get(conversation.pk),
            )
        )
    return rows


def _by_conversation(rows: QuerySet[Any]) -> Any:
    return rows.order_by().values_list("conversation")


def _opened(moderator: User, ids: Sequence[UUID]) -> set[UUID]:
    found = Opening.objects.filter(moderator=moderator, conversation__in=ids, created_at__gt=timezone.now() - VALID)
    return set(found.values_list("conversation_id", flat=True))
