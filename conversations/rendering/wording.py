"""The words of a markdown text: without the marks that are markup, with every character that is content.

People write their questions as plain text in which markdown may occur. The parser alone would take `__init__.py`,
`2*3*4` and `\\d+\\.\\d+` for markup. So escapes, entities and formulas stay as they were typed, and a pair of marks
that stands inside a name, a path or a calculation belongs to it.
"""

from __future__ import annotations

import builtins
import re
import types
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_inline.state_inline import StateInline
from markdown_it.token import Token

from . import emphasis, formulas, links
from .source import normalized

_MAX_NESTING = 20
_IN_A_NAME = re.compile(r"[.(\[=:/\\][^\s*_]")  # what follows `__init__` in a name: ".py", "(self", "()"
_END_OF_A_NAME = re.compile(r"[\w)\]][.:>/\\]$|^[./\\]$")  # and what stands before `__class__`: "self."
_TERM_BEFORE, _TERM_AFTER = re.compile(r"[A-Za-z0-9)\]/]$"), re.compile(r"[A-Za-z0-9(\[/]")
_PROMPT = re.compile(r" {0,3}>(>> |[=.:;_<])")  # of Python, or a face: no quotation
_OF_PYTHON = {
    name
    for kind in (object, type, int, str, dict, list, types.FunctionType, types.ModuleType, BaseException)
    for name in dir(kind)
    if name.startswith("__")
} | {name for name in dir(builtins) if name.startswith("__")}
_SPECIAL_NAMES = _OF_PYTHON | {
    f"__{name}__"
    for name in (
        "all author await aiter anext aenter aexit call copy deepcopy del delitem enter exit file fspath future get "
        "getattr index iter len main missing next post_init pycache slots set set_name version mocks tests fixtures "
        "snapshots dirname filename typename FILE LINE DIR FUNCTION CLASS NAMESPACE DATE TIME COUNTER func"
    ).split()
}


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of `text` that have words, in their order, each with whether it is code."""
    source = normalized(text)
    rows = source.split("\n")
    tokens = _parser().parse(source)
    for index, token in enumerate(tokens):
        if token.type in ("fence", "code_block"):
            yield from ((line, True) for line in token.content.split("\n") if line.strip())
        elif token.type == "tr_open":
            yield _row(tokens, index), False
        elif token.type == "inline" and not tokens[index - 1].type.startswith(("td", "th")):
            row = rows[token.map[0]] if token.map else ""
            is_typed = _PROMPT.match(row) or _is_date(tokens, index)
            words = row if is_typed else _words(token.children or [])
            yield from ((line, False) for line in words.split("\n") if line.strip())


def _row(tokens: list[Token], index: int) -> str:
    end = next(i for i in range(index, len(tokens)) if tokens[i].type == "tr_close")
    return " ".join(_words(token.children or []) for token in tokens[index:end] if token.type == "inline")


def _is_date(tokens: list[Token], index: int) -> bool:
    """Whether the text is the item of a list within a list on one line, or of a year: "2024. 3. 15." is a date."""
    line = (tokens[index].map or [-1])[0]
    opened = [t for t in tokens[:index] if t.type == "ordered_list_open" and t.map and t.map[0] == line]
    return len(opened) > 1 or any(int(str(t.attrs.get("start", 1))) >= 1000 for t in opened)


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING, "tasklists": True})
    md.enable(["table", "strikethrough"])
    md.disable(["normalize", "html_block", "html_inline", "text_join"])
    md.inline = emphasis.CjkParserInline()
    md.inline.ruler.disable(["linkify", "html_inline"])
    md.inline.terminator_re = links.TERMINATORS
    md.validateLink = links.is_allowed  # type: ignore[method-assign]  # the documented way to restrict links
    formulas.install(md)
    md.block.ruler.disable("formula_block")
    rule = md.inline.ruler.__rules__[md.inline.ruler.__find__("formula")].fn

    def formula(state: StateInline, silent: bool) -> bool:
        start = state.pos
        if not rule(state, silent):
            return False
        if not silent:
            state.tokens[-1].content = state.src[start : state.pos].replace("\n", " ")
        return True

    md.inline.ruler.at("formula", formula)
    return md


def _words(tokens: list[Token]) -> str:
    typed = [_typed(token) for token in tokens]
    kept = _content_marks(tokens, typed)
    return "".join(
        typed[index] if index in kept or token.type in ("text", "text_special", "formula") else _shown(token)
        for index, token in enumerate(tokens)
    )


def _typed(token: Token) -> str:
    """The token as it stands in the source, as far as that matters to its neighbours."""
    if token.type == "text_special":
        return token.markup
    if token.type == "code_inline":
        return f"{token.markup}{token.content}{token.markup}"
    return token.content or ("" if token.tag == "a" else token.markup)


def _shown(token: Token) -> str:
    if token.type.endswith("break"):
        return "\n"
    if token.type == "image":
        return _words(token.children or []).strip() or str(token.attrs["src"])
    return token.content if token.type == "code_inline" else ""


def _content_marks(tokens: list[Token], typed: list[str]) -> set[int]:
    """The indices of marks that the parser took for emphasis and that belong to the text."""
    kept: set[int] = set()
    open_ones: list[int] = []
    for index, token in enumerate(tokens):
        if token.nesting > 0:
            open_ones.append(index)
        elif token.nesting < 0 and open_ones:
            first = open_ones.pop()
            if token.type in ("em_close", "strong_close") and _is_content(typed, first, index):
                kept |= {first, index}
    return kept


def _is_content(typed: list[str], first: int, last: int) -> bool:
    before, after = "".join(typed[:first])[-2:], "".join(typed[last + 1 :])
    inside = "".join(typed[first + 1 : last])
    if typed[first].startswith("_"):
        is_special = f"__{inside}__" in _SPECIAL_NAMES and typed[first] == "__"
        return is_special or bool(_IN_A_NAME.match(after) or _END_OF_A_NAME.search(before))
    if not any(char.isalnum() for char in inside):
        return True  # a face
    is_path = inside[:1] == "/" or inside[-1:] == "/" or before[-1:] == "/" or after[:1] == "/"
    return is_path or bool(_TERM_BEFORE.search(before) and _TERM_AFTER.match(after))
