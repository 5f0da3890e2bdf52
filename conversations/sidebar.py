"""The list of a person's conversations: pinned ones, folders, and the others by date, a page at a time.

The first page costs three queries, every other one a single query. A conversation stands in one place only: among the
pinned ones, else in its folder, else under its date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Folder
from conversations.models.conversation import ConversationQuerySet
from conversations.paging import page_of

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 30
MAX_PINNED = 50
_GROUPS: tuple[tuple[str, Promise | str, int | None], ...] = (
    ("today", _("Today"), 0),
    ("yesterday", _("Yesterday"), 1),
    ("week", _("Last 7 days"), 7),
    ("month", _("Last 30 days"), 30),
    ("older", _("Older"), None),
)


@dataclass(slots=True)
class Group:
    """`key` is pinned, today, yesterday, week, month or older."""

    key: str
    label: Promise | str
    conversations: list[Conversation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listing:
    """`pinned` and `folders` belong to the first page only."""

    groups: list[Group]
    next_url: str | None
    pinned: Group | None = None
    folders: list[Folder] = field(default_factory=list)

    def context(self) -> dict[str, Any]:
        """What sidebar.html and list_page.html read."""
        return {
            "groups": self.groups,
            "next_url": self.next_url,
            "pinned": self.pinned,
            "folders": self.folders,
        }


def listing(user: User, before: str = "") -> Listing:
    """The newest conversations of `user`, or those after the cursor `before`. Raises Http404 for a broken cursor."""
    loose = _entries(user).filter(pinned_at__isnull=True, folder__isnull=True)
    page = page_of(loose, "updated_at", before, PAGE)
    groups, next_url = grouped(page.conversations), page.next_url(reverse("conversation-list"))
    if before:
        return Listing(groups, next_url)
    return Listing(groups, next_url, _pinned(user), folders_of(user))


def _entries(user: User) -> ConversationQuerySet:
    """What the list shows, with no more than an entry reads."""
    return Conversation.objects.listed_for(user).only("id", "title", "updated_at", "pinned_at")


def _pinned(user: User) -> Group:
    found = _entries(user).filter(pinned_at__isnull=False).order_by("-pinned_at", "-id")
    return Group("pinned", _("Pinned"), list(found))  # all: out of the archive there may come more


def folders_of(user: User) -> list[Folder]:
    """All folders of `user`: there is a limit to their number."""
    return list(Folder.objects.filter(owner_id=user.pk).order_by("name"))


def folder_listing(user: User, folder: Folder, before: str = "") -> tuple[list[Conversation], str | None]:
    """A page of what stands in `folder`, and the address of the next. One query. Raises Http404."""
    inside = _entries(user).filter(folder=folder, pinned_at__isnull=True)
    page = page_of(inside, "updated_at", before, PAGE)
    return page.conversations, page.next_url(reverse("folder", args=[folder.pk]))


def grouped(conversations: Iterable[Conversation]) -> list[Group]:
    """All groups by date, the empty ones too: a page adds to them later."""
    groups = [Group(key, label) for key, label, _days in _GROUPS]
    today = timezone.localdate()
    for conversation in conversations:
        groups[_index(today - timezone.localdate(conversation.updated_at))].conversations.append(conversation)
    return groups


def _index(age: timedelta) -> int:
    return next(i for i, (_key, _label, days) in enumerate(_GROUPS) if days is None or age <= timedelta(days=days))
