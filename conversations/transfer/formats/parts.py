"""What every parser does with roles and pieces that it does not know: their text is imported, and they are counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from conversations.text import storable_piece
from conversations.transfer.formats.common import is_file, joined, transcript, unknown
from conversations.transfer.tree import Node, Role
from conversations.transfer.values import Value

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "human", "you", "me", "prompt"), "user"),
    **dict.fromkeys(("assistant", "ai", "bot", "model", "gpt", "chatbot", "claude", "response"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function"), "tool"),
}
# Where an object of no known kind has words that people read. Of several renditions of one text the first one counts.
_RENDITIONS = ("text", "markdown", "value", "content", "html")
_WORDED = frozenset({
    *_RENDITIONS, "parts", "body", "caption", "transcript", "transcription", "title", "name", "label", "subject",
    "subtitle", "heading", "header", "footer", "summary", "description", "message", "question", "answer", "quote",
    "alt", "alt_text", "refusal", "thinking", "lines", "paragraphs", "items", "options", "rows", "cells", "note",
})  # fmt: skip
TEXTS = ("text", "input_text", "output_text", "refusal")  # pieces of a message as they are sent to models
_PLAIN = ("text", "value", "content", "parts", "refusal")
_NO_WORDS = re.compile(r"\A\s*+(?:data:|file-service:|sediment:)\S*+\s*+\Z|\A[A-Za-z0-9+/=_-]{200,}+\Z")
_SENTENCE = re.compile(r"\b[^\W\d_]{2,}+[,;:]?+\s++[^\W\d_]{2}|[^\x00-\x7f]")  # under whatever name it stands
_ABOUT = frozenset({"model", "created_at", "updated_at", "timestamp", "date", "mime_type", "mimeType", "language"})


def role_named(name: str) -> Role | None:
    """The role, in capitals or not, by any of the names that products have for it."""
    return _ROLES.get(name.strip().lower())


def name_of(author: Value) -> str:
    """The name of a role, which may stand in an object."""
    return author.first("role", "name").text() or author.text()


def take_role(node: Node, name: str, notes: Counter[str], what: str = "role") -> None:
    """Give `node` the role `name`. What somebody says whom nobody here knows is quoted in the place of an answer."""
    role = role_named(name)
    if role is None:
        unknown(f"{what} {name}", notes)
        node.is_quoted, node.speaker = True, name
    node.role = role or "assistant"


def said(part: Value, known: Collection[str], what: str, notes: Counter[str], kind: str | None = None) -> str:
    """The text of a piece. One that is of none of the `known` kinds is counted, and has more than one text perhaps."""
    if isinstance(part.data, list):
        return joined([_in_list(one, known, what, notes) for one in part.items()])
    text = transcript(part)
    if text and is_file(part):
        notes["attachments"] += 1  # the recording itself
        return text
    text = part.text()
    if not isinstance(part.data, dict):
        return text
    kind = part.get("type").text() if kind is None else kind
    if kind in known and (text.strip() or not everything(part)):
        return text
    if kind or not any(part.has(name) for name in _PLAIN):
        unknown(f"{what} {kind}", notes)
    return everything(part) or text


def _in_list(part: Value, known: Collection[str], what: str, notes: Counter[str]) -> str:
    return everything(part) if isinstance(part.data, list) else said(part, known, what, notes)


def everything(value: Value) -> str:
    """All the text that people would read in an object of no known shape, as it stands there, however deep."""
    return joined([storable_piece(text).strip("\n") for text in texts_in(value.data)])


def texts_in(data: Any) -> Iterator[str]:
    """The same, one after the other."""
    waiting: list[tuple[bool, Any]] = [(True, data)]  # whether it stands where words do
    while waiting:
        is_worded, one = waiting.pop()
        if isinstance(one, str):
            if one.strip() and not _NO_WORDS.match(one) and (is_worded or _SENTENCE.search(one)):
                yield one
        elif isinstance(one, list):
            waiting += [(is_worded, item) for item in reversed(one)]
        elif isinstance(one, dict):
            waiting += [(_is_worded(key), one[key]) for key in reversed(_once(one))]


def _is_worded(key: str) -> bool:
    return key.lower() in _WORDED


def _once(data: dict[str, Any]) -> list[str]:
    """The names in it without other renditions of the same text, and what is only said about it."""
    first = next((name for name in _RENDITIONS if data.get(name)), "")
    return [key for key in data if key not in _ABOUT and (key == first or key not in _RENDITIONS)]
