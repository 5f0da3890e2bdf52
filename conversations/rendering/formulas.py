"""Formulas: `$..$`, `$$..$$`, `\\(..\\)`, `\\[..\\]`, environments like `\\begin{align}` and ```math become MathML.

Here are those inside a line; display.py has those on lines of their own.

Prices stay prices. A single `$` opens before a character that is no space, and not after a letter; the next `$` must
close, with no space before it and no digit after it. After a digit only what begins like an expression opens (`3$x$`);
before a letter only what ends like one closes (`$n$th`, but not `$HOME/$USER`); an amount and a word make no formula.
Indices, exponents and single commands may touch anything (`H$_2$O`, `25$^\\circ$C`, `3$\\times$4`), and with a space at
both ends only what no price or prompt looks like is a formula (`$ x = 1 $`, but not `$ 5 and $ 6`).
"""

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_inline.state_inline import StateInline

from . import budget, display
from .delimiters import TWO_WORDS, Opener, is_escaped, is_placeholder, is_prose, opener_at
from .mathml import MAX_LENGTH, is_long, mathml
from .sanitizing import escape_text

__all__ = ["MAX_LENGTH", "block_html", "fence_html", "inline_html", "install", "to_html"]

PUNCTUATION = ".,;:!?。，、；：！？…"
# What no formula is, between two single dollars.
AMOUNT = re.compile(
    r"\d[\d.,]*(?:[kKmMbB]|bn|mn)?[ \n]+"
    r"""(?:(?!(?:mod|div|gcd|lcm|log|sin|cos|tan|max|min|exp)\b)[^\W\d_]{2}"""
    r"""|[(\["'\u2013\u2014]+[^\W\d_]{2,}[ '\u2019])"""
)
AFTER_DIGIT = re.compile(r"[a-zA-Z\\({|]")
TEX = re.compile(r"\\[a-zA-Z\\]|[_^]\{")
PROSE_AFTER_DIGIT = re.compile(r"(?<![\w{])[^\W\d_]{2,} ")
BEFORE_LETTER = re.compile(r"(?!\w{3,}$)(?s:.*)[\w)}\]|'!*]")
SCRIPT = r"[_^](?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[a-zA-Z]+(?:\{[^{}]*\})?|[0-9A-Za-z+\-*'])"
GLUED = re.compile(rf"\\[a-zA-Z]+|[<>]|(?:{SCRIPT})+")  # what has its `$` between two characters of a word or number
COMMAND = re.compile(r"\\[a-zA-Z]")
NO_EXPRESSION = re.compile(r"\w [\w(]|[^\W\d_]{3}")


def install(md: MarkdownIt) -> None:
    """Adds the block rules and the inline rule."""
    display.install(md)
    md.inline.ruler.before("escape", "formula", _formula)


def to_html(latex: str, is_display: bool, after: str = "") -> str:
    """Clean MathML of a formula and the punctuation after it; its source in <code> where it cannot be converted."""
    source = latex.strip()
    found = _mathml(source, is_display, after) if budget.allows_decoration() else ""
    return found or _source_html(source) + escape_text(after)


_mathml = lru_cache(maxsize=256)(mathml)


def _source_html(source: str) -> str:
    return f'<code class="formula">{escape_text(source)}</code>'


def inline_html(latex: str, is_display: bool, after: str = "") -> str:
    """HTML of a formula in a paragraph. What may be wider than a phone is in an element that scrolls."""
    html = to_html(latex, is_display, after)
    return f'<span class="formula" tabindex="0">{html}</span>' if is_long(html) else html


def block_html(latex: str, after: str = "", is_open: bool = False) -> str:
    """HTML of a formula on lines of its own; one that is still being written is shown as its source."""
    html = _source_html(latex.strip()) if is_open else to_html(latex, True, after)
    return f'<div class="formula" tabindex="0">{html}</div>'


def fence_html(content: str) -> str:
    """HTML of a ```math fence: a formula for each part between blank lines."""
    parts = [part.strip() for part in re.split(r"\n[ \t]*\n", content)]
    return "".join(block_html(_without_signs(part)) for part in parts if part) or block_html(content)


def _without_signs(part: str) -> str:
    opener = opener_at(part, 0)
    if opener is None or opener.is_environment or not part.endswith(opener.closing):
        return part
    return part[opener.end : -len(opener.closing)]


def _formula(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source[start] not in "$\\":
        return False
    opener = opener_at(source, start)
    is_display = opener is not None and opener.sign != "\\("
    found = _single_dollar(state) if opener is None else _between(state)
    if found is None:
        return opener is not None and _as_written(state, opener, silent)
    begin, end, after = found
    punctuation = source[after : after + 1] if is_display and source[after : after + 1] in PUNCTUATION else ""
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = source[begin:end]
        token.meta = {"display": is_display, "after": punctuation}
    state.pos = after + len(punctuation)
    return True


def _between(state: StateInline) -> tuple[int, int, int] | None:
    """Bounds of the content and the position after the closing sign."""
    opener = opener_at(state.src, state.pos)
    if opener is None:
        return None
    end = opener.closed_in(state.src, opener.end, state.posMax)
    content, after = state.src[opener.end : end], end + len(opener.closing)
    if end < 0 or not content.strip() or ("\n" in content and opener.start and is_prose(content)):
        return None
    if opener.sign == "\\[" and (content.isdecimal() or is_placeholder(content)):
        return None
    return (opener.start, after, after) if opener.is_environment else (opener.end, end, after)


def _as_written(state: StateInline, opener: Opener, silent: bool) -> bool:
    """A formula without an end, at the beginning of a line: its lines stay as they are, backslashes and all."""
    if opener.sign == "\\(" or state.src[state.pos - 1 : state.pos] not in ("", "\n"):
        return False
    end = _end_of_line(state, state.pos)
    first = state.src[state.pos : end]
    if "]" in first or is_prose(first):
        return False
    lines = [first]
    while end < state.posMax:
        line = state.src[end + 1 : _end_of_line(state, end + 1)]
        if not TEX.search(line) or is_prose(line):
            break
        lines.append(line)
        end += 1 + len(line)
    if not silent:
        for index, line in enumerate(lines):
            if index:
                state.push("softbreak", "br", 0)
            state.push("text", "", 0).content = mdTrim(line)
    state.pos = end
    return True


def _end_of_line(state: StateInline, position: int) -> int:
    end = state.src.find("\n", position, state.posMax)
    return state.posMax if end < 0 else end


def _single_dollar(state: StateInline) -> tuple[int, int, int] | None:
    source, begin = state.src, state.pos + 1
    before = source[begin - 2 : begin - 1] if begin > 1 else ""
    first = source[begin : begin + 1]
    if source[state.pos] != "$" or first in ("", "$") or (is_letter(before) and first not in "^_\\<>"):
        return None
    if before == "$" and (state.pending or not state.tokens or state.tokens[-1].type != "formula"):
        return None
    end = _next_dollar(source, begin, min(state.posMax, begin + MAX_LENGTH + 1))
    if end <= begin or not is_expression(source[begin:end], before, source[end + 1 : end + 2]):
        return None
    if source[begin] == source[end - 1] == "`" and end - begin > 2:  # as GitHub and GitLab write them
        return begin + 1, end - 1, end + 1
    return begin, end, end + 1


def is_expression(content: str, before: str, after: str) -> bool:
    """Whether what stands between two dollars is a formula, by itself and by the characters before and after."""
    if GLUED.fullmatch(content):
        return True
    if is_letter(before):
        return False
    if content[0] == content[-1] == " " and _may_be_spaced(content[1:-1], before, after):
        return True
    if content[0].isspace() or content[-1].isspace() or content[-1] == "/" or AMOUNT.match(content):
        return False
    if before.isdecimal() and (not AFTER_DIGIT.match(content) or is_prose(content, PROSE_AFTER_DIGIT)):
        return False
    if is_letter(after) or after in ("_", "{"):
        return bool(BEFORE_LETTER.fullmatch(content)) and _is_balanced(content)
    return not after.isdecimal()


def _may_be_spaced(content: str, before: str, after: str) -> bool:
    """Whether it is surely a formula: with a command, or with an operator and nothing but signs between its names."""
    if is_letter(after) or (before + after).isdecimal() or "\n" in content:
        return False
    if not BEFORE_LETTER.fullmatch(content[-1:]) or content[:1] == " ":
        return False
    if COMMAND.search(content):
        return not is_prose(content, TWO_WORDS)
    return any(sign in content for sign in "=^_") and not NO_EXPRESSION.search(content)


def _is_balanced(content: str) -> bool:
    return all(content.count(left) == content.count(right) for left, right in ("()", "[]", "{}"))


def _next_dollar(source: str, begin: int, limit: int) -> int:
    end = source.find("$", begin, limit)
    while end > 0 and is_escaped(source, end):
        end = source.find("$", end + 1, limit)
    return end


def is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()
