"""How much CPU time a text may take to become HTML. Who has used it up gets OverBudget, and shows the text as written.

The time is that of the thread, so a busy machine costs a text nothing. It is looked at where the parser takes its next
step; nothing between two looks may take long, whatever the text is: paragraphs, formulas and blocks of code are bounded
by their length, and only lexers are used that were tried with hostile code (see lexers.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import thread_time

from markdown_it import MarkdownIt
from markdown_it.rules_block.state_block import StateBlock
from markdown_it.rules_inline.state_inline import StateInline

SECONDS = 1.0  # for one text, however short
SECONDS_PER_CHARACTER = 1e-5  # beyond that: three times what ordinary text takes
MOST_SECONDS = 6.0  # for one text, however long; a million characters of ordinary text take three
_STEPS = 8  # from one look at the clock to the next, since a look costs as much as several steps


class OverBudget(ValueError):
    """The text has taken more CPU time than it may."""


class _Here(threading.local):
    """What this thread is at: no limit, unless something is being rendered."""

    steps = 0
    end = inf
    decoration_end = inf


_here = _Here()


def allowance(length: int) -> float:
    """CPU seconds that a text of so many characters may take."""
    return min(SECONDS + SECONDS_PER_CHARACTER * length, MOST_SECONDS)


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """At most so many CPU seconds for what is done inside, less where an outer limit says so.

    Colours and formulas stop at half of it, so that they alone never cost a text its markup.
    """
    end, decoration_end, now = _here.end, _here.decoration_end, thread_time()
    _here.end = min(end, now + seconds)
    _here.decoration_end = min(decoration_end, now + (_here.end - now) / 2)
    try:
        yield
    finally:
        _here.end, _here.decoration_end = end, decoration_end


def step() -> None:
    """To be called before each step of unknown length. Raises OverBudget."""
    _here.steps += 1
    if not _here.steps % _STEPS:
        check()


def check() -> None:
    """To be called before a text is begun: a look at the clock each time. Raises OverBudget."""
    if thread_time() > _here.end:
        raise OverBudget


def allows_decoration() -> bool:
    """Whether there is time for what a text can do without: colours of code, formulas as MathML."""
    return _here.decoration_end == inf or thread_time() < _here.decoration_end


def install(md: MarkdownIt) -> None:
    """Makes each line and each sign of a paragraph a step, by rules that match nothing."""
    first = md.block.ruler.get_all_rules()[0]
    md.block.ruler.before(first, "budget", _line, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    md.inline.ruler.after("text", "budget", _sign)


def _line(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    step()
    return False


def _sign(state: StateInline, silent: bool) -> bool:
    step()
    return False
