"""The list of a person's conversations: by date, a page at a time, at one query a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 40
_CURSOR = re.compile(r"(\d{1,12}\.\d{6})-([0-9a-f]{32})", re.ASCII)
_GROUPS: tuple[tuple[str, Promise | str, int | None], ...] = (
    ("today", _("Today"), 0),
    ("yesterday", _("Yesterday"), 1),
    ("week", _("Last 7 days"), 7),
    ("month", _("Last 30 days"), 30),
    ("older", _("Older"), None),
)


@dataclass(slots=True)
class Group:
    """`key` is today, yesterday, week, month or older."""

    key: str
    label: Promise | str
    conversations: list[Conversation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listing:
    groups: list[Group]
    next_url: str | None


def listing(user: User, before: str = "") -> Listing:
    """The newest conversations of `user`, or those after the cursor `before`. Raises Http404 for a broken cursor."""
    conversations = Conversation.objects.owned_by(user).newest_first().only("id", "title", "updated_at")
    if before:
        moment, conversation_id = _read(before)
        conversations = conversations.filter(updated_at__lte=moment).filter(
            Q(updated_at__lt=moment) | Q(pk__lt=conversation_id)
        )
    found = list(conversations[: PAGE + 1])
    page = found[:PAGE]
    next_url = (
        f"{reverse('conversation-list')}?{urlencode({'before': _cursor(page[-1])})}" if len(found) > PAGE else None
    )
    return Listing(grouped(page), next_url)


def grouped(conversations: Iterable[Conversation]) -> list[Group]:
    """All groups, the empty ones too: a page adds to them later."""
    groups = [Group(key, label) for key, label, _days in _GROUPS]
    today = timezone.localdate()
    for conversation in conversations:
        groups[_index(today - timezone.localdate(conversation.updated_at))].conversations.append(conversation)
    return groups


def _index(age: timedelta) -> int:
    return next(i for i, (_key, _label, days) in enumerate(_GROUPS) if days is None or age <= timedelta(days=days))


def _cursor(conversation: Conversation) -> str:
    seconds = int(conversation.updated_at.timestamp())
    return f"{seconds}.{conversation.updated_at.microsecond:06d}-{conversation.pk.hex}"


def _read(cursor: str) -> tuple[datetime, UUID]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise Http404
    seconds, micros = match[1].split(".")
    try:
        moment = datetime.fromtimestamp(int(seconds), tz=timezone.get_default_timezone())
    except (OverflowError, OSError, ValueError):
        raise Http404 from None
    return moment.replace(microsecond=int(micros)), UUID(match[2])
