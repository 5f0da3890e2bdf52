"""Keyset pages of conversations: newest first by a moment and the id, so pages join without gap or repeat."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet

_STAMP = re.compile(r"(\d{1,12})\.(\d{6})", re.ASCII)
_CURSOR = re.compile(rf"({_STAMP.pattern})-([0-9a-f]{{32}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` is where the next page begins; empty on the last one."""

    conversations: list[Conversation]
    cursor: str

    def next_url(self, address: str) -> str | None:
        return f"{address}?{urlencode({'before': self.cursor})}" if self.cursor else None


def page_of(conversations: ConversationQuerySet, moment: str, before: str, size: int) -> Page:
    """The newest `size` by the field `moment`, or those after the cursor `before`. One query.

    Raises Http404 for a broken cursor.
    """
    if before:
        match = _CURSOR.fullmatch(before)
        if match is None:
            raise Http404
        when, last = moment_of(match[1]), UUID(match[4])
        conversations = conversations.filter(**{f"{moment}__lte": when}).filter(
            Q(**{f"{moment}__lt": when}) | Q(pk__lt=last)
        )
    found = list(conversations.order_by(f"-{moment}", "-id")[: size + 1])
    page = found[:size]
    more = len(found) > size
    return Page(page, f"{stamp(getattr(page[-1], moment))}-{page[-1].pk.hex}" if more else "")


def stamp(moment: datetime) -> str:
    """`moment` to the microsecond, for an address."""
    return f"{int(moment.timestamp())}.{moment.microsecond:06d}"


def moment_of(text: str) -> datetime:
    """What `stamp` made `text` from. Raises Http404."""
    match = _STAMP.fullmatch(text)
    if match is None:
        raise Http404
    try:
        moment = datetime.fromtimestamp(int(match[1]), tz=timezone.get_default_timezone())
    except (OverflowError, OSError, ValueError):
        raise Http404 from None
    return moment.replace(microsecond=int(match[2]))
