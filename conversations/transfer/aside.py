"""Conversations of a file that wait for its end, on the disk: there may be more of them than the memory holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from conversations.transfer.problems import BrokenFile, Unreadable
from conversations.transfer.tree import Parsed

Found = Parsed | Unreadable | BrokenFile


class Aside:
    """Puts down what was found in which file, and gives it back in the same order."""

    def __enter__(self) -> Self:
        self._lines = TemporaryFile("w+", encoding="ascii")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()

    def put(self, name: str, one: Found) -> None:
        kind = type(one).__name__
        self._lines.write(json.dumps([name, kind, one.as_dict()], separators=(",", ":")) + "\n")

    def taken(self) -> Iterator[tuple[str, Found]]:
        self._lines.seek(0)
        for line in self._lines:
            name, kind, data = json.loads(line)
            if kind == Parsed.__name__:
                yield name, Parsed.from_dict(data)
            else:
                problem = Unreadable if kind == Unreadable.__name__ else BrokenFile
                yield name, problem(data["code"], **data["params"])
