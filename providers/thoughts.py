"""Takes a model's thoughts out of the text of its answer: `<think>…</think>` and its like.

Thoughts stand at the beginning of an answer. In code, or in the middle of it, the same letters are text. Where the
template holds the opening mark, only the closing one tells: all text before it turns out to be thoughts, which
Rethought says. What is given is the same however the answer was cut into pieces.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import regex

from providers.base import Reasoning, Rethought, Text
from providers.marks import (
    ANYWHERE,
    BARE_END,
    BLANKS,
    MARK,
    OPENING,
    PART_BEGINS,
    PART_END,
    SIGN,
    SOLUTION_END,
    TEXT_PART_END,
    Place,
    closes_thoughts,
    is_quoted,
)

MARK_LENGTH = 400  # no mark, with the blanks before it or what tells that it is one behind it, is longer
_AT_ONCE = 4096  # characters: a whole answer of marks would be copied for each of them
_HALF = re.compile("[\ud800-\udfff]")
Event = Text | Reasoning | Rethought
Pattern = regex.Pattern[str]
Match = regex.Match[str]


def move_to_reasoning(text: list[str], reasoning: list[str]) -> None:
    """What Rethought means, for pieces that were gathered."""
    moved = "".join(text).strip(BLANKS)
    text.clear()
    if moved:
        reasoning.append(("\n\n" if reasoning else "") + moved)


class Whole:
    """Joins characters that were cut in two between pieces of one kind; a half that stays alone becomes U+FFFD."""

    def __init__(self) -> None:
        self._half = ""
        self._kind: type[Text | Reasoning] = Text

    def take(self, event: Text | Reasoning) -> Iterable[Text | Reasoning]:
        if not self._half and (event.text.isascii() or not _HALF.search(event.text)):
            return (event,)
        return self._joined(event)

    def finish(self) -> Iterable[Text | Reasoning]:
        half, self._half = self._half, ""
        return (self._kind("\ufffd"),) if half else ()

    def _joined(self, event: Text | Reasoning) -> Iterator[Text | Reasoning]:
        if type(event) is not self._kind:
            yield from self.finish()
        self._kind = type(event)
        text, self._half = self._half + event.text, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        if text:
            yield self._kind(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


class Thoughts:
    """Feed it the pieces of one answer as the wire has them. `wants_tool`: a part of it was a call of a tool."""

    def __init__(self) -> None:
        self.wants_tool = False
        self._whole = Whole()
        self._step: Callable[[bool], Iterator[Event]] = self._begin
        self._held = ""  # what may be a part of a mark
        self._place = Place()
        self._end: Pattern = MARK  # what ends the thoughts that are open
        self._blanks: list[str] = []  # of thoughts, behind which nothing has come yet
        self._is_first = True
        self._after = False  # whether a mark was taken off just before: blanks go with it
        self._watches = True  # for a closing mark that nothing opened
        self._open = 0  # opening marks in the text, or inside of thoughts, that no closing one has followed yet
        self._has_thought = False
        self._is_part = False  # of gpt-oss's parts
        self._is_solution = False
        self._wire: list[str] = []  # thoughts that came apart from the text
        self._echo: list[str] = []  # of them, in the text
        self._echoed = 0  # characters of it

    def take(self, event: Text | Reasoning) -> Iterable[Event]:
        found: list[Event] = []
        for piece in self._whole.take(event):
            found += self._take(piece)
        return found

    def finish(self) -> Iterable[Event]:
        """What was held back; no more will come."""
        found: list[Event] = []
        for piece in self._whole.finish():
            found += self._take(piece)
        return [*found, *self._run(final=True)]

    def _take(self, event: Text | Reasoning) -> Iterable[Event]:
        if type(event) is Reasoning:
            self._wire.append(event.text)
            self._watches = False
            return (event,)
        if self._step == self._write and not self._held and not self._may_hold_mark(event.text):
            if self._watches or self._is_part:
                self._place.add(event.text)
            return (event,)
        found: list[Event] = []
        for start in range(0, len(event.text), _AT_ONCE):
            self._held += event.text[start : start + _AT_ONCE]
            found += self._run(final=False)
        return found

    def _may_hold_mark(self, text: str) -> bool:
        if not (self._watches or self._is_part or self._is_solution):
            return False
        return SIGN.search(text) is not None

    def _run(self, *, final: bool) -> Iterator[Event]:
        before: tuple[object, int] | None = None
        while before != (now := (self._step, len(self._held))):
            before = now
            yield from self._step(final)

    # --- at the beginning, and behind thoughts ------------------------------------------------------------------
    def _begin(self, final: bool) -> Iterator[Event]:
        if not final and len(self._held) < MARK_LENGTH and not self._held.strip(BLANKS):
            return  # tells nothing yet; the pattern would try each of its parts behind each blank
        found = OPENING.match(self._held, partial=not final)
        if found is not None and found.partial and len(self._held) < MARK_LENGTH:
            return
        if found is None or found.partial:
            self._held = _without_blanks(self._held) if self._after else self._held
            if self._held:
                self._step = self._write
            return
        self._held = self._held[found.end() :]
        self._after = True
        self._watches = False
        if found["header"] is not None:
            self._begin_part(found["channel"], f"{found['to']}{found['more']}")
        elif found["open"] is not None or found["bare"] is not None:
            self._begin_thoughts(MARK if found["bare"] is None else BARE_END)
        else:
            self._is_solution |= "_of_solution" in found[0].lower() or "_response" in found[0].lower()
        yield from ()

    def _begin_part(self, channel: str | None, rest: str) -> None:
        self._is_part = channel in (None, "final")
        self.wants_tool |= "to=" in rest and not self._is_part
        if self._is_part:
            self._step = self._write
        else:
            self._begin_thoughts(PART_END)

    def _begin_thoughts(self, end: Pattern) -> None:
        self._step, self._end = self._think, end
        self._place, self._blanks, self._is_first = Place(), [], True

    def _leave(self, rest: str) -> None:
        """The thoughts, or a part, have ended: what follows is like a beginning."""
        self._step, self._held, self._place = self._begin, rest, Place()
        self._after, self._is_part = True, False

    # --- in thoughts ----------------------------------------------------------------------------------------------
    def _think(self, final: bool) -> Iterator[Event]:
        found = self._end.search(self._held, partial=not final)
        before, rest = _cut(self._held, found)
        yield from self._say_thought(before)
        self._held = rest
        if found is None or found.partial:
            return
        mark, after = found[0], rest[len(found[0]) :]
        ends = self._ends(found, after, final)
        if ends:
            self._has_thought, self._watches = True, self._open > 0
            self._leave(after)
        elif ends is False:
            yield from self._say_thought(mark)
            self._held = after

    def _ends(self, found: Match, after: str, final: bool) -> bool | None:
        if self._end is not MARK:
            return True
        self._place.look()
        quoted = is_quoted(self._place, after, final=final)
        if quoted is not False:
            return None if quoted is None else False
        if found["open"] is not None:
            self._open += 1
            return False
        if self._place.in_fence and (self._place.line.strip() or self._open):
            self._open = max(0, self._open - 1)
            return False
        return True

    def _say_thought(self, text: str) -> Iterator[Reasoning]:
        """Without blanks at either end, and not what has come apart from the text already."""
        self._place.add(text)
        bare = text.rstrip(BLANKS)
        if not bare:
            self._blanks += [text] if text else []
            return
        said, self._blanks = "".join([*self._blanks, bare]), [text[len(bare) :]]
        if self._is_first:
            said = said.lstrip(BLANKS)
        if self._wire:
            self._wire = ["".join(self._wire).lstrip(BLANKS)]
            self._echo.append(said)
            if self._wire[0].startswith(said, self._echoed):
                self._echoed += len(said)
                self._is_first = False
                return
            said, self._wire, self._is_first = "".join(self._echo), [], True
        yield Reasoning(("\n\n" if self._is_first and self._has_thought else "") + said)
        self._is_first, self._has_thought = False, True

    # --- in the text ----------------------------------------------------------------------------------------------
    def _write(self, final: bool) -> Iterator[Event]:
        pattern = self._pattern()
        found = pattern.search(self._held, partial=not final) if pattern else None
        before, rest = _cut(self._held, found)
        yield from self._say(before)
        self._held = rest
        if found is None or found.partial:
            return
        mark, after = found[0], rest[len(found[0]) :]
        behind = after[:MARK_LENGTH]
        self._place.look()
        ends = self._ends_text(found, behind, final or len(behind) == MARK_LENGTH)
        if ends is False:
            yield from self._say(mark)
            self._held = after
        elif ends:
            yield from self._end_text(after)

    def _pattern(self) -> Pattern | None:
        if self._is_part:
            return TEXT_PART_END
        if self._is_solution:
            return SOLUTION_END
        return ANYWHERE if self._watches else None

    def _ends_text(self, found: Match, after: str, final: bool) -> bool | None:
        if self._is_part:
            return not self._place.in_fence and _ends_part(after, final)
        if self._is_solution:
            return True
        if found["open"] is not None:
            quoted = self._place.in_fence or is_quoted(self._place, after, final=final)
            self._open += quoted is False
            return None if quoted is None else False
        ends = closes_thoughts(self._place, after, final=final)
        if ends and self._open and not self._has_thought:
            self._open -= 1  # its opening mark stands in the text too
            return False
        return ends

    def _end_text(self, after: str) -> Iterator[Event]:
        if self._is_part:
            self._leave(after.lstrip(BLANKS))
        elif self._is_solution:
            self._is_solution, self._held = False, after
        else:
            self._watches, self._open, self._has_thought = False, 0, True
            self._leave(after)
            yield Rethought()

    def _say(self, text: str) -> Iterator[Text]:
        if text:
            if self._watches or self._is_part:
                self._place.add(text)
            yield Text(text)


def _cut(text: str, found: Match | None) -> tuple[str, str]:
    at = found.start() if found is not None else len(text)
    return text[:at], text[at:]


def _ends_part(after: str, final: bool) -> bool | None:
    """Whether a mark of gpt-oss is one: the answer ends there, or another part begins."""
    rest = after.lstrip(BLANKS)
    if not rest:
        return True if final else None
    if rest.startswith(PART_BEGINS):
        return True
    return None if not final and any(begin.startswith(rest) for begin in PART_BEGINS) else False


def _without_blanks(text: str) -> str:
    """`text` without the blanks at its beginning; but code stays indented."""
    bare = text.lstrip(BLANKS)
    _, line_end, indent = text[: len(text) - len(bare)].rpartition("\n")
    return indent + bare if line_end and bare and len(indent.expandtabs(4)) >= 4 else bare
