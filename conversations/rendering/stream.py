"""An answer in progress as HTML, piece by piece, at a cost that grows with the piece and not with the answer.

Blocks that nothing can change any more are frozen: rendered once, never looked at again. The rest, the tail, is parsed
again when a piece may change it; a piece that cannot (most words cannot) is appended to the page as it is.
"""

from time import thread_time
from typing import cast

from django.utils.safestring import SafeString

from . import budget, containers
from .budget import OverBudget
from .containers import Container
from .footnotes import may_have_notes
from .leaves import Leaf, PlainLeaf, code_leaf, text_leaf
from .markdown import MAX_LENGTH, Block, References, TooDeep, block_html, parse, render
from .patches import Op, patch
from .sanitizing import joined
from .source import normalized
from .unfinished import settled

# What a tail has beyond this must grow by a sixteenth before it is parsed again, so that the cost stays linear.
LONG_TAIL = 1_500  # characters
# A tail that is nearly all signs costs more than its length says: each of its inline tokens counts as so many.
TOKEN = 8  # characters
# CPU time for looking at the tail once, since that is done between everybody's frames, and for all looks together.
LOOK_SECONDS, LOOK_SECONDS_PER_CHARACTER, LONGEST_LOOK = 0.2, 5e-6, 1.0
SECONDS, SECONDS_PER_CHARACTER = 1.0, 1e-4  # an ordinary answer takes a tenth
# What parsing and rendering raise where a text is too much for them; it is shown as it was written. The state changes
# after both, so that it is as before the look where they do.
LIMITS = (TooDeep, OverBudget, RecursionError)

__all__ = ["Op", "StreamRenderer"]


class StreamRenderer:
    """Renders a text that arrives in pieces.

    `feed` returns operations (see patches.py) that bring a page from the former state to the present one, `html` the
    present state for a page that has nothing yet. After `finish` the state is `render(text)`, whatever the pieces were;
    until then markup that is still open may be shown ahead of its end. What takes too much time is shown as it was
    written until then.
    """

    def __init__(self) -> None:
        self._source: list[str] = []  # the whole text, normalized
        self._length = 0
        self._carriage_return = ""
        self._frozen: list[str] = []
        self._nodes = 0  # elements that they are on the page
        self._references: References = {}
        self._tail: list[str] = []
        self._container: Container | None = None  # of the tail: a long list or table
        self._contained: list[str] = []  # the source of its settled items
        self._full_parse = 0  # length of the tail when it was last parsed as a whole after being in a container
        self._unparsed = 0  # characters of the tail that came after the last parse
        self._tail_length = 0
        self._spent = 0.0  # CPU seconds
        self._extra = 0  # characters that the tail costs beyond its length, as it was last parsed
        self._html = ""  # of the tail, where there is no leaf
        self._leaf: Leaf | None = None

    def feed(self, text: str) -> list[Op]:
        """Takes the next piece; the operations that show it, [] if nothing visible changed."""
        piece = self._next(text)
        if not piece:
            return []
        if self._leaf is not None:
            shown = self._leaf.take(piece)
            if shown is not None:
                return [(self._leaf.depth, shown)] if shown else []
        if self._unparsed < self._tail_length + self._extra - LONG_TAIL >> 4:
            self._settle(self._tail_html())
            return []
        return self._parse_tail()

    def html(self) -> SafeString:
        """The whole text so far."""
        return joined([*self._frozen, self._whole_tail()])

    def finish(self, final: str | None = None) -> list[Op]:
        """Ends the text; the operations from the present state to its full render.

        `final`: that render, if the caller has it already.
        """
        if self._carriage_return:
            self._take("\n")
            self._carriage_return = ""
        target = self._final() if final is None else final
        before, old = "".join(self._frozen), self._whole_tail()
        ops = (
            patch(old, target[len(before) :], self._nodes) if target.startswith(before) else patch(before + old, target)
        )
        self._frozen, self._tail, self._contained, self._container = [target], [], [], None
        self._settle("")
        return ops

    def _next(self, text: str) -> str:
        """The piece, normalized and noted. A CR at its end waits: an LF may follow."""
        if "\r" in text or self._carriage_return:
            text = self._carriage_return + text
            self._carriage_return = "\r" if text.endswith("\r") else ""
            text = text.removesuffix("\r")
        piece = normalized(text)
        if piece:
            self._take(piece)
        return piece

    def _take(self, piece: str) -> None:
        self._source.append(piece)
        self._tail.append(piece)
        size = len(piece)
        self._length += size
        self._tail_length += size
        self._unparsed += size

    def _tail_html(self) -> str:
        """HTML of the tail, of its last items only where it is in a container."""
        leaf = self._leaf
        return self._html if leaf is None else "".join([leaf.head, *leaf.added, leaf.closing])

    def _whole_tail(self) -> str:
        container = self._container
        settled_html = [container.opening, *container.settled] if container else []
        return "".join([*settled_html, self._tail_html()])

    def _settle(self, html: str, leaf: Leaf | None = None) -> None:
        self._html, self._leaf = html, leaf

    def _parse_tail(self) -> list[Op]:
        began = thread_time()
        with budget.limit(min(LOOK_SECONDS + LOOK_SECONDS_PER_CHARACTER * self._tail_length, LONGEST_LOOK)):
            ops = self._parsed_tail()
        self._spent += thread_time() - began
        return ops

    def _parsed_tail(self) -> list[Op]:
        ops = self._parse_items() if self._container else None
        if ops is not None:
            return ops
        source = "".join([*self._contained, *self._tail])
        old, before, nodes = self._whole_tail(), len(self._frozen), self._nodes
        if self._container:
            self._full_parse = len(source)
        self._container, self._contained = None, []
        self._tail, self._tail_length, self._unparsed = [source], len(source), 0
        visible, references = settled(source), dict(self._references)
        try:
            blocks = self._blocks(visible, references)
            pieces, leaf = _rendered(blocks, source, visible)
            first = _first_open(blocks, visible)
            grows = first == 0 and len(blocks) == 1 and len(source) > 2 * self._full_parse
            began = containers.begin(blocks[0], source) if grows else None
        except LIMITS:
            self._settle("", PlainLeaf(source))
            return patch(old, self._tail_html(), nodes)
        if first:
            self._freeze(source, blocks, pieces[:first], references)
        self._extra = _extra(blocks[first:], self._tail_length)
        self._show(pieces[first:], leaf)
        if began:
            self._container, line = began
            self._contain(source, line, 0, self._container.opening + self._container.settled[0])
        return patch(old, "".join([*self._frozen[before:], self._whole_tail()]), nodes)

    def _parse_items(self) -> list[Op] | None:
        """Parses the last items of the list or table alone; None if they are not just more of it."""
        container, source, references = cast(Container, self._container), "".join(self._tail), dict(self._references)
        self._tail, self._unparsed = [source], 0
        source = container.head + source
        visible = settled(source)
        try:
            blocks = self._blocks(visible, references)
            if len(blocks) != 1 or len(references) > len(self._references) or not container.takes(blocks[0]):
                return None
            html, leaf = _open_end(blocks[0], source, visible)
            opening, line, count = containers.opening(blocks[0]), containers.settled_line(blocks[0]), container.count
            if line is not None:
                container.settle(blocks[0], line)
        except LIMITS:
            return None
        self._extra = _extra(blocks, len(source))
        old = container.opening + self._tail_html()
        self._settle_after(len(opening), html, leaf)
        ops = patch(old, container.opening + self._tail_html(), self._nodes, (len(container.opening), count))
        if line is not None:
            self._contain(source, line, len(container.head), container.settled[-1])
        return ops

    def _contain(self, source: str, line: int, head: int, html: str) -> None:
        """Lets go of the source before the line, and of its HTML."""
        rest = _from_line(source, line)
        self._contained.append(source[head : len(source) - len(rest)])
        self._tail, self._tail_length = [rest], len(rest)
        self._settle_after(len(html), self._html, self._leaf)

    def _settle_after(self, length: int, html: str, leaf: Leaf | None) -> None:
        """Settles on HTML without its beginning."""
        if leaf is not None:
            leaf.head = leaf.head[length:]
        self._settle(html[length:], leaf)

    def _blocks(self, visible: str, references: References) -> list[Block]:
        if self._length > MAX_LENGTH:
            raise TooDeep
        if self._spent > SECONDS + SECONDS_PER_CHARACTER * self._length:
            raise OverBudget
        return parse(visible, references, finished=False)

    def _freeze(self, source: str, blocks: list[Block], pieces: list[str], references: References) -> None:
        """Lets go of the first blocks: nothing can change them any more."""
        self._frozen += pieces
        self._nodes += sum(block.nodes for block in blocks[: len(pieces)])
        line = blocks[len(pieces)].line
        self._references |= {
            label: reference
            for label, reference in references.items()
            if label not in self._references and reference["map"][1] <= line
        }
        self._tail = [_from_line(source, line)]
        self._tail_length, self._full_parse = len(self._tail[0]), 0

    def _show(self, pieces: list[str], leaf: Leaf | None) -> None:
        """Settles on the HTML of the open blocks; the leaf is of the last one."""
        if leaf is not None:
            leaf.head = "".join([*pieces[:-1], leaf.head])
        self._settle("".join(pieces), leaf)

    def _final(self) -> str:
        source, references = "".join(self._source), dict(self._references)
        if self._length > MAX_LENGTH or may_have_notes(source):
            return render(source)
        try:
            with budget.limit(budget.allowance(self._length)):
                tail = [block_html(block) for block in parse("".join([*self._contained, *self._tail]), references)]
        except LIMITS:
            return render(source)
        # A link may have been defined after its use, in a block that is frozen.
        return render(source) if references else "".join([*self._frozen, *tail])


def _rendered(blocks: list[Block], source: str, visible: str) -> tuple[list[str], Leaf | None]:
    """HTML of each block and, if the text of the last one can go on without parsing, its leaf."""
    if not blocks:
        return [], None
    html, leaf = _open_end(blocks[-1], source, visible)
    return [*map(block_html, blocks[:-1]), html], leaf


def _open_end(block: Block, source: str, visible: str) -> tuple[str, Leaf | None]:
    """HTML of the last block and, if its text can go on without parsing, its leaf."""
    code = code_leaf(block, source, visible)
    if code is not None:
        html = "".join([code.head, *code.added, code.closing])
        return html, None if code.nested and source != visible else code
    html = block_html(block)
    return html, text_leaf(block, html, source) if source == visible else None


def _extra(blocks: list[Block], length: int) -> int:
    """What parsing the blocks costs beyond the length of their source, in characters; 0 in usual text."""
    count = 0
    for block in blocks:
        for token in block.tokens:
            if token.children:
                count += len(token.children)
    return max(0, TOKEN * count - length)


def _first_open(blocks: list[Block], source: str) -> int:
    """Index of the first block that later lines could still change.

    A block ends for good where the first line of a later one is complete. (A table is known by its second line; the
    parser does not see that one before it is complete. A formula may swallow blocks until its end has come.)
    """
    complete = source.count("\n")
    last = next((index for index in range(len(blocks) - 1, 0, -1) if blocks[index].line < complete), 0)
    return next((index for index, block in enumerate(blocks[:last]) if block.is_open), last)


def _from_line(source: str, line: int) -> str:
    return source.split("\n", line)[-1]
