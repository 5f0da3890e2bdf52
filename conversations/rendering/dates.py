"""Dates at a line's beginning are no lists: `2024. 3. 15. 발표`, `24. 3. 15.`, `3. 15. 발표`.

To CommonMark each of these numbers opens a list in a list, and in a list that is under way the first of them is just
the next item, whose number is not shown: the year would be lost. A number that is followed by another one with a full
stop begins no list, nor does a year (1900 to 2099). `1. 2024. 3. 15.` is an item that is a date.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block.state_block import StateBlock

_SECOND = r"[ \t]+\d{1,2}\.(?![A-Za-z0-9])"
DATE = re.compile(rf"\d{{1,4}}\.{_SECOND}")
YEAR = re.compile(r"((?:19|20)\d\d)\.(?=[ \t]|$)", re.MULTILINE)
FULL_DATE = re.compile(rf"[12]\d{{3}}\.{_SECOND}")
DIGITS = frozenset("0123456789")
MARKERS = DIGITS | set("-+*")  # with which an item begins
LOOK_BACK = 50  # lines in which the number before a year shows that it counts items


def install(md: MarkdownIt) -> None:
    """Keeps the list rule from dates, and ends a list before one."""
    position = md.block.ruler.__find__("list")
    rule = md.block.ruler.__rules__[position].fn

    def list_of_no_dates(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
        at = state.bMarks[startLine] + state.tShift[startLine]
        begins = state.src[at : at + 1]
        if begins not in MARKERS or (begins in DIGITS and _is_date(state, startLine, silent)):
            return False
        return rule(state, startLine, endLine, silent)

    md.block.ruler.at("list", list_of_no_dates, {"alt": ["paragraph", "reference", "blockquote"]})
    md.block.ruler.before("list", "date", _ends_list, {"alt": ["list"]})


def _is_date(state: StateBlock, line: int, silent: bool) -> bool:
    at = state.bMarks[line] + state.tShift[line]
    return DATE.match(state.src, at) is not None or _is_year(state, line, may_count=silent)


def _ends_list(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    if not silent:
        return False
    at = state.bMarks[startLine] + state.tShift[startLine]
    return FULL_DATE.match(state.src, at) is not None or _is_year(state, startLine, may_count=True)


def _is_year(state: StateBlock, line: int, may_count: bool) -> bool:
    """`may_count`: it is none where the number before it stands above, since then it counts items."""
    year = YEAR.match(state.src, state.bMarks[line] + state.tShift[line])
    if year is None or not may_count:
        return year is not None
    before, lines = re.compile(rf"[ \t]*{int(year[1]) - 1}\."), range(max(0, line - LOOK_BACK), line)
    if state.src.find(f"{int(year[1]) - 1}.", state.bMarks[lines.start], state.bMarks[line]) < 0:
        return True
    # From the line's very beginning: of an item that is being parsed, the list rule has moved what comes after.
    return not any(before.match(state.src, state.bMarks[at]) for at in lines)
