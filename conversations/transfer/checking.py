"""A look at the whole of a file before anything of it is stored.

What can be read is kept beside the file in one shape, a conversation a line, so that storing reads nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING
from uuid import UUID

from chatbot_site.files import private
from conversations.transfer import merging
from conversations.transfer.importing import IDS_AT_ONCE, Identity, identity, known
from conversations.transfer.problems import BrokenFile
from conversations.transfer.reading import EMPTY, conversations_in
from conversations.transfer.reports import Report
from conversations.transfer.tree import Parsed

if TYPE_CHECKING:
    from accounts.models import User

MESSAGES_AT_ONCE = 20_000  # whose ids are compared with what is here


def check(path: Path, owner: User, shelf: Path, tell: Callable[[int], None] = lambda count: None) -> Report:
    """What importing the file would do, as a report; what can be read goes to `shelf`. Raises BrokenFile.

    `tell` hears how many conversations have been looked at.
    """
    report, seen = Report(), _Seen(owner)
    with open(shelf, "w", encoding="ascii", opener=private) as lines:
        for count, found in enumerate(conversations_in(path, report.pass_by, report.leave_shut), start=1):
            if isinstance(found, Parsed):
                report.add(found)
                _put(lines, found)
                seen.add(found)
            elif found.code == EMPTY:
                report.note("empty")
            else:
                report.refuse(found)
            tell(count)
    seen.look_up()
    report.duplicates, report.grown = seen.duplicates, seen.grown
    _refuse_if_useless(report)
    return report


def _put(lines: IO[str], parsed: Parsed) -> None:
    lines.write(json.dumps(parsed.as_dict(), separators=(",", ":")) + "\n")


def shelved(shelf: Path, skip: int = 0) -> Iterator[Parsed]:
    """What `check` put on the shelf, but for the first `skip`."""
    with shelf.open(encoding="ascii") as lines:
        for number, line in enumerate(lines):
            if number >= skip:
                yield Parsed.from_dict(json.loads(line))


class _Seen:
    """Counts what `owner` has already, or stands in the file twice, and of that what has something new."""

    def __init__(self, owner: User) -> None:
        self._owner = owner
        self._new: set[tuple[str, str]] = set()
        self._waiting: list[tuple[Identity, merging.Outline]] = []
        self._messages = 0
        self.duplicates = 0
        self.grown = 0

    def add(self, parsed: Parsed) -> None:
        self._waiting.append((identity(parsed), merging.Outline.of(parsed)))
        self._messages += len(parsed.turns)
        if len(self._waiting) >= IDS_AT_ONCE or self._messages >= MESSAGES_AT_ONCE:
            self.look_up()

    def look_up(self) -> None:
        here = known(self._owner, [found for found, _ in self._waiting])
        old: list[tuple[UUID, merging.Outline]] = []
        for found, outline in self._waiting:
            key = (found.source, found.source_id)
            if found in here:
                old.append((here[found], outline))
            self.duplicates += found in here or key in self._new
            self._new.add(key)
        self.grown += len(merging.with_news(old))
        self._waiting, self._messages = [], 0


def _refuse_if_useless(report: Report) -> None:
    if report.conversations:
        return
    if all(problem["code"] == "unknown" for problem in report.unreadable):
        raise BrokenFile("nothing")
    first = report.unreadable[0]
    if first["code"] == "newer":
        raise BrokenFile("newer")
    raise BrokenFile("all_unreadable", place=first["params"].get("place", ""), why=first)
