"""Text from people and models is data: stored as it came. Only what no database can hold is replaced, visibly."""

import re
from collections.abc import Iterable

import regex

from chatbot_site.storable import REPLACEMENT, storable_text

TITLE_FROM = 4_000  # characters of a text in which its title is looked for
_LINE_END = re.compile(r"\r\n?")
# What reorders the line around it or cannot be seen; not the joiners and variation selectors, which belong to letters
# and emoji.
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SAYS = regex.compile(r"[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]|[\p{Co}\p{Cn}]")
_SEEN = regex.compile(r"(?V1)[[\p{L}\p{N}\p{P}\p{S}\s]--[\p{Default_Ignorable_Code_Point}\u2800]]")
_CLUSTER = regex.compile(r"\X")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})[^`]*\Z")


def storable(text: str) -> str:
    """`text` with NUL and lone surrogates replaced by U+FFFD and line ends made LF (a form sends CRLF)."""
    text = storable_text(text)
    return _LINE_END.sub("\n", text) if "\r" in text else text


def storable_piece(piece: str) -> str:
    """The same for a piece of a stream, whose line ends may be cut in two: they are left to the reader."""
    return storable_text(piece)


def says_something(text: str) -> bool:
    """Whether anything of it can be seen: more than blanks, controls, joiners, and what could not be stored."""
    return _SAYS.search(text.replace(REPLACEMENT, "")) is not None


def seen_length(text: str) -> int:
    """How many letters, digits, signs and blanks between them can be seen; 0 where no letter or digit is among them."""
    seen = " ".join("".join(_SEEN.findall(text)).split())
    return len(seen) if any(sign.isalnum() for sign in seen) else 0


def one_line(text: str) -> str:
    """A name or title as one line: no control characters, nothing that turns the direction of what stands around it.

    Empty where there is nothing to see.
    """
    line = " ".join(_CONTROL.sub(" ", _UNSEEN.sub("", text)).split())
    return line if _SAYS.search(line) else ""


def cut(text: str, length: int) -> str:
    """The beginning of `text`, at most `length` code points, without half a letter or emoji at its end."""
    if len(text) <= length:
        return text
    end = 0
    for cluster in _CLUSTER.finditer(text, endpos=length + 1):
        if cluster.end() > length:
            break
        end = cluster.end()
    return text[: end or length]


def shortened(line: str, length: int) -> str:
    """`line`, cut between words where that leaves enough, with a sign that it was cut."""
    if len(line) <= length:
        return line
    kept = cut(line, length - 1)
    head, space, _ = kept.rpartition(" ")
    return (head if space and len(head) > length // 2 else kept).rstrip(" ,.;:") + "…"


def title_of(text: str, length: int = 60) -> str:
    """A conversation's first title: the first line of the first question that says something, cut between words.

    Marks of markdown are left out, but not characters that are content; code gives the title where there is no text.
    """
    from conversations.rendering import wording  # what only stores a text does without the parser

    beginning = text[:TITLE_FROM]
    try:
        found = list(wording.lines(beginning))
    except RecursionError:
        found = []
    prose = [line for line, is_code in found if not is_code]
    code = [line for line, is_code in found if is_code]
    # What is markup alone, such as "***", is what was said where nothing else was.
    bare = [line for line in beginning.splitlines() if not _FENCE.match(line)]
    return shortened(_first([*prose, *code, *bare]), length)


def first_title(text: str, file_names: Iterable[str] = ()) -> str:
    """What a conversation that begins with this question and these files is called."""
    return title_of(text) or shortened(" ".join(file_names), 60)


def _first(lines: Iterable[str]) -> str:
    return next((line for line in map(one_line, lines) if line), "")
