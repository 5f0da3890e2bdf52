"""A fence of `markdown` that holds fences of its own length.

CommonMark ends it at the first bare line of backticks, which models write to close the inner block. Here inner fences
count: one with a language opens a block of code, and so does a bare one that stands like an opening (after an empty
line, before text); the next bare one closes it; the bare one that is left closes the whole. Where that does not come
out even, the fence is what CommonMark says. Everything is decided by the lines up to the closing one.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block.state_block import StateBlock

from .highlighting import language_of

LANGUAGES = frozenset({"markdown", "md", "mdown", "mkd", "mdx", "gfm", "rmd", "qmd"})
FENCE = re.compile(r"(`{3,}(?=[^`\n]*$)|~{3,})[ \t]*([^\n]*?)[ \t]*$", re.MULTILINE)
MAX_LINES = 1_000  # of a fence that is looked into
MAX_DEPTH = 8  # of fences in it; so each line is looked at a few times at most, whatever opens before it
Line = tuple[int, str, str]  # its number, its marker, its info string


def install(md: MarkdownIt) -> None:
    """Puts the rule around the parser's own, which need not be asked about most lines."""
    position = md.block.ruler.__find__("fence")
    rule = md.block.ruler.__rules__[position].fn

    def fence(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
        if not state.src.startswith(("```", "~~~"), state.bMarks[startLine] + state.tShift[startLine]):
            return False
        end = None if silent else _end(state, startLine, endLine)
        if end is None:
            return rule(state, startLine, endLine, silent)
        _push(state, startLine, *end)
        return True

    md.block.ruler.at("fence", fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _push(state: StateBlock, start: int, end: int, is_closed: bool) -> None:
    match = FENCE.match(state.src, state.bMarks[start] + state.tShift[start])
    token = state.push("fence", "code", 0)
    token.markup, token.info = (match[1], match[2]) if match else ("", "")
    token.content = state.getLines(start + 1, end, state.sCount[start], True)
    state.line = end + is_closed
    token.map = [start, state.line]


def _end(state: StateBlock, start: int, end: int) -> tuple[int, bool] | None:
    """The closing line and True; the end of the text so far and False; None: as CommonMark says."""
    opening = _fence_at(state, start)
    if opening is None or state.is_code_block(start) or language_of(opening[2]) not in LANGUAGES:
        return None
    last = _last_line(state, start, min(end, start + MAX_LINES + 1))
    for guess in (True, False):
        closing = _closing(state, opening, last, guess)
        if closing is not None and closing >= 0:
            return closing, True
        if closing is not None and not state.env.get("finished", True) and last == len(state.bMarks) - 1:
            return last, False
    return None


def _closing(state: StateBlock, opening: Line, last: int, guess: bool) -> int | None:
    """The line that closes the fence; -1 where it has not come, None where the inner ones do not come in pairs.

    `guess`: whether a bare line may open a block.
    """
    opened = [(opening[1], True)]  # markers, and whether fences may stand inside
    for line, marker, info in _fences(state, opening[0] + 1, last):
        outer, holds_fences = opened[-1]
        if not marker.startswith(outer):
            continue
        if info and not holds_fences:
            return None
        if info or (holds_fences and guess and _stands_like_opening(state, line, last)):
            opened.append((marker, language_of(info) in LANGUAGES))
            if len(opened) > MAX_DEPTH:
                return None
            continue
        opened.pop()
        if not opened:
            return line
    return -1 if last <= opening[0] + MAX_LINES else None


def _stands_like_opening(state: StateBlock, line: int, last: int) -> bool:
    return state.isEmpty(line - 1) and line + 1 < last and not state.isEmpty(line + 1)


def _last_line(state: StateBlock, start: int, end: int) -> int:
    """The end of the item or quote in which the fence stands, not beyond `end`; each line is looked at once."""
    known: dict[tuple[int, int], tuple[int, int]] = state.env.setdefault("fence_ends", {})
    key = (state.level, state.blkIndent)
    first, last = known.get(key, (0, 0))
    if not first <= start < last:
        first, last = start, start + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
        last += 1
    known[key] = (first, last)
    return min(last, end)


def _fences(state: StateBlock, start: int, end: int) -> Iterator[Line]:
    for line in range(start, end):
        found = None if state.is_code_block(line) else _fence_at(state, line)
        if found:
            yield found


def _fence_at(state: StateBlock, line: int) -> Line | None:
    if not state.src.startswith(("```", "~~~"), state.bMarks[line] + state.tShift[line]):
        return None
    match = FENCE.match(state.src, state.bMarks[line] + state.tShift[line], state.eMarks[line])
    return (line, match[1], match[2]) if match else None
