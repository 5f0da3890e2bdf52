"""What a person looks for: the tokens an entry must have, and patterns that tell whether its text really has it.

Words are ANDed. The index answers by tokens, which may lie apart ("대화", "화기" and "기록" do not make "대화기록"), so
every hit is checked by the patterns, which also say what is marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from conversations.search.korean import stem, unfinished, without_lone_letter
from conversations.search.tokens import (
    GAP,
    LETTER,
    LONGEST,
    PART,
    RUN,
    composed,
    fold,
    is_sign,
    pairs,
    says,
    sign_token,
)
from conversations.text import storable

MAX_CHARACTERS = 200
MAX_WORDS = 12
_BETWEEN = r"[\W_]{1,4}"  # what may stand for the sign inside of "alice@example.org"
_FLAG = "[\U0001f1e6-\U0001f1ff]"  # two of these make one
_PAIRS_BEFORE = range(0, 42, 2)
# A flag begins after whole flags. Beyond twenty nobody counts.
_FLAG_BEGINS = "|".join([*(f"(?<=(?<!{_FLAG}){_FLAG}{{{n}}})" for n in _PAIRS_BEFORE), f"(?<={_FLAG}{{42}})"])


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    is_beginning: bool = False  # every token that begins with it will do


@dataclass(frozen=True, slots=True)
class Query:
    """`tokens` is empty where there is nothing to look for."""

    words: tuple[str, ...]
    tokens: tuple[Token, ...]
    patterns: tuple[re.Pattern[str], ...]

    def fits(self, folded: str) -> bool:
        return all(pattern.search(folded) for pattern in self.patterns)


def parse(text: str) -> Query:
    """The query for what somebody has typed so far, whatever it is."""
    typed = fold(composed(storable(text[:MAX_CHARACTERS])))
    words = without_lone_letter(typed).split()[:MAX_WORDS]
    return _query(words, is_finished=typed[-1:].isspace())


def looser(query: Query) -> Iterator[Query]:
    """What to look for where `query` finds nothing: its last syllable unfinished, then its words without endings."""
    if query.words and (open_query := _with_open_end(query)):
        yield open_query
    stems = [stem(word) for word in query.words]
    if tuple(stems) != query.words:
        yield _query(stems, is_finished=True)


def _query(words: list[str], *, is_finished: bool) -> Query:
    found = [_word(word, is_last=word is words[-1] and not is_finished) for word in words]
    said = [(word, *made) for word, made in zip(words, found, strict=True) if made[0]]
    said = [one for one in said if _must_be_there(one[0])] or said
    if len(said) == 1 and _is_lone_letter(said[0][0]):
        said = []  # the first key of the first syllable
    tokens = dict.fromkeys(token for _word, tokens, _pattern in said for token in tokens)
    return Query(
        tuple(word for word, _tokens, _pattern in said),
        tuple(tokens),
        tuple(re.compile(pattern) for _word, _tokens, pattern in said),
    )


def _is_lone_letter(word: str) -> bool:
    return len(word) == 1 and "\u3131" <= word <= "\u318e"


def _must_be_there(word: str) -> bool:
    """A dash or a hash by itself stands beside what is looked for."""
    return bool(RUN.search(word)) or any(says(char) and not char.isascii() for char in word)


def _word(word: str, *, is_last: bool) -> tuple[list[Token], str]:
    """The tokens of one word and its pattern; both empty for a word in which nothing can be seen."""
    runs = list(RUN.finditer(word))
    if not runs:
        return [Token(sign_token(char)) for char in word if is_sign(char)], _signs(word)
    before, after = word[: runs[0].start()], word[runs[-1].end() :]
    lead, tail = _saying(before[::-1])[::-1], _saying(after)
    tokens = [Token(sign_token(char)) for char in lead + tail if is_sign(char)]
    pattern = _optional(before.removesuffix(lead)) + (_signs(lead) + _beside(lead) if lead else "")
    end = runs[0].start()
    for match in runs:
        if between := word[end : match.start()]:
            pattern += f"(?:{_signs(between)}|{_BETWEEN})"
        elif match is not runs[0]:
            pattern += GAP
        is_open = is_last and match is runs[-1] and not tail
        made, piece = _wide(match[0]) if match[1] else _narrow(match[0], is_open=is_open)
        tokens += made
        pattern += piece
        end = match.end()
    return tokens, pattern + (_beside(tail) + _signs(tail) if tail else "") + _optional(after.removeprefix(tail))


def _saying(signs: str) -> str:
    """Those of `signs` that must be there, as far as they stand at their beginning."""
    return "".join(takewhile(says, signs))


def _beside(signs: str) -> str:
    """What may stand between a word and its signs: the plus of C++ is glued to it, a heart is not always."""
    return "" if signs.isascii() else GAP


def _optional(signs: str) -> str:
    return f"(?:{_signs(signs)})?" if signs else ""


def _signs(signs: str) -> str:
    literal = re.escape(signs)
    return f"(?:{_FLAG_BEGINS}){literal}" if re.match(_FLAG, signs) else literal


def _wide(run: str) -> tuple[list[Token], str]:
    tokens = list(pairs(run)) if len(run) > 1 else [run]
    return [Token(token) for token in tokens], GAP.join(map(re.escape, run))


def _narrow(run: str, *, is_open: bool) -> tuple[list[Token], str]:
    """A word, or the beginning of one; a single letter as the beginning of words would find nearly everything."""
    is_beginning = is_open and 1 < len(run) < LONGEST
    end = "" if is_beginning or len(run) >= LONGEST else f"(?!{_kind(run[-1])})"
    has_both = len(PART.findall(run)) > 1  # it may begin within a word
    return [Token(run[:LONGEST], is_beginning or has_both)], f"(?<!{_kind(run[0])}){re.escape(run)}{end}"


def _kind(char: str) -> str:
    """A word ends where letters do, and a number where digits do: "1" is in "v1", and not in "21"."""
    return r"\d" if char.isdecimal() else LETTER


def _with_open_end(query: Query) -> Query | None:
    """`query` with its last syllable on the way to the next one."""
    *before, last = query.words
    opened = unfinished(last[-1])
    if opened is None:
        return None
    stays, follows = opened
    made = _query([*before, last[:-1] + stays], is_finished=True)
    *patterns, pattern = made.patterns
    return replace(made, words=query.words, patterns=(*patterns, re.compile(pattern.pattern + GAP + follows)))
