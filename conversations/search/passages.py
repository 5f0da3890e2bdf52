"""The part of a text around what was found, in pieces: a template escapes each and marks those that match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from conversations.search.query import Query
from conversations.search.tokens import MARKUP, composed, fold, folds_evenly

LENGTH = 160
BEFORE = 50  # characters in front of the first match
_WORD = 20  # a longer one is cut inside
_SPACES = re.compile(r"\s+")
_CLUSTER = regex.compile(r"\X")
_LONGEST_CLUSTER = 32
_BLOCK = re.compile(r"\s*\0")  # stands for the mark of a block: no stored text has a NUL
_LINE_ENDS = re.compile(r"[^\S\n]*\n\s*")
_GAPS = re.compile(r"[^\S\n]+")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    is_match: bool


def passage(text: str, query: Query) -> list[Piece] | None:
    """About LENGTH characters of `text` around its first match, as it is read. None where it does not match."""
    shown = composed(text)
    folded, origins = _folded(shown)
    if not query.fits(folded):
        return None
    first = min(found.start() for pattern in query.patterns if (found := pattern.search(folded)))
    start, end = _window(shown, origins[first] if origins else first)
    plain = _plain(shown[start:end], MARKUP)
    if not _spans(_folded(plain)[0], query.patterns):  # it is a mark that was looked for
        plain = _plain(shown[start:end])
    return _pieces(plain, query, cut=(start > 0, end < len(shown)))


def whole(text: str, query: Query) -> list[Piece] | None:
    """All of a short text. None where it does not match."""
    shown = composed(text)
    return _pieces(shown, query, cut=(False, False)) if query.fits(fold(shown)) else None


def _folded(shown: str) -> tuple[str, list[int] | None]:
    """The folded text, and for each of its characters where it comes from; None: from the same place."""
    folded = fold(shown)
    if folds_evenly(shown):
        return folded, None
    return folded, [index for index, char in enumerate(shown) for _ in fold(char)]


def _plain(part: str, without: re.Pattern[str] | None = None) -> str:
    """Without some marks. Lines of text stay lines; headings, items and quotes run on."""
    if without:
        part = _BLOCK.sub(" ", without.sub(lambda mark: "" if mark[0] in ("`", "**") else "\0", part))
    return _GAPS.sub(" ", _LINE_ENDS.sub("\n", part)).strip()


def _window(text: str, first: int) -> Span:
    """From some words before `first`, of whole words where these are not long."""
    start, end = max(0, first - BEFORE), min(len(text), first - min(first, BEFORE) + LENGTH)
    if start and (gap := _SPACES.search(text, start, min(start + _WORD, first))):
        start = gap.end()
    if end < len(text) and (gap := _SPACES.search(text, end, end + _WORD)):
        end = gap.start()
    return _whole(text, (start, end))


def _whole(text: str, span: Span) -> Span:
    """`span` with the whole of the letters and emoji that it touches."""
    start, end = span
    if text.isascii():
        return span
    first = start
    for cluster in _CLUSTER.finditer(text, max(0, start - _LONGEST_CLUSTER), min(len(text), end + _LONGEST_CLUSTER)):
        if cluster.start() <= start < cluster.end():
            first = cluster.start()
        if cluster.end() >= end:
            return first, cluster.end()
    return span


def _pieces(shown: str, query: Query, cut: tuple[bool, bool]) -> list[Piece]:
    folded, origins = _folded(shown)
    spans = [_whole(shown, _origin(span, origins)) for span in _spans(folded, query.patterns)]
    pieces, at = ([Piece("…", False)] if cut[0] else []), 0
    for start, end in _joined(spans):
        pieces += [Piece(shown[at:start], False), Piece(shown[start:end], True)]
        at = end
    return [piece for piece in (*pieces, Piece(shown[at:] + ("…" if cut[1] else ""), False)) if piece.text]


def _spans(folded: str, patterns: Sequence[re.Pattern[str]]) -> list[Span]:
    return [match.span() for pattern in patterns for match in pattern.finditer(folded)]


def _origin(span: Span, origins: list[int] | None) -> Span:
    if origins is None:
        return span
    start, end = span
    return origins[start], origins[end - 1] + 1


def _joined(spans: Iterable[Span]) -> list[Span]:
    """In order, and none that overlap or touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif end > start:
            joined.append((start, end))
    return joined
