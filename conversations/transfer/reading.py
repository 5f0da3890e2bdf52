"""A file that somebody brings, as conversations in one shape: what can be read of it, and what cannot."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeGuard

from django.conf import settings

from conversations.transfer import zips
from conversations.transfer.aside import Aside
from conversations.transfer.formats import Format, conversations, format_of
from conversations.transfer.formats.common import UNKNOWN
from conversations.transfer.problems import BrokenFile, HostileFile, Unreadable
from conversations.transfer.scanning import Element, elements
from conversations.transfer.tree import Parsed
from conversations.transfer.unicode_stream import Readable
from conversations.transfer.values import Value

logger = logging.getLogger(__name__)
EMPTY = "no_messages"
_BEHIND_JSON = re.compile(r"(\.(?:json|jsonl|ndjson))\.[^/]*\Z")
_NUMBERS = re.compile(r"[\W\d_]+")
STRANGE = 200  # things of no known shape ahead of any conversation, after which a file in a ZIP is another one

Found = Parsed | Unreadable
Tell = Callable[[str], None]


def conversations_in(
    path: Path, tell_other: Tell = lambda name: None, tell_damaged: Tell | None = None
) -> Iterator[Found]:
    """Every conversation of a file, and what cannot be read, in order.

    `tell_other` hears the names of files in a ZIP that have no conversations, and need not have any; `tell_damaged`
    those of files beside an export of which nobody can say what is in them.
    Raises BrokenFile: at once where the file is of no kind that is read here, at the end where it is damaged and
    nothing of it could be read; and HostileFile at any moment.
    """
    size = path.stat().st_size
    if not size:
        raise BrokenFile("empty")
    if size > settings.IMPORT_MAX_BYTES:
        raise BrokenFile("too_large", limit=[settings.IMPORT_MAX_BYTES])
    with path.open("rb") as file:
        if zips.is_zip(file):
            yield from _named_when_nothing_else(_in_zip(file, tell_other, tell_damaged or tell_other))
        else:
            yield from _named_when_nothing_else(_to_its_end(file, ""))


def _named_when_nothing_else(found: Iterator[Found | BrokenFile]) -> Iterator[Found]:
    """What breaks off is one thing of several that cannot be read, or, where nothing else is there, the whole story."""
    first: BrokenFile | None = None
    is_anything_read = False
    for one in found:
        if isinstance(one, BrokenFile):
            first = first or one
            yield Unreadable(one.code, **one.params)
        else:
            is_anything_read = is_anything_read or isinstance(one, Parsed)
            yield one
    if first is not None and not is_anything_read:
        raise first


def _in_zip(file: BinaryIO, tell_other: Tell, tell_damaged: Tell) -> Iterator[Found | BrokenFile]:
    """What no product of its own is recognised in, and what is broken, waits for the end: beside an export of a product
    it is something that was attached there."""
    count = 0
    products = set[str]()
    with Aside() as aside:
        for name, part in zips.parts(file):
            count += 1
            found = iter([_in_file(part, name)]) if isinstance(part, BrokenFile) else _in_part(part, name, tell_other)
            for one in found:
                if _is_of_product(one):
                    products.update({_folder(name)} if _is_from_here(one) else _stems(name))
                if not products.isdisjoint({*_stems(name), _folder(name)}):
                    yield one
                else:
                    aside.put(name, one)
        if not count:
            raise BrokenFile("zip_empty")
        told = set[str]()
        for name, one in aside.taken():
            if not products or not products.isdisjoint({*_stems(name), _folder(name)}):
                yield one
            elif name not in told:
                told.add(name)
                (tell_damaged if isinstance(one, BrokenFile) else tell_other)(name)


def _is_of_product(found: Found | BrokenFile) -> bool:
    if isinstance(found, BrokenFile):
        return False
    return found.source not in ("", "other") or _is_from_here(found)


def _is_from_here(found: Found | BrokenFile) -> bool:
    """Exports of this product have a file for each conversation, by its title, and nothing else in that folder."""
    return bool(found.own_id) if isinstance(found, Parsed) else isinstance(found, Unreadable) and found.source == "own"


def _folder(name: str) -> str:
    return f"{PurePosixPath(name).parent}/"


def _stems(name: str) -> set[str]:
    """What the files of one export have in common: conversations.json, conversations-001.json. So have ZIP files that
    it was divided into, and a file stays of its kind where something stands behind its ending: .json.gz."""
    steps = PurePosixPath(_BEHIND_JSON.sub(r"\1", name.lower())).parts
    files = [PurePosixPath(step) for step in steps[-1:] + tuple(step for step in steps[:-1] if step.endswith(".zip"))]
    return {_NUMBERS.sub("", file.stem) + file.suffix for file in files}


def _in_part(stream: Readable, name: str, tell_other: Tell) -> Iterator[Found | BrokenFile]:
    """The conversations of one file of a ZIP. One that has none is another file; exports have several."""
    strange: list[Unreadable | BrokenFile] = []
    has_conversations = False
    for one in _to_its_end(stream, name):
        if has_conversations or not _is_strange(one):
            yield from strange
            yield one
            has_conversations, strange = True, []
        elif len(strange) < STRANGE:
            strange.append(one)
        else:
            break
    if not has_conversations:
        broken = [one for one in strange if isinstance(one, BrokenFile)]
        if broken and zips.is_called_json(name):
            yield broken[0]
        else:
            tell_other(name)


def _is_strange(found: Found | BrokenFile) -> TypeGuard[Unreadable | BrokenFile]:
    return isinstance(found, BrokenFile) or (isinstance(found, Unreadable) and found.code == "unknown")


def _to_its_end(stream: Readable, file: str) -> Iterator[Found | BrokenFile]:
    """What is in a JSON file; where nothing can be said of the rest of it, why is the last."""
    try:
        yield from _read(stream, file)
    except HostileFile:
        raise
    except BrokenFile as problem:
        yield _in_file(problem, file) if file else problem


def _in_file(problem: BrokenFile, name: str) -> BrokenFile:
    return type(problem)(problem.code, **{**problem.params, "file": name})


def _read(stream: Readable, file: str) -> Iterator[Found | BrokenFile]:
    known: Format | None = None
    for element in elements(stream):
        if element.problem is not None:
            yield _in_file(element.problem, file) if file else element.problem
            continue
        place = f"{file}: {_place(element)}" if file else _place(element)
        for value in _guarded(conversations(Value(element.data, place)), place):
            if isinstance(value, Unreadable):
                yield value
                continue
            known = _format_of(value) or known
            yield _noted(_parsed(value, known), element)


def _guarded(values: Iterator[Value], place: str) -> Iterator[Value | Unreadable]:
    """The same, and at their end what nobody foresaw, which costs the rest of one list and no more."""
    try:
        yield from values
    except Exception as error:
        yield _unforeseen(error, place)


def _unforeseen(error: Exception, place: str) -> Unreadable:
    logger.warning("A conversation of an import could not be read (%s).", type(error).__name__, exc_info=error)
    return Unreadable("not_read", place=place)


def _format_of(value: Value) -> Format | None:
    try:
        return format_of(value)
    except Exception:
        return None  # if it is of the product of the one before it, its parser meets the same


def _place(element: Element) -> str:
    return "" if element.index is None else f"[{element.index}]"


def _parsed(value: Value, known: Format | None) -> Found:
    """A conversation in the shape of its product; one that no product knows, in that of the one before it."""
    if known is None or not isinstance(value.data, dict):
        return value.problem("unknown")
    try:
        return known.parse(value)
    except Unreadable as found:
        problem = found
    except Exception as error:
        problem = _unforeseen(error, value.place)
    problem.source = known.name
    return problem


def _noted(found: Found, element: Element) -> Found:
    if isinstance(found, Parsed):
        found.notes.update({code: count for code, count in element.notes.items() if count})
        found.place = found.place or _place(element)
    return found


def unknown_name(code: str) -> str:
    """The name of a shape that no parser knows, of a note that counts it; "" for other notes."""
    return code.removeprefix(UNKNOWN) if code.startswith(UNKNOWN) else ""
