"""Footnotes: `[^1]` in the text, `[^1]: …` on a line of its own; the notes are listed at the end.

Anchors carry a digest of the text, because a page shows many answers and each may have its own note 1.
"""

from markdown_it import MarkdownIt
from markdown_it.rules_block.state_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType


def may_have_notes(text: str) -> bool:
    """Whether it is worth building the parser that knows footnotes."""
    return "[^" in text and "]:" in text


def install(md: MarkdownIt) -> None:
    """Adds footnotes (not the inline kind)."""
    from mdit_py_plugins.footnote import footnote_plugin

    footnote_plugin(md, inline=False)


def keep_from_references(md: MarkdownIt) -> None:
    """A line `[^1]: word` defines a note, never a link named ^1, whether or not this parser knows footnotes.

    Most lines begin with no bracket, and the parser's own rule need not be asked.
    """
    position = md.block.ruler.__find__("reference")
    rule = md.block.ruler.__rules__[position].fn

    def reference(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
        first = state.bMarks[startLine] + state.tShift[startLine]
        begins = state.src[first : first + 2]
        return begins[:1] == "[" and begins != "[^" and rule(state, startLine, endLine, silent)

    md.block.ruler.at("reference", reference)


def render(token: Token, env: EnvType) -> str:
    """HTML of one of the plugin's tokens."""
    kind = token.type
    if kind == "footnote_block_open":
        return '<section class="footnotes"><hr><ol>'
    if kind == "footnote_block_close":
        return "</ol></section>"
    if kind == "footnote_close":
        return "</li>"
    number = token.meta["id"] + 1
    name = f"{env['digest']}-{number}"
    if kind == "footnote_open":
        return f'<li id="fn-{name}">'
    again = f"-{token.meta['subId']}" if token.meta.get("subId", 0) > 0 else ""
    if kind == "footnote_ref":
        return f'<sup class="footnote"><a href="#fn-{name}" id="fnref-{name}{again}">{number}</a></sup>'
    return f' <a class="footnote-back" href="#fnref-{name}{again}">↩\ufe0e</a>'
