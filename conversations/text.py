"""Text from people and models is data: stored as it came. Only what no database can hold is replaced, visibly."""

import re

REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNSEEN = "\u3164\uffa0\u115f\u1160\u2800\ufffd"  # fillers, which count as letters; and what could not be stored
_LINE_END = re.compile(r"\r\n?")


def storable(text: str) -> str:
    """`text` with NUL and lone surrogates replaced by U+FFFD and line ends made LF (a form sends CRLF)."""
    text = _UNSTORABLE.sub(REPLACEMENT, text)
    return _LINE_END.sub("\n", text) if "\r" in text else text


def storable_piece(piece: str) -> str:
    """The same for a piece of a stream, whose line ends may be cut in two: they are left to the reader."""
    return piece if piece.isascii() and "\x00" not in piece else _UNSTORABLE.sub(REPLACEMENT, piece)


def says_something(text: str) -> bool:
    """Whether anything of it can be seen: more than blanks, controls and joiners."""
    return any(c.isprintable() and not c.isspace() and c not in _UNSEEN for c in text)


def title_of(text: str, length: int = 60) -> str:
    """A conversation's first title: the first line of the first question that says something, cut between words."""
    line = next((stripped for line in text.splitlines() if (stripped := _bare(line))), "")
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > length // 2 else cut).rstrip(" ,.;:") + "…"


def _bare(line: str) -> str:
    """`line` without markdown's marks at its ends and without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in line)
    return " ".join(printable.split()).strip("#>*`_~-= ")
