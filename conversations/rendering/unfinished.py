"""What to show of markdown that is still being written.

Markup whose end has not come yet is shown as if it ended here: `**bold te` is bold already, `[the not` is a link, a
line that is only `-` or `1.` waits for its first word. So nothing flickers, and what comes next is mostly plain text.
"""

import re

from markdown_it.rules_inline.state_inline import Delimiter, StateInline
from markdown_it.token import Token

# A line of markers only, and the opening line of a fence.
WAITING_LINE = re.compile(r"[-=+*_#>`~|:$\\!\[ \t]*(?:\d{1,9}[.)]?[ \t]*)?|[ \t]*(?:`{3,}[^`\n]*|~{3,}[^\n]*)")
OPEN_LINK = re.compile(
    r"!?\[(?P<label>[^\W\d_][^\[\]\n]*)"
    r"""(?P<target>\](?:\((?:[^()\s]|\([^()\s]*\))*(?:\([^()\s]*)?(?:[ ]"[^"\n]*"?)?)?)?$"""
)
PENDING = "http:"  # the address of a link until its own has come
BACKTICKS = re.compile(r"(?<![\\`])`+(?!`)")
EMPHASIS = ord("*")
# A line that its next characters may make a comment or a block from HTML (see details.py).
WAITING_TAG = re.compile(
    r"[ \t]*<(?:!-?|hr?[ \t]*/?|"
    r"/?(?:d(?:e(?:t(?:a(?:i(?:l(?:s>?)?)?)?)?)?)?|s(?:u(?:m(?:m(?:a(?:r(?:y>?)?)?)?)?)?)?)?)",
    re.IGNORECASE,
)


def settled(source: str) -> str:
    """The source without a last line, or the head of a table, of which nobody knows yet what it will be."""
    start = source.rfind("\n") + 1
    if WAITING_LINE.fullmatch(source, start) or WAITING_TAG.fullmatch(source, start):
        source = source[:start]
    lines = source.rsplit("\n", 3)[-3:]
    head = _undecided_head(lines)
    return source[: len(source) - head] if head else source


def _undecided_head(lines: list[str]) -> int:
    """Length of the last line (without or with its end) if it is the only one that begins with a bar."""
    *before, last = lines if lines[-1] or len(lines) < 2 else lines[:-1]
    if not last.lstrip(" \t").startswith("|") or (before and before[-1].lstrip(" \t").startswith("|")):
        return 0
    return len(last) + (not lines[-1])


def without_empty_cells(tokens: list[Token], source: str) -> list[Token]:
    """The tokens without the cells at the end of a table's last row that nobody has written yet."""
    end = len(tokens)
    while end and tokens[end - 1].type in ("table_close", "tbody_close", "tr_close"):
        end -= 1
    row = next((token for token in reversed(tokens[:end]) if token.type == "tr_open"), None)
    if end == len(tokens) or row is None or not row.map or row.map[0] != source.count("\n"):
        return tokens
    last = end
    while tokens[last - 1].type == "td_close" and not tokens[last - 2].content:
        last -= 3
    return tokens[:last] + tokens[end:]


def completed(content: str) -> tuple[str, str | None]:
    """Inline markup with its last link and code span closed, and the tags after the place where its text goes on.

    None instead of tags: what comes next is no text of the page (the address of a link, say).
    """
    content, code = _closed_code(content)
    if code != "":
        return content, code
    if content.endswith("*") and not content.endswith("**") and content.count("**") % 2:
        return content[:-1], None
    link = OPEN_LINK.search(content, max(0, content.rfind("[") - 1)) if "[" in content else None
    if link is None or link[0].startswith("!"):
        return content, ""
    return f"{content[: link.start()]}[{link['label'].rstrip()}]({PENDING})", None if link["target"] else "</a>"


def _closed_code(content: str) -> tuple[str, str | None]:
    """The content with its last code span closed; "" where none is open, None where one has just been opened."""
    runs = list(BACKTICKS.finditer(content))
    index = 0
    while index < len(runs):
        run = runs[index]
        closing = next((later for later in range(index + 1, len(runs)) if runs[later][0] == run[0]), None)
        if closing is None:
            inner = content[run.end() :]
            return (content + run[0], "</code>") if inner.strip() else (content[: run.start()].rstrip(" "), None)
        index = closing + 1
    return content, ""


def close_emphasis(state: StateInline) -> str | None:
    """Closes `*` and `**` that are open at the end of the text; the tags that stand after the place where it goes on.

    None where markers at the very end are hidden, because the next character decides what they are. Runs after the
    delimiters have been paired and before pairs become tags.
    """
    hidden = _hide_trailing_run(state)
    openers = _open_at_end(state)
    for opener in reversed(openers):
        token = state.push("text", "", 0)
        token.content = chr(opener.marker)
        opener.end = len(state.delimiters)
        closer = Delimiter(opener.marker, opener.length, len(state.tokens) - 1, end=-1, open=False, close=True)
        state.delimiters.append(closer)
    return None if hidden else _closing_tags(openers)


def _closing_tags(openers: list[Delimiter]) -> str:
    """Two neighbours of one run make <strong>, a single one <em>; the innermost first."""
    tags, rest = "", list(openers)
    while rest:
        last = rest.pop()
        if rest and rest[-1].token == last.token - 1:
            rest.pop()
            tags += "</strong>"
        else:
            tags += "</em>"
    return tags


def _open_at_end(state: StateInline) -> list[Delimiter]:
    """Openers without a partner, after the last pair, on the last line, that nobody would take for an operator."""
    last = max((delimiter.end for delimiter in state.delimiters), default=-1)
    found = [
        delimiter
        for delimiter in state.delimiters[last + 1 :]
        if delimiter.open and delimiter.end < 0 and delimiter.marker == EMPHASIS and delimiter.length < 4
    ]
    if not found or any(token.type.endswith("break") for token in state.tokens[found[0].token :]):
        return []
    return found if all(_begins_word(state, delimiter) for delimiter in found) else []


def _begins_word(state: StateInline, delimiter: Delimiter) -> bool:
    if not delimiter.close:
        return True
    before = next((token.content for token in reversed(state.tokens[: delimiter.token]) if token.content != "*"), "")
    return not before[-1:].isascii()


def _hide_trailing_run(state: StateInline) -> bool:
    """Hides markers at the very end that belong to no pair yet; whether there were any."""
    paired = {delimiter.end for delimiter in state.delimiters if delimiter.end >= 0}
    hidden = False
    for index in range(len(state.delimiters) - 1, -1, -1):
        delimiter, token = state.delimiters[index], _last_visible(state.tokens)
        if token is not state.tokens[delimiter.token] or index in paired or delimiter.end >= 0:
            break
        token.content = ""
        delimiter.open = delimiter.close = False
        hidden = True
    return hidden


def _last_visible(tokens: list[Token]) -> Token | None:
    return next((token for token in reversed(tokens) if token.content or token.type != "text"), None)
