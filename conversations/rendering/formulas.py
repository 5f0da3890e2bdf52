"""Formulas: `$..$`, `$$..$$`, `\\(..\\)` and `\\[..\\]` become MathML.

Prices stay prices: `$` opens only before a character that is no space and not after a letter or digit, and the next `$`
must close: no space before it, no letter or digit after it. A line that is just `$$` or `\\[`, or goes on with
`\\begin`, opens a block that runs like a code fence: to the line that ends in its closing sign, or to the end.
"""

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import tostring

from markdown_it import MarkdownIt
from markdown_it.rules_block.state_block import StateBlock
from markdown_it.rules_inline.state_inline import StateInline

from .sanitizing import clean, escape_text

MAX_LENGTH = 2000
MAX_MATHML = 100_000
CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
OPENING_LINE = re.compile(r"\s*(\\begin\b.*)?")
# These define macros (a few lines can grow without bound) or set colours that no theme knows.
REFUSED = re.compile(r"\\(?:re)?newcommand|\\providecommand|\\def\b|\\gdef\b|\\let\b|\\(?:text|page|f)?color")
# Environments that the library does not know, by those that look the same; "" leaves just the content. Unnumbered.
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+)\*?\}")
ENVIRONMENTS = {
    "align": "align*", "aligned": "split", "alignat": "split", "alignedat": "split", "eqnarray": "split",
    "dcases": "cases",
    "gather": "matrix", "gathered": "matrix", "multline": "matrix", "equation": "", "displaymath": "", "math": "",
}  # fmt: skip


def install(md: MarkdownIt) -> None:
    """Adds the block rule and the inline rule."""
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "formula_block", _formula_block, {"alt": interrupted})
    md.inline.ruler.before("escape", "formula", _formula)


@lru_cache(maxsize=256)
def to_html(latex: str, display: bool) -> str:
    """Clean MathML of a formula; where it cannot be converted, its source in <code class="formula">."""
    return _mathml(latex.strip(), display) or f'<code class="formula">{escape_text(latex.strip())}</code>'


def _mathml(latex: str, display: bool) -> str:
    if not latex or len(latex) > MAX_LENGTH or REFUSED.search(latex):
        return ""
    try:
        mathml = _converted(latex, "block" if display else "inline")
    except Exception:  # its parser raises whatever comes: IndexError, KeyError, RecursionError, its own
        return ""
    return clean(mathml) if len(mathml) <= MAX_MATHML else ""


def _converted(latex: str, display: str) -> str:
    """MathML, escaped. The library's own writer does not escape, so its tree is written here."""
    from latex2mathml.converter import convert_to_element

    tree = convert_to_element(ENVIRONMENT.sub(_known_environment, latex), display=display)
    for element in tree.iter():
        element.text = unescape(element.text or "")
    return tostring(tree, encoding="unicode")


def _known_environment(match: re.Match[str]) -> str:
    name = ENVIRONMENTS.get(match[2])
    return match[0] if name is None else f"\\{match[1]}{{{name}}}" if name else ""


def _formula(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source[start] not in "$\\":
        return False
    sign = source[start : start + 2]
    found = _between(state, sign) if sign in CLOSING else _single_dollar(state)
    if found is None:
        return False
    begin, end, after = found
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = source[begin:end]
        token.meta = {"display": sign in ("$$", "\\[")}
    state.pos = after
    return True


def _between(state: StateInline, sign: str) -> tuple[int, int, int] | None:
    """Bounds of the content and the position after the closing sign."""
    begin = state.pos + 2
    end = state.src.find(CLOSING[sign], begin, min(state.posMax, begin + MAX_LENGTH + 2))
    if end < 0 or not state.src[begin:end].strip():
        return None
    return begin, end, end + 2


def _single_dollar(state: StateInline) -> tuple[int, int, int] | None:
    source, begin = state.src, state.pos + 1
    if source[state.pos] != "$" or _is_word(source[state.pos - 1 : state.pos]):
        return None
    end = _next_dollar(source, begin, min(state.posMax, begin + MAX_LENGTH + 1))
    if end <= begin or source[begin].isspace() or source[end - 1].isspace() or _is_word(source[end + 1 : end + 2]):
        return None
    return begin, end, end + 1


def _next_dollar(source: str, begin: int, limit: int) -> int:
    end = source.find("$", begin, limit)
    while end > 0 and _is_escaped(source, end):
        end = source.find("$", end + 1, limit)
    return end


def _is_escaped(source: str, position: int) -> bool:
    before = source[max(0, position - 20) : position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _formula_block(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    if state.is_code_block(startLine):
        return False
    line = _line(state, startLine)
    sign, rest = line[:2], line[2:].strip()
    if sign not in ("$$", "\\["):
        return False
    one_line = _content_of_one_line(rest, CLOSING[sign])
    if one_line is None and not OPENING_LINE.fullmatch(rest):
        return False
    if silent:
        return True
    content, after = (one_line, startLine + 1) if one_line is not None else _lines(state, startLine, endLine, sign)
    token = state.push("formula_block", "math", 0)
    token.content, token.map = content if content.strip() else line, [startLine, after]
    state.line = after
    return True


def _content_of_one_line(rest: str, closing: str) -> str | None:
    """The formula of a line that is nothing but one formula, else None."""
    content = rest.removesuffix(closing)
    return content if content != rest and content.strip() and closing not in content else None


def _lines(state: StateBlock, first: int, end: int, sign: str) -> tuple[str, int]:
    """Content of a formula of several lines, and the line after it."""
    closing, content = CLOSING[sign], [_line(state, first)[2:]]
    for number in range(first + 1, end):
        line = _line(state, number)
        if line and state.sCount[number] < state.blkIndent:
            return "\n".join(content), number
        if line.endswith(closing):
            return "\n".join([*content, line.removesuffix(closing)]), number + 1
        content.append(line)
    return "\n".join(content), end


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].strip(" \t")
