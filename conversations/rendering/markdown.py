"""Markdown to safe HTML: CommonMark with tables, strikethrough, task lists, formulas, footnotes and bare addresses.

Raw HTML is text, but for the few tags of tags.py and details.py. A line end is shown as one. The parser is built on
first use. What it cannot take (too long, too deeply nested, too much work) is shown as it was written, so that nothing
of an answer is ever lost.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, cast

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_block.state_block import StateBlock
from markdown_it.rules_core.state_core import StateCore
from markdown_it.token import Token

from . import budget, dates, details, emphasis, fences, footnotes, formulas, links, markup, tables, tags
from .budget import OverBudget
from .display import open_line
from .plain import render_plain
from .sanitizing import clean, safe
from .source import normalized
from .unfinished import completed, without_empty_cells

MAX_LENGTH = 1_000_000  # characters of one text
MAX_NESTING = 60  # a list within a list counts two
MAX_PARAGRAPH = 30_000  # characters; longer ones are shown without their inline markup
References = dict[str, dict[str, Any]]


class TooDeep(ValueError):
    """The text nests its blocks deeper than MAX_NESTING."""


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block: its tokens and the lines it stands on, `end` exclusive.

    `is_open`: more text could still make it part of a formula.
    """

    tokens: list[Token]
    line: int
    end: int
    is_open: bool = False

    @property
    def nodes(self) -> int:
        """How many elements it is on the page: more than one where text follows `</details>` on its line."""
        return sum(token.level == 0 and token.nesting >= 0 for token in self.tokens)


def render(text: str) -> SafeString:
    """Safe HTML of a markdown text, as it was written where it is too long, too deep or too much work."""
    html = render_within(text, budget.allowance(len(text)))
    return render_plain(text) if html is None else html


def render_within(text: str, seconds: float) -> SafeString | None:
    """The same in so much CPU time; None if a text that may take longer (see budget.py) took all of it."""
    source, allowed = normalized(text), budget.allowance(len(text))
    if len(source) > MAX_LENGTH:
        return render_plain(source)
    try:
        with budget.limit(min(seconds, allowed)):
            budget.check()
            html = safe(_html(source))
            return render_plain(source) if len(html) > _most_html(len(source)) else html
    except OverBudget:
        return None if seconds < allowed else render_plain(source)
    except (TooDeep, RecursionError):
        return render_plain(source)


def _most_html(length: int) -> int:
    """How much a text of such a length may become: formulas take forty times their source, a footnote's mark as much
    each time that it is repeated."""
    return max(min(40 * length + 2**16, 4 * 2**20), 8 * length)


def _html(source: str) -> str:
    with_notes = footnotes.may_have_notes(source)
    env: dict[str, Any] = {"digest": hashlib.blake2s(source.encode(), digest_size=5).hexdigest()} if with_notes else {}
    return markup.blocks_html(_parser(with_notes).parse(source, env), env)


def parse(source: str, references: References, finished: bool = True) -> list[Block]:
    """The top-level blocks of a normalized text without its footnotes. New link definitions go into `references`.

    In a text that is not `finished`, markup that is open at its end counts as closed, and the last inline token,
    where it is the last leaf, has in meta["closing"] the tags after the place where its text goes on (absent where it
    does not).
    Raises TooDeep, OverBudget, RecursionError.
    """
    env: dict[str, Any] = {"references": references, "finished": finished}
    tokens = _parser(False).parse(source, env)
    starts = [index for index, token in enumerate(tokens) if token.level == 0 and token.nesting >= 0 and token.map]
    first_open = open_line(env)
    return [_block(tokens[start:end], first_open) for start, end in pairwise([*starts, len(tokens)])]


def _block(tokens: list[Token], first_open: int | None) -> Block:
    line, end = tokens[0].map or (0, 0)
    return Block(tokens, line, end, first_open is not None and end >= first_open)


def block_html(block: Block) -> str:
    """Clean HTML of a block that `parse` gave."""
    return clean(markup.blocks_html(block.tokens, {}))


@cache
def _parser(with_notes: bool) -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING + 2, "tasklists": True})
    md.enable(["table", "strikethrough"])
    md.disable(["normalize", "html_block", "html_inline"])
    md.inline = emphasis.CjkParserInline()
    md.inline.ruler.disable(["linkify", "html_inline"])
    for plugin in (links, formulas, tables, tags, fences, dates, details):
        plugin.install(md)
    footnotes.keep_from_references(md)
    if with_notes:
        footnotes.install(md)
    first = md.block.ruler.get_all_rules()[0]
    md.block.ruler.before(first, "depth", _refuse_depth)
    budget.install(md)
    md.core.ruler.at("inline", _inline)
    return md


def _refuse_depth(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    """Too deep is an error: the parser itself would leave the rest of the text out without a word."""
    if state.level >= MAX_NESTING and not silent:
        raise TooDeep
    return False


def _inline(state: StateCore) -> None:
    """Parses the inline tokens; text of unbounded length stays text, so that the time is bounded too."""
    last = None
    if not state.env.get("finished", True):
        state.tokens = without_empty_cells(state.tokens, state.src)
        last = last_leaf(state.tokens)
    for index, token in enumerate(state.tokens):
        if token.type != "inline":
            continue
        budget.step()  # a cell of one word takes none by itself
        token.children = token.children or []
        state.env["parent"] = state.tokens[index - 1].type
        if len(token.content) > MAX_PARAGRAPH:
            token.children.append(Token("text", "", 0, content=token.content))
        elif token is last:
            _unfinished_inline(state, token, token.children)
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
    if "<" in state.src:
        state.tokens = tags.apart(state.tokens)


def _unfinished_inline(state: StateCore, token: Token, children: list[Token]) -> None:
    content, closing = completed(token.content)
    parser = cast(emphasis.CjkParserInline, state.md.inline)
    state.env["goes_on"] = True
    emphasised = parser.parse_unfinished(content, state.md, state.env, children)
    state.env["goes_on"] = False
    if closing is not None and emphasised is not None and not state.env.pop("waits", False):
        token.meta["closing"] = closing + emphasised


def last_leaf(tokens: list[Token]) -> Token | None:
    """The last token that is no closing tag."""
    return next((token for token in reversed(tokens) if token.nesting >= 0), None)
