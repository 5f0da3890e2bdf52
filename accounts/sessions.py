"""Where a person is signed in. A row of allauth's UserSession per browser, beside Django's own session.

Deleting such a row is what ends a session for everybody who listens (`accounts.signals.session_ended`).
"""

import time
from collections import OrderedDict
from datetime import timedelta
from importlib import import_module

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User

SEEN_EVERY_SECONDS = 60.0
_REMEMBERED = 20_000
_ID_DIGITS = 18  # what a bigint surely holds


class SeenLately:
    """The sessions that this process has recorded within the last minute, so that a request costs no query to know."""

    def __init__(self, seconds: float = SEEN_EVERY_SECONDS, size: int = _REMEMBERED) -> None:
        self._seconds = seconds
        self._size = size
        self._seen: OrderedDict[str, float] = OrderedDict()

    def claim(self, session_key: str, now: float | None = None) -> bool:
        """True once a minute for each session: the caller then records it. `now` is monotonic, in seconds."""
        now = time.monotonic() if now is None else now
        last = self._seen.get(session_key)
        if last is not None and now - last < self._seconds:
            return False
        self._seen[session_key] = now
        self._seen.move_to_end(session_key)
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return True

    def clear(self) -> None:
        self._seen.clear()


seen_lately = SeenLately()


def record(request: HttpRequest) -> None:
    """Notes when, from where and with what the signed-in session of a request was used, at most once a minute."""
    now = timezone.now()
    rows = UserSession.objects.filter(session_key=request.session.session_key, user_id=request.user.pk)
    last_seen = rows.values_list("last_seen_at", flat=True).first()
    if last_seen is None:
        UserSession.objects.create_from_request(request)
    elif now - last_seen > timedelta(seconds=SEEN_EVERY_SECONDS):
        width = UserSession._meta.get_field("user_agent").max_length
        rows.update(
            last_seen_at=now,
            ip=get_adapter().get_client_ip(request),
            user_agent=request.META.get("HTTP_USER_AGENT", "")[:width],
        )


def user_of(session_key: str) -> User | None:
    """The person who is logged in with that session; None where nobody is, or may be any more."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None


def of(user: User) -> list[UserSession]:
    """Every browser the person is signed in with, the last used first; what has expired is dropped on the way."""
    rows: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(rows, key=lambda row: row.last_seen_at, reverse=True)


def end_one(user: User, row_id: str, but: str | None = None) -> bool:
    """Signs the person out in one browser, by the id of its row; False when that row is not theirs, or is `but`'s."""
    if not row_id.isascii() or not row_id.isdigit() or len(row_id) > _ID_DIGITS:
        return False
    row = UserSession.objects.filter(user_id=user.pk, pk=row_id).exclude(session_key=but or "").first()
    if row is None:
        return False
    row.end()
    return True


def end_all(user: User, but: str | None = None) -> None:
    """Signs the person out everywhere, except where the session key is `but`."""
    for row in UserSession.objects.filter(user_id=user.pk).exclude(session_key=but or ""):
        row.end()


def drop_dead(user: User) -> None:
    """Ends what a change of password has made invalid."""
    UserSession.objects.purge_and_list(user)
