"""A long list or table that is still being written: its first items stay as they are, the last ones are parsed again.

This decides what a page shows meanwhile. Once the list or table ends, it is parsed as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from .markdown import Block
from .markup import blocks_html
from .sanitizing import clean

MIN_LENGTH = 600  # characters of the source of a list or table before its first items are settled
ITEM = {"bullet_list_open": "list_item_open", "ordered_list_open": "list_item_open", "table_open": "tr_open"}


@dataclass(slots=True)
class Container:
    """The settled beginning of a list or table."""

    kind: tuple[str, str]
    loose: bool
    head: str  # source that must stand before the other items: the first two lines of a table
    opening: str  # HTML before the first item
    settled: list[str]  # HTML of the settled items
    count: int  # of them

    def takes(self, block: Block) -> bool:
        """Whether a block, parsed from the last items alone, goes on with this; it is made as loose as this."""
        if _kind(block) != self.kind or block.line or (not self.loose and _is_loose(block)):
            return False
        if self.loose:
            for token in _paragraphs(block):
                token.hidden = False
        return True

    def settle(self, block: Block, line: int) -> None:
        """Adds the items of the block that begin before the line."""
        first, last = _items(block)[0], next(i for i in _items(block) if _line(block, i) >= line)
        self.settled.append(_html(block, last)[len(_html(block, first)) :])
        self.count += sum(_line(block, index) < line for index in _items(block))


def begin(block: Block, source: str) -> tuple[Container, int] | None:
    """The container of a list or table long enough for one, and the first line of what is to be parsed again."""
    if block.tokens[0].type not in ITEM or block.line or len(source) < MIN_LENGTH:
        return None
    line = settled_line(block)
    if line is None:
        return None
    head = "".join(f"{line}\n" for line in source.split("\n", 2)[:2]) if block.tokens[0].type == "table_open" else ""
    container = Container(_kind(block), _is_loose(block), head, opening(block), [], 0)
    container.settle(block, line)
    return container, line


def settled_line(block: Block) -> int | None:
    """The line before which all items are settled: all but the last two of a list, the last one of a table."""
    items = _items(block)
    keep = 1 if block.tokens[0].type == "table_open" else 2
    return _line(block, items[-keep]) if len(items) > keep else None


def opening(block: Block) -> str:
    """HTML of a list or table up to its first item."""
    return _html(block, _items(block)[0])


def _items(block: Block) -> list[int]:
    """Indexes of the tokens that open an item, or a row of the table's body."""
    tokens = block.tokens
    body = next((index for index, token in enumerate(tokens) if token.type == "tbody_open"), None)
    level = 1 if body is None else 2
    wanted = ITEM[tokens[0].type]
    return [i for i in range(body or 0, len(tokens)) if tokens[i].level == level and tokens[i].type == wanted]


def _line(block: Block, index: int) -> int:
    lines = block.tokens[index].map
    return lines[0] if lines else 0


def _html(block: Block, end: int) -> str:
    """Clean HTML of the block's tokens before the index, left open."""
    closing = [token for token in block.tokens[-2:] if token.type in ("tbody_close", "table_close")] or block.tokens[
        -1:
    ]
    return clean(blocks_html([*block.tokens[:end], *closing], {})).removesuffix(blocks_html(closing, {}))


def _kind(block: Block) -> tuple[str, str]:
    return block.tokens[0].type, block.tokens[0].markup


def _paragraphs(block: Block) -> Sequence[Token]:
    return [token for token in block.tokens if token.level == 2 and token.type in ("paragraph_open", "paragraph_close")]


def _is_loose(block: Block) -> bool:
    return any(not token.hidden for token in _paragraphs(block))
