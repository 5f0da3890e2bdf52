"""A file that somebody brings, as conversations in one shape: what can be read of it, and what cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from conversations.transfer import zips
from conversations.transfer.formats import Format, format_of
from conversations.transfer.problems import BrokenFile, Unreadable
from conversations.transfer.scanning import Element, Readable, elements
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value

EMPTY = "no_messages"


def conversations_in(path: Path) -> Iterator[Parsed | Unreadable]:
    """Every conversation of a file, or why it cannot be read. Raises BrokenFile, at any moment."""
    size = path.stat().st_size
    if not size:
        raise BrokenFile("empty")
    if size > settings.IMPORT_MAX_BYTES:
        raise BrokenFile("too_large", limit=[settings.IMPORT_MAX_BYTES])
    if zips.is_zip(path):
        for name, stream in zips.json_files(path):
            yield from _read(stream, name)
        return
    with path.open("rb") as file:
        yield from _read(file, "")


def _read(stream: Readable, file: str) -> Iterator[Parsed | Unreadable]:
    known: Format | None = None
    try:
        for element in elements(stream):
            value = Value(element.data, f"{file}: {_place(element)}" if file else _place(element))
            known = format_of(value) or known
            yield _parsed(value, known)
    except BrokenFile as problem:
        raise BrokenFile(problem.code, **problem.params, **({"file": file} if file else {})) from None


def _place(element: Element) -> str:
    return "" if element.index is None else f"[{element.index}]"


def _parsed(value: Value, known: Format | None) -> Parsed | Unreadable:
    """A conversation in the shape of its product; one that no product knows, in that of the one before it."""
    if known is None:
        return value.problem("unknown")
    try:
        return known.parse(value)
    except Unreadable as problem:
        return problem
