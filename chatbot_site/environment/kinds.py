"""What a setting can be: how its text is read, and what it looks like.

A reader raises NotUnderstood with what is wrong, as words that follow the variable's name and repeat nothing of the
text.
"""

from __future__ import annotations

import difflib
import json
import re
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")
LARGEST_WHOLE = 2**31 - 1
_TRUE, _FALSE = ("true", "t", "on", "yes", "y", "1"), ("false", "f", "off", "no", "n", "0")
_WHOLE = re.compile(r"[+-]?\d{1,30}(?:_\d{1,30})*", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*[+-]\s*\d{1,2}(?::?\d{2})?", re.IGNORECASE | re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_NAMED_ADDRESS = re.compile(rf"(?P<name>[^\"<>\\]+?)\s*<(?P<address>{_ADDRESS.pattern})>")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)


class NotUnderstood(ValueError):
    """Says what is wrong, without any part of what was read."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`is_free`: any text could be meant, so a # after a blank is refused instead of taken for a comment."""

    name: str
    read: Callable[[str], T]
    example: str
    is_free: bool = False
    has_lines: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


def boolean() -> Kind[bool]:
    def read(text: str) -> bool:
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise NotUnderstood("is neither true nor false")

    return Kind("boolean", read, "true")


def whole(least: int, most: int) -> Kind[int]:
    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise NotUnderstood("is not a whole number in digits alone")
        return _within(int(text), least, most)

    return Kind("whole number", read, str(max(least, 1)), least=least, most=most)


def number(least: float, most: float) -> Kind[float]:
    def read(text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise NotUnderstood("is not a number in digits, with a point if need be")
        return _within(float(text), least, most)

    return Kind("number", read, f"{max(least, min(most, 1)):g}", least=least, most=most)


Number = TypeVar("Number", int, float)


def _within(found: Number, least: float, most: float) -> Number:
    if found < least:
        raise NotUnderstood(f"is less than {least:,.15g}")
    if found > most:
        raise NotUnderstood(f"is more than {most:,.15g}")
    return found


def text() -> Kind[str]:
    return Kind("text", str, "some words", is_free=True, has_lines=True)


def line() -> Kind[str]:
    return Kind("line", str, "some words", is_free=True)


def secret(shortest: int) -> Kind[str]:
    """Any line, a passphrase with blanks too."""

    def read(text: str) -> str:
        if len(text) < shortest:
            raise NotUnderstood(f"has fewer than {shortest} characters")
        return text

    return Kind("secret", read, "a-long-text-that-nobody-can-guess", is_free=True, least=shortest)


def token() -> Kind[str]:
    """A key that goes into a header of HTTP: one word of plain letters, digits and signs."""

    def read(text: str) -> str:
        if not text.isascii():
            raise NotUnderstood("has a letter or sign that no key has")
        return one_word(text)

    return Kind("key", read, "the-key-as-the-provider-shows-it")


def word() -> Kind[str]:
    return Kind("word", one_word, "a-name")


def one_word(text: str) -> str:
    if text.startswith("#"):
        raise NotUnderstood("begins with a #")
    if any(letter.isspace() or letter in "\"'" for letter in text):
        raise NotUnderstood("has a blank or a quotation mark in it")
    return text


def dotted() -> Kind[str]:
    """A class by its Python path."""

    def read(text: str) -> str:
        if not _DOTTED.fullmatch(text):
            raise NotUnderstood("is not the path of a Python class")
        return text

    return Kind("dotted path", read, "package.module.Class")


def choice(choices: Sequence[str]) -> Kind[str]:
    """One of these words, in capitals or not."""
    by_lower = {word.lower(): word for word in choices}

    def read(text: str) -> str:
        try:
            return by_lower[text.lower()]
        except KeyError:
            raise NotUnderstood(f"is none of {', '.join(choices)}") from None

    return Kind("choice", read, choices[0], choices=tuple(choices))


def items(text: str) -> list[str]:
    """Parts between commas or line ends, without blanks around them; empty ones are none. Raises NotUnderstood."""
    parts = [part for part in map(str.strip, re.split(r"[,\n]", text)) if part]
    if any(part.split()[0] == "#" for part in parts):
        raise NotUnderstood("has an entry that reads as a comment: it begins with a # and a blank")
    return parts


def words() -> Kind[list[str]]:
    """A list whose entries may hold blanks: names of groups, say."""
    return Kind("list", items, "one,two", is_free=True, has_lines=True)


def path(folder: Path) -> Kind[Path]:
    """In `folder` unless it is absolute."""

    def read(text: str) -> Path:
        if "$" in text or "://" in text:
            raise NotUnderstood("is not a path as it stands: nothing is filled in for $NAME, and it is no address")
        try:
            return folder / Path(text).expanduser()
        except RuntimeError:
            raise NotUnderstood("begins with ~ and a name whose home folder is not known") from None

    return Kind("path", read, "/srv/chat", is_free=True)


def json_object() -> Kind[dict[str, Any]]:
    def no_number(_text: str) -> NoReturn:
        raise NotUnderstood("has a number in it that JSON does not know")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) < len(found):
            raise NotUnderstood("has a key twice")
        return dict(found)

    def read(text: str) -> dict[str, Any]:
        try:
            found = json.loads(text, parse_constant=no_number, object_pairs_hook=pairs)
        except (json.JSONDecodeError, RecursionError):
            raise NotUnderstood("is not JSON") from None
        if not isinstance(found, dict):
            raise NotUnderstood("is JSON, but not an object in braces")
        return found

    return Kind("JSON object", read, '{"bucket_name": "chat-backups"}', has_lines=True)


def time_zone() -> Kind[str]:
    def read(text: str) -> str:
        try:
            zoneinfo.ZoneInfo(text)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return _zone_as_meant(text)
        return text

    return Kind("time zone", read, "Asia/Seoul")


def _zone_as_meant(text: str) -> str:
    zones = {name.lower(): name for name in zoneinfo.available_timezones()}
    if found := zones.get(text.lower().replace(" ", "_")):
        return found
    if _OFFSET.fullmatch(text):  # Etc/GMT+9, which is near to it, lies nine hours behind
        raise NotUnderstood("is a distance from UTC, where a zone is named by a place in it")
    near = difflib.get_close_matches(text.lower(), zones, n=1, cutoff=0.8)
    raise NotUnderstood("is no time zone" + (f": perhaps {zones[near[0]]}" if near else ""))


def mail_address() -> Kind[str]:
    """With a name before it, or without."""

    def read(text: str) -> str:
        address = parseaddr(text)[1]
        if _ADDRESS.fullmatch(address) and (text == address or text.endswith(f"<{address}>")):
            return text
        named = _NAMED_ADDRESS.fullmatch(text)  # with signs in the name for which it needs quotation marks
        if named is None or _ADDRESS.search(named["name"]):
            raise NotUnderstood("is not an e-mail address")
        return f'"{named["name"]}" <{named["address"]}>'

    return Kind("e-mail address", read, "chat@example.org")
