"""Text as search sees it: folded, and cut into the tokens that the index holds.

Scripts that are written without spaces between words, or glue particles to them (Hangul, Han, Kana, Thai), are `wide`:
each run gives its characters and its overlapping pairs, so that any part of a word is found, from one syllable on. A
pair is also made across a gap, since Korean spacing varies: "대화 기록" has the pair "화기", as "대화기록" does. All
other runs of letters and digits are `narrow`: words that are found by themselves or by their beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import combining, normalize

LONGEST = 40  # characters of a narrow token; longer ones are cut, in texts and in queries alike
MAX_BYTES = 900_000  # of all tokens of a text: a tsvector holds a megabyte
_SCOPE_BYTES = 12  # what the index puts before each token

WIDE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3131-\u318e"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
NARROW = rf"[^\W_{WIDE}]"
# What may stand between two wide characters of one word: spaces, marks of markdown, what is not seen.
GAP = r"[\s*_`~\u00ad\u200b-\u200d\ufeff]{0,8}"
RUN = re.compile(f"([{WIDE}]+)|{NARROW}+")
_GAP = re.compile(GAP)


class _Folds(dict[int, str]):
    """What each character becomes, made when it first turns up."""

    def __init__(self) -> None:
        super().__init__()
        self.uneven: set[str] = set()  # those that become none, or more than one

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = self[code] = _folded(char)
        if len(folded) != 1:
            self.uneven.add(char)
        return folded


def _folded(char: str) -> str:
    if "\u3131" <= char <= "\u318e":
        return char  # a Korean letter by itself stays one
    folded = normalize("NFKC", char.casefold()).casefold()
    apart = normalize("NFKD", folded)
    return "".join(c for c in apart if not combining(c)) if apart[:1].isascii() else folded


_FOLDS = _Folds()


def composed(text: str) -> str:
    """`text` with its letters put together: what `fold` takes, and what looks the same on a page."""
    return normalize("NFC", text)


def fold(text: str) -> str:
    """Composed text without case, accents of Latin letters, and variants of width."""
    return text.translate(_FOLDS)


def folds_evenly(text: str) -> bool:
    """Whether each character of `text`, which has been folded before, became one character."""
    return _FOLDS.uneven.isdisjoint(text)


def tokens_of(text: str) -> str:
    """The tokens of `text`, each once, with a space between two. Empty where there is nothing to find."""
    kept: list[str] = []
    room = MAX_BYTES
    for token in dict.fromkeys(_tokens(fold(composed(text)))):
        room -= len(token.encode()) + _SCOPE_BYTES
        if room < 0:
            break
        kept.append(token)
    return " ".join(kept)


def _tokens(folded: str) -> Iterator[str]:
    last, end = "", 0  # the wide character before, and where it ends
    for match in RUN.finditer(folded):
        run = match[0]
        if match[1] is None:
            yield run[:LONGEST]
            last = ""
            continue
        yield from run
        yield from pairs(run)
        if last and _GAP.fullmatch(folded, end, match.start()):
            yield last + run[0]
        last, end = run[-1], match.end()


def pairs(run: str) -> Iterator[str]:
    return map(str.__add__, run, run[1:])
