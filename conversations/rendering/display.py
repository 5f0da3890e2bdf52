"""Formulas that stand on lines of their own, and paragraphs in which one takes several lines.

A line that begins with an opening sign begins a formula if its closing sign comes before a blank line and before what
is surely another block; so a sign that never closes swallows nothing. Lines inside may begin with anything else. Blank
lines are passed over only directly after a lone opening sign and directly before a closing one. After the closing sign
there may be punctuation or a number in brackets, which belong to the formula; with other text behind it, the formula
is part of a paragraph.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block.state_block import StateBlock

from .delimiters import TWO_WORDS, Opener, is_placeholder, is_prose, opener_at, unclosed

AFTER = re.compile(r"[.,;:!?…。，、；：！？]{0,3}|[ \t]*\((?:\d[\w.\-]*|[A-Z]\.?\d*)\)[.,;]?")
MARKERS = re.compile(r"(?:[-+*>]|#{1,6}|\d{1,9}[.)])[ \t]+")
HEADING = re.compile(r"#{1,6}[ \t]+[^\W\d_]{2}")
OTHER_BLOCK = re.compile(r"`{3}|~{3}|(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$|\|?[ \t]*:?-+:?[ \t]*\|[-:| \t]*$")
CUT_OFF = re.compile(r"[ \t]*(?:\\begin\b.*)?")  # the opening line of a formula that the end of an answer cuts off
MAX_CUT_OFF = 4000  # characters
MAX_LOOKS = 8
SIGNS, WORD = re.compile(r"[=^_+<>\\]"), re.compile(r"[^\W\d_]{2}")
SETEXT = re.compile(r"=+[ \t]*|-+[ \t]*")


@dataclass(slots=True)
class Formulas:
    """What the parser has found out about one text."""

    possible: bool  # whether the text has any sign of a display formula
    failures: dict[tuple[str, int, int], int] = field(default_factory=dict)  # no closing sign before this line
    looks: int = 0  # at what the end of the text may have cut off
    open_line: int | None = None  # the first line of what more text could still make a formula


@dataclass(frozen=True, slots=True)
class Span:
    """A formula on lines: its content, the text behind it on its last line, and the line after."""

    content: str
    tail: str
    after: int


def install(md: MarkdownIt) -> None:
    """Adds both block rules."""
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "formula_block", _formula_block, {"alt": interrupted})
    md.block.ruler.before("lheading", "formula_paragraph", _formula_paragraph)


def open_line(env: dict[str, Any]) -> int | None:
    """The first line of a parsed text from which on more text could still make one formula of several blocks."""
    known = env.get("formulas")
    return known.open_line if isinstance(known, Formulas) else None


def _known(state: StateBlock) -> Formulas:
    known = state.env.get("formulas")
    if not isinstance(known, Formulas):
        known = Formulas(any(sign in state.src for sign in ("$$", "\\[", "\\(", "\\begin{")))
        state.env["formulas"] = known
    return known


def _formula_block(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    first = state.bMarks[startLine] + state.tShift[startLine]
    if state.src[first : first + 1] not in ("$", "\\") or state.is_code_block(startLine):
        return False
    opener = opener_at(line_of(state, startLine), 0)
    if opener is None or opener.sign == "\\(":
        return False
    span = _span(state, startLine, endLine, opener)
    if span and opener.sign == "\\[" and is_placeholder(span.content):
        return False
    cut_off = span is None and _cut_off(state, startLine, endLine, opener)
    if not cut_off and (span is None or not span.content.strip() or not AFTER.fullmatch(span.tail)):
        return False
    if not silent:
        token = state.push("formula_block", "math", 0)
        token.content = span.content if span else _rest(state, startLine, endLine, opener)
        token.meta = {"after": span.tail if span else "", "open": not (span or state.env.get("finished", True))}
        state.line = span.after if span else endLine
        token.map = [startLine, state.line]
    return True


def _span(state: StateBlock, first: int, end: int, opener: Opener) -> Span | None:
    """The formula that the sign at the beginning of a line opens."""
    closing = _closing(state, first, end, opener)
    if closing is None:
        return None
    last, position = closing
    text, after = line_of(state, last), position + len(opener.closing)
    begin, stop = (opener.start, after) if opener.is_environment else (opener.end, position)
    if last == first:
        return Span(text[begin:stop], text[after:], last + 1)
    lines = [line_of(state, number) for number in range(first + 1, last)]
    content = "\n".join([line_of(state, first)[begin:], *lines, text[:stop]])
    if "" in lines and not _surely(content):
        return None
    return Span(content, text[after:].removeprefix("$$") if opener.is_environment else text[after:], last + 1)


def _surely(content: str) -> bool:
    """Whether what has blank lines around it is a formula: no words, or signs and no sentence."""
    return not (WORD.search(content) if not SIGNS.search(content) else is_prose(content, TWO_WORDS))


def _closing(state: StateBlock, first: int, end: int, opener: Opener, lazy: bool = False) -> tuple[int, int] | None:
    """Line and position of the sign that closes the one in line `first`."""
    text = line_of(state, first)
    position = opener.closed_in(text, opener.end, len(text))
    if position >= 0:
        return first, position
    known, key = _known(state), (opener.closing, end, -1 if lazy else state.blkIndent)
    if known.failures.get(key, -1) > first:
        return None
    began = opener.end < len(text) or opener.start > 0
    number, blank = first + 1, False
    while number < end:
        text = line_of(state, number)
        if not text and opener.start:
            break
        if text and (_stops(state, number, text, lazy) or (blank and not text.startswith(opener.closing))):
            break
        position = opener.closed_in(text, 0, len(text))
        if position >= 0:
            _note_open(state, known, first, number)
            return number, position
        blank, began = blank or (not text and began), began or bool(text)
        number += 1
    known.failures[key] = number
    _note_open(state, known, first, number)
    return None


def _note_open(state: StateBlock, known: Formulas, first: int, number: int) -> None:
    """Remembers a sign that a line still to come could close, or of whose last line the rest may still come."""
    if number >= len(state.bMarks) - 2:
        known.open_line = first if known.open_line is None else min(first, known.open_line)


def _stops(state: StateBlock, number: int, text: str, lazy: bool) -> bool:
    """Whether a line surely does not belong to a formula that began before it."""
    marker = MARKERS.match(text)
    if state.sCount[number] < state.blkIndent and (not lazy or marker):
        return True
    if OTHER_BLOCK.match(text) or HEADING.match(text):
        return True
    return bool(marker) and is_prose(text, TWO_WORDS)


def _cut_off(state: StateBlock, first: int, end: int, opener: Opener) -> bool:
    """Whether the text ends inside what looks like a formula."""
    finished = state.env.get("finished", True)
    if end < len(state.bMarks) - 1 or _known(state).failures.get((opener.closing, end, state.blkIndent), -1) < end:
        return False
    begins = line_of(state, first)[opener.start if opener.is_environment else opener.end :]
    if state.eMarks[end - 1] - state.bMarks[first] > MAX_CUT_OFF or (finished and not CUT_OFF.fullmatch(begins)):
        return False
    _known(state).looks += 1
    if _known(state).looks > MAX_LOOKS:
        return False
    rest = _rest(state, first, end, opener)
    if not finished:
        return not is_prose(rest)
    lines = rest.split("\n")[1:]
    return bool(lines) and "" not in lines and not is_prose(rest, TWO_WORDS) and not any(map(MARKERS.match, lines))


def _rest(state: StateBlock, first: int, end: int, opener: Opener) -> str:
    begin = opener.start if opener.is_environment else opener.end
    lines = [line_of(state, number) for number in range(first + 1, end)]
    return "\n".join([line_of(state, first)[begin:], *lines]).rstrip("\n")


def _formula_paragraph(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    """A paragraph as the parser's own, but no line inside a formula is looked at as the beginning of another block."""
    if silent or not _known(state).possible:
        return False
    parent, state.parentType = state.parentType, "paragraph"
    after = _end_of_paragraph(state, startLine, endLine)
    state.parentType = parent
    if after is None:
        return False
    state.line = after
    token = state.push("paragraph_open", "p", 1)
    token.map = [startLine, after]
    token = state.push("inline", "", 0)
    token.content = mdTrim(state.getLines(startLine, after, state.blkIndent, False))
    token.map, token.children = [startLine, after], []
    state.push("paragraph_close", "p", -1)
    return True


def _end_of_paragraph(state: StateBlock, first: int, end: int) -> int | None:
    """The line after a paragraph, None if it may be a heading with a line under it."""
    rules, number = state.md.block.ruler.getRules("paragraph"), _after_formula(state, first, end)
    held = number > first + 1
    while number < end and not state.isEmpty(number):
        inside = state.sCount[number] - state.blkIndent > 3 or state.sCount[number] < 0
        if not inside and not held and SETEXT.fullmatch(line_of(state, number)):
            return None
        if not inside and any(rule(state, number, end, True) for rule in rules):
            break
        after = _after_formula(state, number, end)
        held, number = held or after > number + 1, after
    return number


def _after_formula(state: StateBlock, number: int, end: int) -> int:
    """The line after `number`, or after the formula that begins there and ends in a later line."""
    text, begin = line_of(state, number), 0
    while opener := unclosed(text, begin):
        closing = _closing(state, number, end, opener, lazy=True)
        if closing is None or not _holds(state, number, closing[0], opener):
            break
        number, begin = closing[0], closing[1] + len(opener.closing)
        text = line_of(state, number)
    return number + 1


def _holds(state: StateBlock, first: int, last: int, opener: Opener) -> bool:
    lines = [line_of(state, number) for number in range(first + 1, last)]
    return "" not in lines and not (opener.start and is_prose("\n".join(lines)))


def line_of(state: StateBlock, number: int) -> str:
    """A line without its indentation and the marks of what it stands in."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip(" \t")
