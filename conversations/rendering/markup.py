"""From the parser's tokens to HTML: compact (no white space between blocks), without a style or a script.

Images are never loaded: `![alt](src)` is a link. The page has its h1, so headings of an answer begin at h3.
"""

from collections.abc import Callable, Sequence
from html import escape

from markdown_it.token import Token
from markdown_it.utils import EnvType

from . import budget, footnotes, formulas, highlighting
from .pieces import in_pieces
from .sanitizing import escape_text
from .unfinished import PENDING

HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
LINK = ' rel="noopener noreferrer nofollow" target="_blank"'
LEAVES: dict[str, Callable[[Token], str]] = {
    "text": lambda token: in_pieces(token.content),
    "softbreak": lambda token: "<br>",
    "hardbreak": lambda token: "<br>",
    "hr": lambda token: "<hr>",
    "code_inline": lambda token: f"<code>{escape_text(token.content)}</code>",
    "fence": lambda token: _fence(token),
    "code_block": lambda token: highlighting.to_html(token.content.removesuffix("\n"), ""),
    "formula": lambda token: formulas.inline_html(token.content, token.meta["display"], token.meta["after"]),
    "formula_block": lambda token: formulas.block_html(token.content, token.meta["after"], token.meta["open"]),
}


def blocks_html(tokens: Sequence[Token], env: EnvType) -> str:
    """HTML of block tokens, not cleaned yet."""
    pieces: list[str] = []
    for index, token in enumerate(tokens):
        budget.step()
        if token.type == "inline":
            pieces.append(_inline_html(token.children or (), env))
        elif token.type.startswith("footnote_"):
            pieces.append(footnotes.render(token, env))
        elif token.nesting == 0:
            pieces.append(LEAVES[token.type](token))
        elif not token.hidden:
            pieces.append(tag_html(token) + _task_box(tokens, index))
        else:
            pieces.append(_between(tokens, index) + _task_box(tokens, index))
    return "".join(pieces)


def _between(tokens: Sequence[Token], index: int) -> str:
    """Two paragraphs of a tight item, which have no tags, meet where a comment stood between them."""
    follows = index and tokens[index].nesting > 0 and tokens[index - 1].type == "paragraph_close"
    return "<br>" if follows else ""


def tag_html(token: Token) -> str:
    """The opening or closing tag of a block."""
    name = HEADINGS.get(token.tag, token.tag)
    if name == "table":
        return '<div class="table" tabindex="0"><table>' if token.nesting > 0 else "</table></div>"
    if token.nesting < 0:
        return f"</{name}>"
    return f"<{name}{_attributes(token)}>"


def _attributes(token: Token) -> str:
    if token.type == "list_item_open" and token.meta:
        return ' class="task"'
    if token.type == "details_open" and token.meta["open"]:
        return ' open=""'
    if style := token.attrs.get("style"):
        return f' align="{str(style).removeprefix("text-align:")}"'
    start = token.attrs.get("start")
    return "" if start is None else f' start="{start}"'


def _task_box(tokens: Sequence[Token], index: int) -> str:
    """The box of a task, inside the item's first paragraph."""
    before = tokens[index - 1] if index else None
    if tokens[index].type != "paragraph_open" or not before or before.type != "list_item_open" or not before.meta:
        return ""
    return f'<span class="task-box">{"☑" if before.meta["checked"] else "☐"}</span> '


def _inline_html(tokens: Sequence[Token], env: EnvType) -> str:
    pieces: list[str] = []
    links = 0
    for token in tokens:
        if (leaf := LEAVES.get(token.type)) is not None:
            pieces.append(leaf(token))
        elif token.type == "image":
            pieces.append(_image(token, inside_link=links > 0))
        elif token.type.startswith("footnote_"):
            pieces.append(footnotes.render(token, env))
        elif token.tag == "a":
            links += token.nesting
            pieces.append(_link(token) if token.nesting > 0 else "</a>")
        else:
            pieces.append(f"<{token.tag}>" if token.nesting > 0 else f"</{token.tag}>")
    return "".join(pieces)


def _link(token: Token, attributes: str = "") -> str:
    href, title = str(token.attrs["href"]), token.attrs.get("title")
    if href == PENDING:
        return "<a>"
    tail = f' title="{escape(str(title))}"' if title else ""
    return f'<a{attributes} href="{escape(href)}"{tail}{LINK}>'


def _image(token: Token, inside_link: bool) -> str:
    source = str(token.attrs["src"])
    alt = escape_text(_plain(token.children or ()).strip() or source)
    if inside_link:
        return alt
    token.attrs["href"] = source
    return _link(token, ' class="image-link"') + alt + "</a>"


def _plain(tokens: Sequence[Token]) -> str:
    """Text of inline tokens without their markup."""
    return "".join(
        _plain(token.children) if token.children else "\n" if token.type.endswith("break") else token.content
        for token in tokens
    )


def _fence(token: Token) -> str:
    language = highlighting.language_of(token.info)
    if token.meta.get("open"):
        return highlighting.to_html(token.content, language, highlight=False)
    if language == "math":
        return formulas.fence_html(token.content)
    return highlighting.to_html(token.content.removesuffix("\n"), language)
