"""A page in Python: enough of a DOM to apply patches to, child nodes counted as a browser counts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from conversations.rendering import Op

VOID = {"br", "hr"}


@dataclass
class Element:
    name: str
    attributes: tuple[tuple[str, str | None], ...] = ()
    children: list[Element | str] = field(default_factory=list)

    def add_text(self, text: str) -> None:
        """A parser merges neighbouring text into one node."""
        if self.children and isinstance(self.children[-1], str):
            self.children[-1] += text
        else:
            self.children.append(text)

    def text(self) -> str:
        """What a reader sees; a `<br>` is a line end."""
        inner = "".join(child if isinstance(child, str) else child.text() for child in self.children)
        return "\n" if self.name == "br" else inner


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("body")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, tuple(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, "the HTML is not well-formed"

    def handle_data(self, data: str) -> None:
        self.open[-1].add_text(data)


def parse(html: str) -> Element:
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert len(parser.open) == 1, "the HTML is not well-formed"
    return parser.open[0]


def apply(body: Element, ops: list[Op]) -> None:
    """What static/js/stream.js does to [data-message-body]."""
    for op in ops:
        element = body
        for _ in range(op[0]):
            element = next(child for child in reversed(element.children) if isinstance(child, Element))
        if len(op) == 2:
            element.add_text(op[1])
            continue
        assert op[1] <= len(element.children), "keeps more child nodes than there are"
        del element.children[op[1] :]
        element.children += parse(op[2]).children
