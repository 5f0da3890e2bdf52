"""The open end of an answer: the element in which its text goes on, and which pieces of text may go straight there.

A piece that cannot change how the text before it is read is appended without parsing. Whoever is in doubt says None:
then the tail is parsed again.
"""

import re
from typing import Protocol

from markdown_it.token import Token

from .highlighting import CLOSING, language_of, opening
from .markdown import Block, block_html
from .markup import tag_html
from .pieces import LONGEST
from .sanitizing import escape_text

# Characters that may end, begin or change markup or an address, and white space that the parser trims.
SPACE = "\\x00-\\x1f\\x7f-\\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
MARKUP = SPACE + "*_~`\\[\\]!<>&\\\\$;/@|#^"
STOP = re.compile(f"[{MARKUP}]|[wW]\\.")
STOP_IN_LINK = re.compile(f"[{MARKUP})]|[wW]\\.")
STOP_IN_CODE = re.compile(f"[{SPACE}`#]")
# The beginning of a line after which no further character turns it into another kind of block.
COMMITTED = re.compile(r"""[ \t]*(?:[^\W\d_]|["'“‘(]|\*{1,3}[^\s*_-]|`{1,2}[^`]|\d+(?:[^\d.)]|[.)]\S))""")
ADDRESS = re.compile(r"://|@|www\.", re.IGNORECASE)
LOOKS_AHEAD = "*_~`[]!<&\\$:"


class Leaf(Protocol):
    """Where the text goes on. The HTML of the tail is head + added + closing."""

    depth: int
    head: str
    added: list[str]
    closing: str

    def take(self, piece: str) -> str | None:
        """What to append of the piece to the element's text, None if it must be parsed."""


class TextLeaf:
    """A paragraph, heading or item of plain text at its end. White space waits until a word follows.

    `room`: the characters that may come before the text is so long that it is shown in pieces.
    """

    def __init__(self, html: str, closing: str, source: str, stop: re.Pattern[str], room: int) -> None:
        self.head, self.closing = html.removesuffix(closing), closing
        self.depth = closing.count("</")
        self.added: list[str] = []
        self._room = room
        self._held, self._last, self._stop = source[len(source.rstrip(" ")) :], source[-1], stop.search

    def take(self, piece: str) -> str | None:
        """The piece, without the white space at its end, if no character of it can mean anything."""
        self._room -= len(piece)
        if self._room < 0 or self._stop(piece) or (self._last in ("w", "W") and piece[0] == "."):
            return None
        text = self._held + piece
        shown = text.rstrip(" ")
        self._held, self._last = text[len(shown) :], text[-1]
        if shown:
            self.added.append(escape_text(shown))
        return shown


class CodeLeaf:
    """An open code fence. A line end, and a line that may become the closing fence, wait until more is known.

    `nested`: in a list or quote, where the next line may belong elsewhere, only the rest of a line is taken.
    """

    def __init__(self, code: str, fence: str, head: str, after: str = "", nested: bool = False) -> None:
        self._closing_line = re.compile(rf"^ {{0,3}}{re.escape(fence)}{re.escape(fence[0])}*[ \t]*\n", re.MULTILINE)
        self._waiting = re.compile(rf" {{0,3}}{re.escape(fence[0])}*[ \t]*")
        self._held, self._inside, self.nested = "", False, nested
        self.head, self.closing = head, CLOSING + after
        self.depth = self.closing.count("</")
        self._room = LONGEST - len(code)
        self.shown = self._split(code)
        self.added = [escape_text(self.shown)]

    def take(self, piece: str) -> str | None:
        """The piece and what waited, without what must wait now."""
        self._room -= len(piece)
        if self._room < 0:
            return None
        if "\n" in piece or not self._inside:
            text = self._held + piece
            if self.nested or self._closing_line.search(text, text.find("\n") if self._inside else 0):
                return None
            piece = self._split(text)
        if piece:
            self.added.append(escape_text(piece))
        return piece

    def _split(self, text: str) -> str:
        """The part to show now; the rest is held."""
        cut = text.rfind("\n")
        waits = (cut >= 0 or not self._inside) and self._waiting.fullmatch(text, cut + 1)
        shown = text[: max(cut, 0)] if waits else text
        self._held, self._inside = text[len(shown) :], not waits
        return shown


class PlainLeaf:
    """A text that the parser cannot take: everything is appended as it comes."""

    depth = 1
    closing = "</p>"

    def __init__(self, text: str) -> None:
        self.head, self.added = '<p class="plain">', [escape_text(text)]

    def take(self, piece: str) -> str:
        """The piece."""
        self.added.append(escape_text(piece))
        return piece


def code_leaf(block: Block, source: str, visible: str) -> CodeLeaf | None:
    """The leaf of a block that ends in a fence without its closing line; `visible` is what of the source was parsed."""
    index = next((i for i in range(len(block.tokens) - 1, -1, -1) if block.tokens[i].nesting >= 0), 0)
    token = block.tokens[index]
    if token.type != "fence" or _is_closed(token, visible) or len(token.content) > LONGEST:
        return None
    lines = source.split("\n", block.line + 1)
    # A first line with a bar in it could still become the head of a table.
    plain = index == 0 and len(lines) == block.line + 2 and "|" not in token.info
    if plain and lines[block.line].startswith(token.markup):
        return CodeLeaf(lines[-1], token.markup, opening(language_of(token.info)))
    leaf = CodeLeaf(token.content, token.markup, "", _closing(block.tokens[index + 1 :]), nested=True)
    token.content, token.meta = leaf.shown, {"open": True}
    leaf.head, leaf.added = block_html(block).removesuffix(leaf.closing), []
    return leaf


def _is_closed(token: Token, source: str) -> bool:
    first, end = token.map or (0, 0)
    content = token.content
    lines = content.count("\n") + bool(content and not content.endswith("\n"))
    return end - first > 1 + lines and end <= source.count("\n")


def text_leaf(block: Block, html: str, source: str) -> TextLeaf | None:
    """The leaf of a block that ends in text to which words can be appended."""
    tokens = block.tokens
    index = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i].nesting >= 0), 0)
    token = tokens[index]
    if token.type != "inline" or "closing" not in token.meta or not _goes_on(token.content, source):
        return None
    closing = token.meta["closing"] + _closing(tokens[index + 1 :])
    if not html.endswith(closing) or not (COMMITTED.match(_last_line(token.content)) or _in_row(tokens, source)):
        return None
    if token.meta["closing"].startswith("</code>"):
        stop = STOP_IN_CODE
    else:
        stop = STOP_IN_LINK if "](" in token.content else STOP
    return TextLeaf(html, closing, source, stop, LONGEST - len(token.content))


def _goes_on(content: str, source: str) -> bool:
    """Whether the next word just continues the text: the last characters look at nothing ahead."""
    line = _last_line(content)
    if not line or not source.rstrip(" ").endswith(line) or (source[-1] != " " and line[-1] in LOOKS_AHEAD):
        return False
    return line[-1] != "\\" and not content.startswith("[") and not ADDRESS.search(line[-300:].rsplit(" ", 1)[-1])


def _in_row(tokens: list[Token], source: str) -> bool:
    return tokens[-1].type == "table_close" and _last_line(source).lstrip(" \t").startswith("|")


def _last_line(text: str) -> str:
    return text[text.rfind("\n") + 1 :]


def _closing(tokens: list[Token]) -> str:
    return "".join(tag_html(token) for token in tokens if not token.hidden)
