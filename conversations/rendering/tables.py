"""Tables as GitHub writes them, but no cell loses text.

There every `|` ends a cell, even inside code or a formula, and cells beyond the last column are dropped. Models write
`` `a|b` `` and `$|x|$` all the same, so a bar inside of code or a formula divides no cell, unless the row has the right
number of cells only if it does. What is too much stands in the last cell.
"""

import re
from bisect import bisect

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block.state_block import StateBlock

from . import budget
from .display import line_of
from .formulas import is_expression

DELIMITER_ROW = re.compile(r"(?=.*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
SIGN = re.compile(r"(?<!\\)`+|\$\$?|\\\(")
BAR = re.compile(r"(?<!\\)\|")
ALIGNMENTS = {(False, False): "", (True, False): "left", (False, True): "right", (True, True): "center"}
MAX_EMPTY_CELLS = 0x10000


def install(md: MarkdownIt) -> None:
    """Puts this rule in the place of the parser's own."""
    md.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})


def _table(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    columns = _columns(state, startLine, endLine)
    if not columns:
        return False
    if silent:
        return True
    head, alignments = columns
    parent, state.parentType = state.parentType, "table"
    table = state.push("table_open", "table", 1)
    state.push("thead_open", "thead", 1).map = [startLine, startLine + 1]
    _row(state, startLine, "th", head, alignments)
    state.push("thead_close", "thead", -1)
    state.line = _body(state, startLine + 2, endLine, alignments)
    state.push("table_close", "table", -1)
    table.map = [startLine, state.line]
    state.parentType = parent
    return True


def _columns(state: StateBlock, start: int, end: int) -> tuple[list[str], list[str]] | None:
    """The cells of the head and the alignment of each column, if two lines begin a table."""
    if start + 2 > end or state.sCount[start + 1] < state.blkIndent or state.is_code_block(start + 1):
        return None
    position = state.bMarks[start + 1] + state.tShift[start + 1]
    if position >= state.eMarks[start + 1] or state.src[position] not in "|-:":
        return None
    delimiters, head = line_of(state, start + 1), mdTrim(line_of(state, start))
    if "|" not in head or state.is_code_block(start) or not DELIMITER_ROW.fullmatch(delimiters):
        return None
    marks = [mdTrim(mark) for mark in delimiters.removeprefix("|").removesuffix("|").split("|")]
    cells = _cells(head, len(marks), joined=False)
    return (
        (cells, [ALIGNMENTS[mark[0] == ":", mark[-1] == ":"] for mark in marks]) if len(cells) == len(marks) else None
    )


def _body(state: StateBlock, first: int, end: int, alignments: list[str]) -> int:
    """Writes the rows; the line after them."""
    rules, number, empty, body = state.md.block.ruler.getRules("blockquote"), first, 0, None
    while number < end and state.sCount[number] >= state.blkIndent:
        if any(rule(state, number, end, True) for rule in rules):
            break
        line = mdTrim(line_of(state, number))
        if not line or state.is_code_block(number):
            break
        is_last = state.eMarks[number] == len(state.src) and not state.env.get("finished", True)
        cells = _cells(line, len(alignments), unfinished=is_last)
        empty += len(alignments) - len(cells)
        if empty > MAX_EMPTY_CELLS:
            break
        body = body or state.push("tbody_open", "tbody", 1)
        _row(state, number, "td", cells, alignments)
        number += 1
    if body:
        state.push("tbody_close", "tbody", -1)
        body.map = [first, number]
    return number


def _row(state: StateBlock, number: int, tag: str, cells: list[str], alignments: list[str]) -> None:
    state.push("tr_open", "tr", 1).map = [number, number + 1]
    for index, alignment in enumerate(alignments):
        budget.step()
        cell = state.push(f"{tag}_open", tag, 1)
        if alignment:
            cell.attrs = {"style": f"text-align:{alignment}"}
        inline = state.push("inline", "", 0)
        inline.map, inline.children = [number, number + 1], []
        inline.content = cells[index] if index < len(cells) else ""
        state.push(f"{tag}_close", tag, -1)
    state.push("tr_close", "tr", -1)


def _cells(line: str, count: int, joined: bool = True, unfinished: bool = False) -> list[str]:
    """The cells of a row; where there may not be more than `count`, what is too much stands in the last one."""
    if "`" not in line and "$" not in line and "\\" not in line:  # as most are
        inner = line.removeprefix("|").removesuffix("|")
        return [mdTrim(cell) for cell in inner.split("|", count - 1 if joined else -1)] if line != "|" else []
    bars = [match.start() for match in BAR.finditer(line)]
    whole = _whole(line, unfinished) if bars else []
    begins = [begin for begin, _ in whole]
    divided = [bar for bar in bars if not whole or bar >= whole[bisect(begins, bar) - 1][1] or bar < begins[0]]
    cells = _split(line, divided, len(bars) + 1)
    if len(divided) < len(bars) and len(cells) != count and not unfinished:
        others = _split(line, bars, len(bars) + 1)
        cells, divided = (others, bars) if len(others) == count else (cells, divided)
    if joined and len(cells) > count:
        cells = _split(line, divided, count)
    return [mdTrim(cell.replace("\\|", "|")) for cell in cells]


def _split(line: str, bars: list[int], count: int) -> list[str]:
    """What stands between the bars, in `count` cells at most. Bars at the beginning and the end divide nothing."""
    if line == "|":
        return []
    begin = int(line[0] == "|" and bars[:1] == [0])
    end = len(line) - (len(bars) > begin and bars[-1] == len(line) - 1)
    inner = [bar for bar in bars if begin <= bar < end][: count - 1]
    return [line[left:right] for left, right in zip([begin, *(bar + 1 for bar in inner)], [*inner, end], strict=True)]


def _whole(line: str, unfinished: bool) -> list[tuple[int, int]]:
    """Where code and formulas are."""
    found: list[tuple[int, int]] = []
    missing: set[str] = set()
    end = 0
    for match in SIGN.finditer(line):
        sign = match[0]
        if match.start() < end or sign in missing:
            continue
        budget.step()
        after = _end(line, match, unfinished)
        if after < 0:
            missing.add(sign if sign != "$" else "")
        elif after:
            found.append((match.start(), after))
            end = after
    return found


def _end(line: str, match: re.Match[str], unfinished: bool) -> int:
    """The position after the code or formula that a sign opens, 0 if it opens none, -1 if nothing more can close it."""
    sign, begin = match[0], match.end()
    if sign[0] == "`":
        closing = re.compile(rf"(?<!`){sign}(?!`)").search(line, begin)
        return closing.end() if closing else len(line) if unfinished else -1
    closed = line.find({"\\(": "\\)"}.get(sign, sign), begin)
    if closed <= begin:
        return -1 if closed < 0 else 0
    before, content, after = line[match.start() - 1 : match.start()], line[begin:closed], line[closed + 1 : closed + 2]
    if sign == "$" and (before == "\\" or not is_expression(content, before, after)):
        return 0
    return closed + len(sign)
