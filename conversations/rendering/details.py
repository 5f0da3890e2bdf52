"""Blocks from HTML: `<details>` with its `<summary>` and markdown inside, `<hr>`, and comments of several lines.

`<details>` runs to the `</details>` that fits, over code and over other details, else to the end of the item, quote or
text in which it stands; then it is shown open, so that nothing of an answer is hidden by mistake. Blank lines make no
difference, and the tags may share their lines with text.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block.state_block import StateBlock

DETAILS = re.compile(r"<details(?P<open>[ \t]+open(?:=(?:\"\"|\"open\"))?)?[ \t]*>", re.IGNORECASE)
EITHER = re.compile(r"<(/?)details(?:[ \t]+open(?:=(?:\"\"|\"open\"))?)?[ \t]*>", re.IGNORECASE)
SUMMARY = re.compile(
    r"<summary[ \t]*>(?:\n[ \t>]*(?=\n))*+((?:(?!\n[ \t>]*\n|</?summary[ \t]*>).)*)(?:\n[ \t>]*)*+</summary[ \t]*>",
    re.IGNORECASE | re.DOTALL,
)
LINE_SUMMARY = re.compile(r"<summary[ \t]*>([^\n]*)", re.IGNORECASE)
LINE_END = re.compile(r"[ \t]*\n[ \t>]*|[ \t]+")
HEADLINE = re.compile(r"<(b|strong|h[1-6])>(.*)</\1>", re.IGNORECASE | re.DOTALL)
HEADING = re.compile(r"#{1,6}[ \t]+(?=\S)")
RULE = re.compile(r"<hr[ \t]*/?>[ \t]*$", re.IGNORECASE | re.MULTILINE)
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)*(`{3,}(?=[^`]*$)|~{3,})(.*)$")
BEGINNING = re.compile(r"(?:<(?:s(?:u(?:m(?:m(?:a(?:r(?:y>?)?)?)?)?)?)?)?)?[ \t]*", re.IGNORECASE)
NEXT_COMMENT = re.compile(r"[ \t]*<!--")
MAX_COMMENT = 4_000  # characters; what is longer is no comment


def install(md: MarkdownIt) -> None:
    """Adds the three rules as one, since each line is asked."""
    alternatives = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("table", "details", _block, {"alt": alternatives})


def _block(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    if not state.src.startswith("<", state.bMarks[startLine] + state.tShift[startLine]):
        return False
    return any(rule(state, startLine, endLine, silent) for rule in (_rule, _comment, _details))


def _begins(state: StateBlock, line: int, text: str) -> bool:
    start = state.bMarks[line] + state.tShift[line]
    return not state.is_code_block(line) and state.src[start : start + len(text)].lower() == text


def _rule(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    if not _begins(state, startLine, "<hr"):
        return False
    if not RULE.match(state.src, state.bMarks[startLine] + state.tShift[startLine], state.eMarks[startLine]):
        return False
    if not silent:
        state.line = startLine + 1
        state.push("hr", "hr", 0).map = [startLine, state.line]
    return True


def _comment(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    """A comment of several lines, or one that is all there is on its line; others are left to the paragraph's rule."""
    if not _begins(state, startLine, "<!--"):
        return False
    start = state.bMarks[startLine] + state.tShift[startLine]
    end = state.src.find("-->", start + 2, start + MAX_COMMENT) + 3
    if end < 3:
        return _open_comment(state, startLine, silent)
    last = _line_of(state, startLine, end)
    if last is None:
        return False
    end = _after_comments(state.src, end, state.eMarks[last])
    rest = mdTrim(state.src[end : state.eMarks[last]])
    if last == startLine and (rest or (silent and state.parentType == "paragraph")):
        return False
    if not silent:
        state.line = last + 1
        if rest:
            _parse_rest(state, last, end, [startLine, last + 1])
    return True


def _after_comments(source: str, position: int, limit: int) -> int:
    """Where the comments end that follow at once."""
    while (next_one := NEXT_COMMENT.match(source, position, limit)) and (
        end := source.find("-->", next_one.end() - 2, limit)
    ) >= 0:
        position = end + 3
    return position


def _open_comment(state: StateBlock, line: int, silent: bool) -> bool:
    """In a text that goes on, a comment whose end may still come is not shown."""
    end = state.lineMax
    if not _goes_on(state, end) or len(state.src) - state.bMarks[line] - state.tShift[line] >= MAX_COMMENT:
        return False
    if _line_of(state, line, state.eMarks[end - 1]) is None:
        return False
    if not silent:
        state.line = end
    return True


def _goes_on(state: StateBlock, end_line: int) -> bool:
    return not state.env.get("finished", True) and end_line >= len(state.bMarks) - 1


def _line_of(state: StateBlock, start: int, position: int) -> int | None:
    """The line on which `position` is, None if that is not in the same item or quote.

    A paragraph that asks whether it ends does not know where the quote around it ends, so nobody's `endLine` counts.
    """
    indent = min(state.blkIndent, state.sCount[start])  # less where a paragraph asks whether it ends before this line
    for line in range(start, state.lineMax):
        if not state.isEmpty(line) and state.sCount[line] < indent:
            return None
        if _is_quoted(state, line) != _is_quoted(state, start):
            return None
        if position <= state.eMarks[line]:
            return line
    return None


def _is_quoted(state: StateBlock, line: int) -> bool:
    begin = state.bMarks[line]
    return begin > 0 and state.src[begin - 1] != "\n"


def _details(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    if not _begins(state, startLine, "<details"):
        return False
    opening = DETAILS.match(state.src, state.bMarks[startLine] + state.tShift[startLine], state.eMarks[startLine])
    if silent or opening is None:
        return opening is not None
    last, closing = _end(state, startLine, endLine, opening.end())
    end = closing[0] if closing else state.eMarks[last]
    begin = _content(state, startLine, last, opening.end())
    if not closing and _goes_on(state, last + 1) and BEGINNING.fullmatch(state.src, begin, max(begin, end)):
        state.line = last + 1  # its summary may come
        return True
    is_open = bool(opening["open"]) or (not closing and not _goes_on(state, last + 1))
    _push(state, startLine, last, (min(begin, end), end), is_open)
    state.line = last + 1
    if closing and mdTrim(state.src[closing[1] : state.eMarks[last]]):
        _parse_rest(state, last, closing[1], None)
    return True


def _content(state: StateBlock, start: int, last: int, begin: int) -> int:
    """Where the first character behind the opening tag stands."""
    line = start
    while line < last and not mdTrim(state.src[begin : state.eMarks[line]]):
        line += 1
        begin = state.bMarks[line] + state.tShift[line]
    return min(state.skipSpaces(begin), state.eMarks[line])


def _push(state: StateBlock, start: int, last: int, content: tuple[int, int], is_open: bool) -> None:
    token = state.push("details_open", "details", 1)
    token.map = [start, last + 1]
    token.meta = {"open": is_open}
    begin = _push_summary(state, *content)
    first = next(line for line in range(start, last + 1) if begin <= state.eMarks[line] or line == last)
    with _within(state, first, last, begin, content[1]):
        state.md.block.tokenize(state, first, last + 1)
    state.push("details_close", "details", -1)


def _push_summary(state: StateBlock, begin: int, end: int) -> int:
    """Pushes the summary, if there is one; where the body begins."""
    match = SUMMARY.match(state.src, begin, end) or LINE_SUMMARY.match(state.src, begin, end)
    if match is None:
        return begin
    text = mdTrim(LINE_END.sub(" ", match[1]))
    if heading := HEADING.match(text):
        text = text[heading.end() :]
    headline = HEADLINE.fullmatch(text)
    state.push("summary_open", "summary", 1)
    token = state.push("inline", "", 0)
    token.content, token.children = f"**{mdTrim(headline[2])}**" if headline else text, []
    state.push("summary_close", "summary", -1)
    return match.end()


def _end(state: StateBlock, start: int, end: int, position: int) -> tuple[int, tuple[int, int] | None]:
    """The last line, and where on it the closing tag is.

    What it finds of the tags inside is kept for them, so that nested ones cost one look and not one each.
    """
    known: dict[tuple[int, int], tuple[int, tuple[int, int] | None]] = state.env.setdefault("details", {})
    if (position, state.blkIndent) in known:
        return known[position, state.blkIndent]
    opened, fence, last = [position], "", start
    for line in range(start, end):
        if line > start and not state.isEmpty(line) and state.sCount[line] < state.blkIndent:
            break
        last = line
        begin = position if line == start else state.bMarks[line] + state.tShift[line]
        text = state.src[begin : state.eMarks[line]]
        fence, is_code = _fence(fence, text)
        for tag in () if is_code else EITHER.finditer(CODE_SPAN.sub(_blank, text)):
            if not tag[1]:
                # One that does not begin its line here may stand in an item or quote, with an end of its own.
                alone = not tag.start() and "```" not in text and "~~~" not in text
                opened.append(begin + tag.end() if alone else -1)
                continue
            inner = opened.pop()
            known[inner, state.blkIndent] = line, (begin + tag.start(), begin + tag.end())
            if not opened:
                return known[position, state.blkIndent]
    known.update({(inner, state.blkIndent): (last, None) for inner in opened})
    return last, None


def _fence(fence: str, text: str) -> tuple[str, bool]:
    """The marker of the fence that is open after this line, and whether the line belongs to one."""
    match = FENCE.match(text) if "```" in text or "~~~" in text else None
    if not match:
        return fence, bool(fence)
    if not fence:
        return match[1], True
    return ("" if match[1].startswith(fence) and not mdTrim(match[2]) else fence), True


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _parse_rest(state: StateBlock, line: int, position: int, where: list[int] | None) -> None:
    """Parses what follows `position` on its line as blocks that belong to the block before, or stand on `where`."""
    first, line_after = len(state.tokens), state.line
    with _within(state, line, line, position, state.eMarks[line]):
        state.md.block.tokenize(state, line, line + 1)
    for token in state.tokens[first:]:
        if token.level == state.level:
            token.map, where = where, None
    state.line = line_after


@contextmanager
def _within(state: StateBlock, first: int, last: int, begin: int, end: int) -> Iterator[None]:
    """The lines from `first` to `last`, of which only the characters from `begin` to `end` are there."""
    kept = state.bMarks[first], state.tShift[first], state.sCount[first], state.eMarks[last], state.lineMax
    if begin > state.bMarks[first] + state.tShift[first]:
        text = state.src[begin : end if first == last else state.eMarks[first]]
        state.bMarks[first], state.tShift[first] = begin, len(text) - len(text.lstrip(" \t"))
        state.sCount[first] = state.blkIndent
    state.eMarks[last] = end
    state.lineMax = last + 1
    yield
    state.bMarks[first], state.tShift[first], state.sCount[first], state.eMarks[last], state.lineMax = kept
