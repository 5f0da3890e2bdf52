"""Very long runs of text in pieces, each laid out by itself.

A browser breaks a million characters that are one text into lines for half a minute, and their HTML is cleaned for
nearly as long. The text is the same. A piece ends at a blank or line end where one is near, and never within a letter
or emoji; the first one stands bare.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from .sanitizing import escape_text

LONGEST = 60_000  # characters that stay one text
_PIECE = 4_000
_NEAR = 400  # before the end of a piece: a blank there ends it
_CLUSTER = regex.compile(r"\X")
_LONGEST_CLUSTER = 64


def split(text: str) -> Iterator[str]:
    """`text` cut into pieces; one alone where it is not long."""
    start = 0
    if len(text) > LONGEST:
        while len(text) - start > _PIECE:
            end = _end(text, start)
            yield text[start:end]
            start = end
    yield text[start:]


def in_pieces(text: str) -> str:
    """Escaped text, of a paragraph or the like."""
    if len(text) <= LONGEST:
        return escape_text(text)
    first, *others = split(text)
    return "".join([escape_text(first), *(f'<span class="piece">{escape_text(part)}</span>' for part in others)])


def code_in_pieces(code: str) -> str:
    """Escaped code: a piece that does not end its line is followed by the next on the same line."""
    first, *others = split(code)
    if not others:
        return escape_text(first)
    classes = ("piece" if part.endswith("\n") else "piece run" for part in (first, *others))
    return "".join(
        f'<span class="{name}">{escape_text(part)}</span>' for name, part in zip(classes, (first, *others), strict=True)
    )


def _end(text: str, start: int) -> int:
    limit = start + _PIECE
    for sign in "\n ":
        end = text.rfind(sign, limit - _NEAR, limit) + 1
        if end:
            return end
    for cluster in _CLUSTER.finditer(text, limit - _LONGEST_CLUSTER, limit + _LONGEST_CLUSTER):
        if cluster.end() > limit:
            return cluster.start() if cluster.start() > limit - _LONGEST_CLUSTER else limit
    return limit
