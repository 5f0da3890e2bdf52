"""How much one person may start: answers open at once; messages, new conversations and uploads within a time.

The settings LIMIT_... say how much, 0 for no limit. Superusers and the groups of LIMIT_EXEMPT_GROUPS have none. Open
answers are counted where they are, in the database. What happened within a time is counted in `caches["limits"]`: in
Redis, which all processes share; in this process without it, and while it is away.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chatbot_site.caches import limits as counters

if TYPE_CHECKING:
    from accounts.models import User

MINUTE, DAY = 60, 24 * 60 * 60
PIECES = 24  # counters of a time; it slides by one of them, so that nobody has twice as much around the hour
_LOCK = 0x616E73  # "ans": of the answers of a person, in PostgreSQL
# From the few that are open, wherever they are: SQLite takes their index for words that stand here, in this order.
_OPEN = """
FROM conversations_generation g CROSS JOIN conversations_conversation c
WHERE c.id = g.conversation_id AND g.status IN ('queued', 'running')
"""


class LimitReached(Exception):
    """`sentence`: which limit it is and when it goes on, in the active language. `seconds`: until then, if known."""

    def __init__(self, sentence: str, seconds: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.seconds = sentence, seconds


@dataclass(frozen=True, slots=True)
class Rate:
    """So much within so many seconds. `says` makes the sentence on how much that is."""

    setting: str
    seconds: int
    says: Callable[[int], str]

    @property
    def most(self) -> int:
        return int(getattr(settings, self.setting))


def _messages_a_minute(most: int) -> str:
    sentence = ngettext(
        "At most %(limit)s message a minute is possible.", "At most %(limit)s messages a minute are possible.", most
    )
    return sentence % {"limit": most}


def _messages_a_day(most: int) -> str:
    sentence = ngettext(
        "At most %(limit)s message a day is possible.", "At most %(limit)s messages a day are possible.", most
    )
    return sentence % {"limit": most}


def _conversations_a_minute(most: int) -> str:
    sentence = ngettext(
        "At most %(limit)s new conversation a minute is possible.",
        "At most %(limit)s new conversations a minute are possible.",
        most,
    )
    return sentence % {"limit": most}


def _bytes_a_day(most: int) -> str:
    return _("At most %(limit)s a day can be uploaded.") % {"limit": filesizeformat(most)}


# A question, also one that has to wait, and whatever else has an answer written: again, on, or to another wording.
MESSAGES = (
    Rate("LIMIT_MESSAGES_PER_DAY", DAY, _messages_a_day),
    Rate("LIMIT_MESSAGES_PER_MINUTE", MINUTE, _messages_a_minute),
)
CONVERSATIONS = (Rate("LIMIT_CONVERSATIONS_PER_MINUTE", MINUTE, _conversations_a_minute),)
UPLOADS = (Rate("LIMIT_UPLOAD_BYTES_PER_DAY", DAY, _bytes_a_day),)


@dataclass(slots=True)
class Counted:
    """What has just been counted. As a context manager: an exception gives it back, since nothing came of it."""

    counts: list[tuple[str, int]] = field(default_factory=list)

    def give_back(self) -> None:
        for key, amount in self.counts:
            with suppress(ValueError):  # the counter is there no more
                counters.decr(key, amount)
        self.counts.clear()

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is not None:
            self.give_back()


def is_exempt(user: User) -> bool:
    names = settings.LIMIT_EXEMPT_GROUPS
    return user.is_superuser or (bool(names) and user.groups.filter(name__in=names).exists())


def count(user: User, *rates: Rate, amount: int = 1) -> Counted:
    """Count `amount` against each of `rates`, those of a long time first. Raises LimitReached: then nothing is."""
    counted = Counted()
    limited = [rate for rate in rates if rate.most > 0]
    if not limited or is_exempt(user):
        return counted
    with counted:
        for rate in limited:
            counted.counts.append((_take(rate, user.pk, amount), amount))
    return counted


def _take(rate: Rate, user_id: int, amount: int) -> str:
    """The key of the counter in which `amount` is now. Raises LimitReached.

    Also the next piece counts: by the clock of another process it may have begun.
    """
    width = rate.seconds / PIECES
    piece = int(time.time() // width)
    keys = {n: f"{rate.setting}:{user_id}.{n}" for n in range(piece - PIECES, piece + 2)}
    lasts = rate.seconds + 2 * math.ceil(width)
    counted = counters.take(list(keys.values()), keys[piece], amount, rate.most, lasts)
    if sum(counted) + amount <= rate.most:
        return keys[piece]
    raise _reached(rate, amount, dict(zip(keys, counted, strict=True)), width)


def _reached(rate: Rate, amount: int, before: dict[int, int], width: float) -> LimitReached:
    """`before`: what each piece of the time has, the oldest first."""
    if amount > rate.most:
        return LimitReached(f"{rate.says(rate.most)} {_('This file is larger than that.')}")
    left, last = sum(before.values()), 0  # the last piece that must have passed
    for piece, counted in before.items():
        if left + amount > rate.most:
            left, last = left - counted, piece
    seconds = max(1, math.ceil((last + PIECES + 1) * width - time.time()))
    return LimitReached(f"{rate.says(rate.most)} {_when(seconds)}", seconds)


def _when(seconds: int) -> str:
    if seconds <= 2 * MINUTE:
        sentence = ngettext("You can go on in %(count)s second.", "You can go on in %(count)s seconds.", seconds)
        return sentence % {"count": seconds}
    moment = timezone.localtime(timezone.now() + timedelta(seconds=seconds))
    is_today = moment.date() == timezone.localdate()
    return _("You can go on after %(moment)s.") % {
        "moment": date_format(moment, "TIME_FORMAT" if is_today else "DATETIME_FORMAT")
    }


def check_open_answers(user: User) -> None:
    """Raises LimitReached when as many answers of `user` are open as may be.

    Called in the transaction that stores one more: until that ends, no other one of this person comes past here. On
    SQLite the transaction is the only one that writes.
    """
    most: int = settings.LIMIT_OPEN_ANSWERS
    if most <= 0 or is_exempt(user):
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, user.pk % 2**31])
        cursor.execute(f"SELECT COUNT(*) {_OPEN} AND c.owner_id = %s", [user.pk])
        [count] = cursor.fetchone()
    if count >= most:
        sentence = ngettext(
            "%(count)s answer is being written for you already; more at once are not possible. Go on when it has "
            "ended, or stop it.",
            "%(count)s answers are being written for you already; more at once are not possible. Go on when one of "
            "them has ended, or stop one.",
            most,
        )
        raise LimitReached(sentence % {"count": most})


def at_their_limit() -> list[int]:
    """The ids of people for whom so many answers are open. Of those who are exempt it knows nothing."""
    most: int = settings.LIMIT_OPEN_ANSWERS
    if most <= 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT c.owner_id {_OPEN} GROUP BY c.owner_id HAVING COUNT(*) >= %s", [most])
        return [owner_id for (owner_id,) in cursor.fetchall()]
