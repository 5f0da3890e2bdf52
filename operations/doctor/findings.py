"""What a look at one part of the installation may find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for the person who runs the site. `mend` says what to do, "" when all is well. No secret in either."""

    level: Level
    text: str
    mend: str = ""


Findings = Iterator[Finding]
Look = Callable[[], Findings]


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def warning(text: str, mend: str) -> Finding:
    return Finding(Level.WARNING, text, mend)


def problem(text: str, mend: str) -> Finding:
    return Finding(Level.PROBLEM, text, mend)
