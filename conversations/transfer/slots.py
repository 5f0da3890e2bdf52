"""How many exports are made at once in a process: one of a person, and few in all, so that threads stay for others.

An export that nobody waits for any more is made to its end all the same, or to the end of its piece.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from django.utils.translation import gettext as _

from conversations.limits import LimitReached

if TYPE_CHECKING:
    from accounts.models import User

AT_ONCE = 2
LATER = 30  # seconds, after which it may be tried again
_lock = threading.Lock()


class Slot:
    """Somebody's export, which is under way until `end`. As a context manager it ends by itself."""

    def __init__(self, person: int) -> None:
        self.person = person

    def end(self) -> None:
        """May be called more than once."""
        with _lock:
            if _taken.get(self.person) is self:
                del _taken[self.person]

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.end()


# By person. A slot that got lost on its way, with a response that was never sent, is not taken for ever.
_taken: WeakValueDictionary[int, Slot] = WeakValueDictionary()


def take(user: User) -> Slot:
    """Raises LimitReached, at once."""
    with _lock:
        if user.pk in _taken:
            raise LimitReached(_("Another export of yours is still being made. Wait until it has ended."), LATER)
        if len(_taken) >= AT_ONCE:
            raise LimitReached(_("Others are exporting their conversations just now. Try again in a minute."), LATER)
        slot = _taken[user.pk] = Slot(user.pk)
        return slot
