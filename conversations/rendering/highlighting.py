"""Code: Pygments' tokens as spans with one short class each. Colours are in static/css/conversation.css.

Pygments knows some eighty classes; a reader tells a dozen colours apart. The dozen here keep pages and patches small:
c comment, k keyword, s text, m number, f function or class, b built-in, d decorator, v variable, t tag,
gd gi gh changes. What a lexer calls an error is plain text: models write fragments, prompts and pseudo-code.
"""

import re
from functools import cache, lru_cache
from time import thread_time
from typing import Any

from . import budget
from .lexers import lexer_of
from .pieces import code_in_pieces
from .sanitizing import escape_text

MAX_HIGHLIGHTED = 20_000  # characters
MAX_LINE = 2_000  # many lexers look for the end of a line again and again
MAX_SECONDS = 0.2  # CPU time for one block; some lexers are quadratic where code is broken
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
CLASS_OF = {
    "Comment": "c", "Keyword": "k", "Operator.Word": "k",
    "Literal.String": "s", "Literal.Date": "s", "Literal.Number": "m",
    "Name.Function": "f", "Name.Class": "f", "Name.Namespace": "f", "Name.Exception": "f", "Name.Builtin": "b",
    "Name.Decorator": "d", "Name.Attribute": "d", "Name.Variable": "v", "Name.Constant": "v", "Name.Tag": "t",
    "Generic.Deleted": "gd", "Generic.Inserted": "gi", "Generic.Heading": "gh", "Generic.Subheading": "gh",
}  # fmt: skip


def language_of(info: str) -> str:
    """The language named by a fence's info string: its first word, in lower case, as far as it looks like one."""
    match = LANGUAGE.match(info.strip().lower())
    return match[0] if match else ""


def to_html(code: str, language: str, highlight: bool = True) -> str:
    """A labelled figure of code. `language` comes from `language_of`; unknown ones and long code stay plain."""
    inner = _highlighted(code, language) if highlight and language and _may_have_colours(code) else ""
    return opening(language) + (inner or code_in_pieces(code)) + CLOSING


def _may_have_colours(code: str) -> bool:
    if len(code) > MAX_HIGHLIGHTED or not budget.allows_decoration():
        return False
    return len(code) <= MAX_LINE or max(map(len, code.split("\n"))) <= MAX_LINE


def opening(language: str) -> str:
    """Everything of the figure before the code itself."""
    name = f" language-{language}" if language else ""
    return (
        f'<figure class="code"><figcaption><span>{escape_text(language)}</span></figcaption>'
        f'<pre tabindex="0"><code class="highlight{name}">'
    )


CLOSING = "</code></pre></figure>"


@lru_cache(maxsize=32)
def _highlighted(code: str, language: str) -> str:
    """The code in spans; "" where no lexer is known, or it fails, takes too long or changes the text."""
    lexer = lexer_of(language)
    if lexer is None:
        return ""
    tokens: list[tuple[str, str]] = []
    end = thread_time() + MAX_SECONDS
    try:
        for kind, value in lexer.get_tokens(code + "\n"):  # many rules want the end of the last line
            tokens.append((_class(kind), value))
            if thread_time() > end:
                return ""
    except Exception:  # some five hundred lexers, each with bugs of its own
        return ""
    return _spans(_without_end(tokens)) if "".join(value for _, value in tokens) == code + "\n" else ""


def _without_end(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the line end that the last line was given."""
    while tokens and not tokens[-1][1]:
        tokens.pop()
    name, value = tokens.pop()
    return [*tokens, (name, value[:-1])]


def _spans(tokens: list[tuple[str, str]]) -> str:
    """Neighbours of one class share a span; white space joins whatever stands before it."""
    pieces: list[str] = []
    last, start, values = "", 0, [value for _, value in tokens]
    for index, (name, value) in enumerate(tokens):
        if name != last and not value.isspace():
            pieces.append(_span(last, "".join(values[start:index])))
            last, start = name, index
    pieces.append(_span(last, "".join(values[start:])))
    return "".join(pieces)


def _span(name: str, text: str) -> str:
    escaped = escape_text(text)
    return f'<span class="{name}">{escaped}</span>' if name and text else escaped


@cache
def _class(kind: Any) -> str:
    """The short class of a Pygments token type, "" for plain text. Types are few, so the cache stays small."""
    names = tuple(kind)
    for length in range(len(names), 0, -1):
        if found := CLASS_OF.get(".".join(names[:length])):
            return found
    return ""
