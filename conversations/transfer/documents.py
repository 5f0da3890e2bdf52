"""Documents that were written through a tool beside a conversation, in the text of the answers they belong to.

Canvases, artifacts, created files: each version that an answer made stands in it as a block of code with its title.
What only changes a document shows it as it has become; the documents of an answer are those of its own branch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from conversations.text import cut, one_line

VERSIONS_CHARACTERS = 4_000_000  # of a conversation: documents shown once more because a piece of them was changed
FAR_BACK = 1000  # revisions that are looked through for a document
TITLE_LENGTH = 200
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,30}\Z")
_TICKS = re.compile("`{3,}")
_FRAME = re.compile(r"([ \t]*+):::(?:writing|artifact)\b([^\n]*+)")
_FENCE = re.compile(r"[ \t>]*+(`{3,}+|~{3,}+)([^`\n]*+)")
_TITLE = re.compile(r'\b(?:title|subject)="([^"]*)"')
_MEDIA_TYPES = {
    "text/html": "html",
    "text/markdown": "markdown",
    "image/svg+xml": "svg",
    "mermaid": "mermaid",
    "react": "jsx",
    "document": "markdown",
}
_ENDINGS = {"py": "python", "js": "javascript", "ts": "typescript", "md": "markdown", "sh": "bash", "txt": ""}


@dataclass(frozen=True, slots=True)
class Edit:
    """`new` instead of the first `old`, or of each one; of everything where `old` is None."""

    old: str | None
    new: str
    is_for_each: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """What a tool did to the document `key`; without a key, to the one that was worked on last."""

    key: str = ""
    title: str = ""
    language: str = ""
    edits: Sequence[Edit] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """As they are at the end of a message: the last one, and those before it, which all branches share."""

    key: str
    last: Document
    before: Documents | None

    def get(self, key: str) -> Document | None:
        """The document `key`; "" is the last one. None where it is not there, or was not touched for long."""
        at: Documents | None = self
        for _ in range(FAR_BACK):
            if at is None or key in ("", at.key):
                break
            at = at.before
        return at.last if at is not None and key in ("", at.key) else None


Piece = str | Revision


class Room:
    """How much may still be shown again of documents that only change; what is written anew always is."""

    def __init__(self, characters: int = VERSIONS_CHARACTERS) -> None:
        self._left = characters

    def take(self, characters: int) -> bool:
        """Whether there is so much, which then is used."""
        if characters > self._left:
            return False
        self._left -= characters
        return True


def told(pieces: Sequence[Piece], before: Documents | None, room: Room) -> tuple[str, Documents | None]:
    """The text of a message, and the documents after it."""
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
        else:
            said, before = _revised(piece, before, room)
            texts.append(said)
    # A text by itself stays as it is, blank as it may be: what this product has exported comes back the same.
    return texts[0] if len(texts) == 1 else "\n\n".join(text for text in texts if text.strip()), before


def _revised(revision: Revision, before: Documents | None, room: Room) -> tuple[str, Documents | None]:
    old = (before.get(revision.key) if before else None) or Document("", "", "")
    text = _edited(old.text, revision.edits, room)
    title, language = revision.title or old.title or revision.key, revision.language or old.language
    if text is None:
        pieces = "\n\n".join(edit.new for edit in revision.edits)  # what has become of the rest, nobody can say
        return (block(pieces, title, language) if pieces.strip() else ""), before
    document = Document(title, language, text)
    return block(text, title, language), Documents(revision.key, document, before)


def _edited(text: str, edits: Sequence[Edit], room: Room) -> str | None:
    """The text after all edits; None where one does not fit, or there is no more room."""
    for edit in edits:
        if edit.old is None:
            text = edit.new
            continue
        if not edit.old or not room.take(len(text)):
            return None
        count = text.count(edit.old) if edit.is_for_each else int(edit.old in text)
        if not count or not room.take(max(count * (len(edit.new) - len(edit.old)), 0)):
            return None  # counted before it is made: a few letters may stand for gigabytes
        text = text.replace(edit.old, edit.new, count)
    return text


def block(text: str, title: str = "", language: str = "") -> str:
    """`text` as a block of code that nothing in it can close, under its title."""
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in _TICKS.findall(text))])
    body = text.strip("\n")
    return titled(f"{fence}{_info(language)}\n{body}\n{fence}", title)


def titled(text: str, title: str) -> str:
    """`text` under a title, where there is one."""
    heading = _heading(title)
    return "\n\n".join(filter(None, (f"**{heading}**" if heading else "", text)))


def quoted(text: str, speaker: str = "") -> str:
    """`text` as a quotation, under the name of whoever said it, where that is known."""
    return "\n".join(f"> {line}".rstrip() for line in titled(text.strip("\n"), speaker).split("\n"))


def unboxed(text: str) -> str:
    """Without the lines that put a frame around a letter or an artifact in the text; their title stays.

    A line in a block of code ends no frame, unless the block never ends. A frame may end with the text.
    """
    if ":::" not in text:
        return text
    lines = text.split("\n")
    last_fence = max((number for number, line in enumerate(lines) if _FENCE.match(line)), default=-1)
    kept: list[str] = []
    fence, is_framed = "", False
    for number, line in enumerate(lines):
        found, frame = _FENCE.match(line), _FRAME.fullmatch(line)
        is_code = bool(fence) and number <= last_fence
        if is_framed and not is_code and line.strip() == ":::":
            kept += [fence] if fence else []
            fence, is_framed = "", False
        elif frame and not is_code:
            kept += _title_lines(frame)
            is_framed = True
        else:
            kept.append(line)
            fence = _fence_after(fence, found)
    return "\n".join(kept)


def _title_lines(frame: re.Match[str]) -> list[str]:
    title = _TITLE.search(frame[2])
    return [f"{frame[1]}**{_heading(title[1])}**", ""] if title and _heading(title[1]) else []


def _fence_after(fence: str, found: re.Match[str] | None) -> str:
    """The fence of the block of code that is open after a line that may have one."""
    if found is None:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) and not found[2].strip() else fence


def _heading(title: str) -> str:
    return cut(one_line(title), TITLE_LENGTH).replace("*", "\\*")


def _info(language: str) -> str:
    return language if _LANGUAGE.match(language) else ""


def language_of(kind: str) -> str:
    """The language of a document's kind as products name it: a media type, "code/python", "document"."""
    name = kind.rpartition(".")[2] if kind.startswith("application/") else kind  # of whichever product
    return _MEDIA_TYPES.get(name, kind.removeprefix("code/") if kind.startswith("code/") else "")


def language_of_file(path: str) -> str:
    ending = path.rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""
    return _ENDINGS.get(ending, ending)
