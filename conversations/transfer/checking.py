"""A look at the whole of a file before anything of it is stored.

What can be read is kept beside the file in one shape, a conversation a line, so that storing reads nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from chatbot_site.files import private
from conversations.transfer.importing import IDS_AT_ONCE, Identity, identity, known
from conversations.transfer.problems import BrokenFile
from conversations.transfer.reading import EMPTY, conversations_in
from conversations.transfer.reports import Report
from conversations.transfer.tree import Parsed

if TYPE_CHECKING:
    from accounts.models import User


def check(path: Path, owner: User, shelf: Path, tell: Callable[[int], None] = lambda count: None) -> Report:
    """What importing the file would do, as a report; what can be read goes to `shelf`. Raises BrokenFile.

    `tell` hears how many conversations have been looked at.
    """
    report, seen = Report(), _Seen(owner)
    with open(shelf, "w", encoding="ascii", opener=private) as lines:
        for count, found in enumerate(conversations_in(path), start=1):
            if isinstance(found, Parsed):
                report.add(found)
                seen.add(identity(found))
                _put(lines, found)
            elif found.code == EMPTY:
                report.note("empty")
            else:
                report.refuse(found)
            tell(count)
    report.duplicates = seen.duplicates()
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
    """Counts what `owner` has already and what stands in the file twice."""

    def __init__(self, owner: User) -> None:
        self._owner = owner
        self._new: set[tuple[str, str]] = set()
        self._waiting: list[Identity] = []
        self._count = 0

    def add(self, found: Identity) -> None:
        self._waiting.append(found)
        if len(self._waiting) >= IDS_AT_ONCE:
            self._look_up()

    def duplicates(self) -> int:
        self._look_up()
        return self._count

    def _look_up(self) -> None:
        here = known(self._owner, self._waiting)
        for found in self._waiting:
            key = (found.source, found.source_id)
            self._count += found in here or key in self._new
            self._new.add(key)
        self._waiting = []


def _refuse_if_useless(report: Report) -> None:
    if report.conversations:
        return
    if not report.unreadable:
        raise BrokenFile("nothing")
    first = report.unreadable[0]
    if all(problem["code"] == "unknown" for problem in report.unreadable):
        raise BrokenFile("nothing")
    raise BrokenFile("all_unreadable", place=first["params"].get("place", ""), why=first)
