"""Everything that `manage.py cleanup` removes, one entry a kind, in the order in which it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from conversations.attachments import UNSENT_FOR
from conversations.generation import records
from conversations.models import Attachment, Generation, Share
from conversations.models.conversation import ConversationQuerySet
from moderation.models import Notice
from operations.cleanup import conversations, files, rows
from operations.cleanup.retention import policies
from operations.cleanup.review import conversation_under_review, share_under_review

_DATABASE_SESSIONS = ("django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db")


@dataclass(frozen=True, slots=True)
class Kind:
    """`count` says how many would go, `remove` removes them and says how many did, `held` how many a review keeps."""

    name: str
    label: str
    count: Callable[[], int]
    remove: Callable[[], int]
    held: Callable[[], int] = lambda: 0


def _conversations(name: str, label: str, due: Callable[[], ConversationQuerySet]) -> Kind:
    return Kind(
        name,
        label,
        count=lambda: due().exclude(conversation_under_review()).count(),
        remove=lambda: conversations.remove(due()),
        held=lambda: due().filter(conversation_under_review()).count(),
    )


def _rows(name: str, label: str, due: Callable[[], QuerySet[Any]]) -> Kind:
    return Kind(name, label, count=lambda: due().count(), remove=lambda: rows.drain(due()))


def _ended_shares() -> QuerySet[Share]:
    before = conversations.kept_until()
    return Share.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).exclude(share_under_review())


def _read_notices() -> QuerySet[Notice]:
    return Notice.objects.filter(read_at__lt=conversations.kept_until())


def _unsent_uploads() -> QuerySet[Attachment]:
    return Attachment.objects.unsent().filter(created_at__lt=timezone.now() - UNSENT_FOR)


def _expired_sessions() -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=timezone.now())


def _ended_devices() -> QuerySet[UserSession]:
    """Browsers on people's lists whose session has ended; a day old, since a session may be about to be stored."""
    seen_lately = timezone.now() - timedelta(days=1)
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    found: QuerySet[Any] = UserSession.objects.filter(~Exists(alive), last_seen_at__lt=seen_lately)
    return found if settings.SESSION_ENGINE in _DATABASE_SESSIONS else found.none()


def _stale_generations() -> QuerySet[Generation]:
    silent_since = timezone.now() - timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS)
    return Generation.objects.filter(status=Generation.Status.RUNNING, heartbeat_at__lt=silent_since)


def _orphans() -> int:
    return sum(1 for _name in files.orphans())


KINDS = (
    Kind(
        "stale_answers",
        "answers without a process",
        count=lambda: _stale_generations().count(),
        remove=lambda: len(records.reap()),
    ),
    _conversations("temporary_chats", "temporary chats", conversations.expired),
    _conversations("deleted_conversations", "deleted conversations", conversations.deleted_long_ago),
    _conversations("outdated_conversations", "outdated conversations", lambda: conversations.outdated(policies())),
    _rows("ended_shares", "ended links", _ended_shares),
    _rows("read_notices", "read notices", _read_notices),
    _rows("unsent_uploads", "files that were never sent", _unsent_uploads),
    _rows("expired_sessions", "expired sessions", _expired_sessions),
    _rows("ended_devices", "browsers on lists of devices", _ended_devices),
    Kind("orphan_files", "files without a row", count=_orphans, remove=files.remove_orphans),
    Kind(
        "forgotten_imports",
        "files of imports",
        count=lambda: len(files.forgotten_imports()),
        remove=files.remove_forgotten_imports,
    ),
)
