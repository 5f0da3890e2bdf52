"""Text as search sees it: folded, and cut into the tokens that the index holds.

Scripts that are written without spaces between words, or glue particles to them (Hangul, Han, Kana, Thai), are `wide`:
each run gives its characters and its overlapping pairs, so that any part of a word is found, from one syllable on. A
pair is also made across a gap, since Korean spacing varies: "대화 기록" has the pair "화기", as "대화기록" does. All
other runs of letters and digits are `narrow`: words that are found by themselves or by their beginning, and from each
change between letters and digits on, so that "1.2.3" is found in "v1.2.3". Signs (punctuation, symbols, emoji) are
tokens one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category, combining, normalize

LONGEST = 40  # characters of a narrow token; longer ones are cut, in texts and in queries alike
MAX_BYTES = 900_000  # of all tokens of a text: a tsvector holds a megabyte
_SCOPE_BYTES = 12  # what the index puts before each token

WIDE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3131-\u318e"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
NARROW = rf"[^\W_{WIDE}]"
LETTER = rf"[^\W\d_{WIDE}]"
# What may stand between two wide characters of one word: spaces, marks of markdown, what is not seen.
GAP = r"[\s*_`~\u00ad\u200b-\u200d\ufeff]{0,8}"
RUN = re.compile(f"([{WIDE}]+)|{NARROW}+")
_GAP = re.compile(GAP)
_CHANGES = 8  # between letters and digits within a word
# Of markdown, as far as passages leave it out. What stands between letters or digits is content: "2**10".
MARKUP = re.compile(r"(?m)^[ \t]*(?:#{1,6} |> ?|```|[-*+] |\|[-:| ]+\|$)|`|(?<![A-Za-z0-9])\*\*|\*\*(?![A-Za-z0-9])")
PART = re.compile(r"\d+|\D+")
_OF_NAMES = "+#%$"  # of the signs of a keyboard those that say something: "C++", "C#", "50%", "$5"
_SELECTORS = range(0xFE00, 0xFE10)  # whether a sign is drawn as text or as an emoji: the same sign
_TAGS = range(0xE0020, 0xE0080)  # in the flags of England, Scotland and Wales
_ASCII_SIGNS = 0xE000  # they are separators to the index of SQLite, and quotes in a query: so they stand elsewhere


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
    if ord(char) in _SELECTORS:
        return ""
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
    folded = fold(composed(text))
    signs = sorted(char for char in set(MARKUP.sub(" ", folded)) if is_sign(char))
    words = list(dict.fromkeys(_tokens(folded)))
    if not words and not any(map(says, signs)):
        return ""  # "???"
    kept: list[str] = []
    room = MAX_BYTES
    for token in (*map(sign_token, signs), *words):
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
            yield from _within(run)
            last = ""
            continue
        yield from dict.fromkeys(run)
        yield from dict.fromkeys(pairs(run))
        if last and _GAP.fullmatch(folded, end, match.start()):
            yield last + run[0]
        last, end = run[-1], match.end()


def _within(run: str) -> Iterator[str]:
    """The letters and the digits of a run that has both, each by themselves and with what follows."""
    if len(run) > LONGEST or len(parts := PART.findall(run)) == 1:
        return  # no word but data, or all of a kind
    yield from parts
    start = 0
    for part in parts[:-1][:_CHANGES]:
        start += len(part)
        yield run[start:]


def pairs(run: str) -> Iterator[str]:
    return map(str.__add__, run, run[1:])


@lru_cache(maxsize=4096)
def is_sign(char: str) -> bool:
    """Whether a folded character is neither of a word nor a space, and can be seen."""
    kind = category(char)
    return kind[0] in "SP" or kind in ("Me", "Co", "Cn") or ord(char) in _TAGS


def says(char: str) -> bool:
    """Whether it has to be in the text, where somebody looks for it. Punctuation need not: "서버?" means 서버."""
    is_plain = is_sign(char) and (char.isascii() or category(char)[0] == "P")
    return char in _OF_NAMES or not is_plain


def sign_token(char: str) -> str:
    """What the index holds of a sign."""
    return chr(_ASCII_SIGNS + ord(char)) if char.isascii() else char
