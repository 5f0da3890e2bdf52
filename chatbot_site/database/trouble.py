"""What can be wrong with a database, as the person who runs the site is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """`text` says what is wrong, `mend` what to do, each without a secret."""

    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.text} {self.mend}"


OUTDATED = Trouble("The database is not up to date.", "Run: python manage.py migrate")


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and what it comes from: Django's own errors hide the driver's, which has the code."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
