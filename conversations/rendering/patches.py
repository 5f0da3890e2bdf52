"""Patches that bring a page from one HTML to the next, at one place: the end of some element on the page's right edge.

An operation is (depth, keep, html): from the body go to the last child element `depth` times, remove that element's
child nodes from index `keep` on, insert html at its end; or (depth, text): append raw text to the last text node of
that element (making one where its last child is no text node).

Both strings are ours: well-formed, as `sanitizing.clean` writes them. A formula counts as one piece.
"""

import re
from dataclasses import dataclass, field
from html import unescape

Op = tuple[int, int, str] | tuple[int, str]

PIECE = re.compile(r'<math\b.*?</math>|<(/?)([a-z][a-z0-9]*)(?:[^<>"]|"[^"]*")*>', re.DOTALL)
VOID = frozenset({"br", "hr"})


@dataclass(slots=True)
class _Place:
    """The end of what both strings have in common: the open elements there, outermost first (the body is the first)."""

    names: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)  # child nodes begun so far
    starts: list[int] = field(default_factory=list)  # where the last of them begins
    text: int = 0  # where the text begins in which the common part ends
    end: int = 0

    def closing(self, depth: int) -> str:
        """The tags that close the element at `depth` and all around it."""
        return "".join(f"</{name}>" for name in reversed(self.names[1 : depth + 1]))


def patch(old: str, new: str, before: int = 0, hidden: tuple[int, int] = (0, 0)) -> list[Op]:
    """Operations that turn a body of `before` child nodes followed by `old` into the same followed by `new`.

    `hidden`: position of both strings at which the page has more child nodes than they show, and how many.
    """
    if old == new:
        return []
    place = _common(old, new, before, hidden)
    depth = min(_lowest(old, place), _lowest(new, place))
    closing = place.closing(depth)
    if depth < len(place.names) - 1:
        return [(depth, place.counts[depth] - 1, new[place.starts[depth] : len(new) - len(closing)])]
    return _at_end(old[place.end : len(old) - len(closing)], new[: len(new) - len(closing)], place, depth)


def _at_end(old_rest: str, new: str, place: _Place, depth: int) -> list[Op]:
    """Operations for a change at the very end of the common part's innermost element."""
    rest, count = new[place.end :], place.counts[depth]
    has_text = place.end > place.text
    if old_rest and not (has_text and old_rest[0] == "<"):
        return [(depth, count, new[place.text :])]
    if old_rest and rest[:1] in ("", "<"):
        return [(depth, count + 1, rest)]
    text, tag, markup = rest.partition("<")
    ops: list[Op] = [(depth, count + 1, "")] if old_rest else []
    ops += [(depth, unescape(text))] if text else []
    return [*ops, (depth, count + bool(has_text or text), tag + markup)] if tag else ops


def _common(old: str, new: str, before: int, hidden: tuple[int, int]) -> _Place:
    shared = _shared(old, new)
    place = _Place(["body"], [before], [0])
    for match in PIECE.finditer(new):
        if match.end() > shared:
            place.end = min(shared, match.start())
            break
        _enter(place, match)
        if place.text == hidden[0]:
            place.counts[-1] += hidden[1]
    else:
        place.end = shared
    return place


def _shared(old: str, new: str) -> int:
    """Length of the common beginning."""
    shared, step, limit = 0, 512, min(len(old), len(new))
    while step:
        while shared + step <= limit and old[shared : shared + step] == new[shared : shared + step]:
            shared += step
        step //= 2
    return shared


def _enter(place: _Place, match: re.Match[str]) -> None:
    if match.start() > place.text:
        place.counts[-1] += 1
        place.starts[-1] = place.text
    if match[1]:
        place.names.pop()
        place.counts.pop()
        place.starts.pop()
    else:
        place.counts[-1] += 1
        place.starts[-1] = match.start()
        if match[2] and match[2] not in VOID:
            place.names.append(match[2])
            place.counts.append(0)
            place.starts.append(match.end())
    place.text = match.end()


def _lowest(html: str, place: _Place) -> int:
    """The outermost depth at which something follows the common part."""
    depth = lowest = len(place.names) - 1
    position = place.end
    for match in PIECE.finditer(html, position):
        if match.start() > position or not match[1]:
            lowest = min(lowest, depth)
        if match[1]:
            depth -= 1
        elif match[2] and match[2] not in VOID:
            depth += 1
        position = match.end()
    return min(lowest, depth) if len(html) > position else lowest
