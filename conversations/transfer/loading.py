"""The text of one JSON value as Python's objects, with what its parser would refuse and exports have.

That is deep nesting, names that stand twice, long numbers, NaN, line ends in texts, and damaged UTF-8.
"""

from __future__ import annotations

import json
from typing import Any

from chatbot_site.storable import REPLACEMENT
from conversations.decoding import decoded

GUESSED_BYTES = 1 << 20  # of more the encoding is not guessed, which is slow
_DIGITS = 18  # more are no number that anybody counts with; as a text they are an id, and break nothing
_SPACE = " \t\r\n"


class Loader:
    """Loads values and counts the names that stood twice in an object.

    Of two the later one counts, as in every browser; the earlier is kept under a name of its own where it is more than
    a plain value, so that no message goes with it.
    """

    def __init__(self) -> None:
        self._repeated = 0
        self._is_undecodable = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=_whole, parse_constant=_nothing, strict=False
        )

    def load(self, raw: bytes) -> Any:
        """Raises json.JSONDecodeError."""
        text = self._text(raw)
        try:
            return self._decoder.decode(text)
        except RecursionError:
            return self._deep(text)

    def notes(self) -> dict[str, int]:
        """How often there was something odd that could yet be read, by code."""
        return {"repeated": self._repeated, "undecodable": int(self._is_undecodable)}

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self._is_undecodable = True
            return _guessed(raw)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else self._with_repeated(pairs)

    def _with_repeated(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, (name, value) in enumerate(pairs):
            if name in found:
                self._repeated += 1
                if isinstance(found[name], dict | list) and not _is_same(found[name], value):
                    found[f"{name}#{number}"] = found[name]
            found[name] = value
        return found

    def _deep(self, text: str) -> Any:
        """The same without recursion: open lists and objects are on a stack of their own."""
        opened: list[tuple[str, list[Any]]] = [("", [])]  # of an object: names and values in turn
        at = 0
        while at < len(text):
            mark = text[at]
            if mark in _SPACE or mark in ",:":
                at += 1
            elif mark in "[{":
                opened.append((mark, []))
                at += 1
            elif mark in "]}":
                opener, items = opened.pop()
                if opener + mark not in ("[]", "{}"):
                    raise json.JSONDecodeError("brackets cross", text, at)
                opened[-1][1].append(items if opener == "[" else self._object(_pairs(items, text, at)))
                at += 1
            else:
                value, at = self._decoder.raw_decode(text, at)
                opened[-1][1].append(value)
        if len(opened) != 1 or len(opened[0][1]) != 1:
            raise json.JSONDecodeError("brackets stay open", text, at)
        return opened[0][1][0]


def _is_same(one: Any, other: Any) -> bool:
    """What is too deep to be compared counts as different."""
    try:
        return bool(one == other)
    except RecursionError:
        return False


def _pairs(items: list[Any], text: str, at: int) -> list[tuple[str, Any]]:
    names = items[::2]
    if len(items) % 2 or not all(isinstance(name, str) for name in names):
        raise json.JSONDecodeError("no names and values", text, at)
    return list(zip(names, items[1::2], strict=True))


def _guessed(raw: bytes) -> str:
    """UTF-8 with damage where most of its letters are sound; otherwise perhaps another encoding."""
    text = raw.decode(errors="replace")
    damaged, letters = text.count(REPLACEMENT), sum(1 for letter in text if letter > "\x7f")
    is_damaged = damaged * 2 < letters or len(raw) > GUESSED_BYTES
    return text if is_damaged else decoded(raw) or text


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _nothing(word: str) -> None:
    """What NaN and Infinity are read as."""
