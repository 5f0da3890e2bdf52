"""Which lexers are safe to use: the longest time that one of them takes without a look at the clock, on hostile code.

Run from the project's root: python -m tests.bench.lexer_bench [NAME ...]

Without names: those that are in use (conversations/rendering/lexers.py). A new one should stay below 0.5 seconds. Each
runs in a process that is ended when it takes too long, since one match cannot be interrupted.
"""

import os
import signal
import sys
from collections.abc import Iterator
from itertools import product
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import thread_time
from typing import Any

from pygments.lexers import get_lexer_by_name

from conversations.rendering.highlighting import MAX_HIGHLIGHTED, MAX_LINE
from conversations.rendering.lexers import TRIED

LOOK, TOO_LONG = 0.004, 3  # seconds for one text in small steps, and until the process is ended
SHORT = MAX_LINE  # characters in which a square shows; what was slow there is tried at full length
SIGNS = " \t\n([{<\"'/*#\\$@:=-.,;|&a0_%`>)]}!?+~^"
PAIRED = " \t\n([{<\"'/*#\\$:=-a0%"
MORE = (
    "a\n |a ( |a: |<a |<a b=|<!--|<![CDATA[|{{|{%|${|#{|/*|*/|\\\n|\"\"\"|'''|a.b|a::b|if |x = |@a(|<<EOF\n|a<|a,|a b |"
    'a\tb\n|\r\n|ab1 |0x|1e|1.|1_|é|한|\\x{|q{|$((|- a|#a\n|</a|<?|<%|&#|--[[|(*|{-|r##"|a->|0:\t00 |00000000 '
).split("|")


def texts() -> Iterator[str]:
    """Pieces whose repetition may be hard to read."""
    yield from SIGNS
    yield from ("".join(pair) for pair in product(PAIRED, repeat=2))
    yield from MORE


def longest_step(lexer: Any, code: str) -> float:
    """Seconds between two tokens, at most; in the beginning of the code where its tokens are many."""
    began = last = thread_time()
    longest = 0.0
    for _ in lexer.get_tokens(code):
        now = thread_time()
        longest, last = max(longest, now - last), now
        if now - began > LOOK:
            break
    return longest


def try_out(name: str, answer: Connection) -> None:
    """Sends the longest step and the piece that took it."""
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    list(lexer.get_tokens("a = 1\n"))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    worst = (0.0, "", "")
    for piece in texts():
        answer.send(piece)
        signal.setitimer(signal.ITIMER_PROF, TOO_LONG)
        for begin in ("", "<a ", '"', "/*"):
            worst = max(worst, (longest_step(lexer, begin + piece * (SHORT // len(piece))), begin, piece))
    _seconds, begin, piece = worst
    signal.setitimer(signal.ITIMER_PROF, TOO_LONG)
    length = MAX_HIGHLIGHTED if "\n" in piece else MAX_LINE
    answer.send((longest_step(lexer, begin + piece * (length // len(piece))), begin + piece))


def result_of(name: str) -> tuple[float, str]:
    """The longest step of a lexer in seconds, and on what."""
    here, there = get_context("fork").Pipe()
    pid = os.fork()
    if not pid:
        here.close()
        try_out(name, there)
        os._exit(0)
    there.close()
    said: Any = ""
    try:
        while isinstance(said, str):
            said = here.recv()
    except EOFError:
        said = (float("inf"), said)
    os.waitpid(pid, 0)
    return said


def main() -> None:
    """Prints a row for each lexer."""
    for name in sys.argv[1:] or sorted(TRIED):
        seconds, piece = result_of(name)
        print(f"{name:20} {seconds:8.3f} s  {piece!r}", flush=True)


if __name__ == "__main__":
    main()
