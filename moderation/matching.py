"""What a rule looks for, compiled: words or a pattern, in a text, within a time."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable
from typing import Protocol

import ahocorasick
import regex
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

RULE_SECONDS = 0.05
HITS = 1000  # between two looks at the clock
# Signs that show nothing, with which words are hidden from rules: soft hyphens, zero-width and direction marks,
# variation selectors, tags, the fillers of Hangul.
_INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
# Scripts that write no spaces between words, or glue particles to them: a word is found inside of others.
_GLUED = r"\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_GLUED}]]"  # no underscore: names of files have it between words
_bounded = regex.compile(_LETTER, regex.V1)

BROKEN = (regex.error, RecursionError, OverflowError, MemoryError, ValueError, KeyError)


class Kind(models.TextChoices):
    WORDS = "words", gettext_lazy("Words, one a line")
    PATTERN = "pattern", gettext_lazy("A regular expression")


def prepared(text: str) -> str:
    """`text` as patterns see it: NFKC, without invisible signs."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))


def folded(text: str) -> str:
    """`text` as words see it: prepared, without case, any run of spaces as one."""
    return " ".join(unicodedata.normalize("NFKC", prepared(text).casefold()).split())


def words_of(text: str) -> list[str]:
    """The words of a rule, one a line, folded; no empty ones."""
    return sorted({word for line in text.splitlines() if (word := folded(line))})


class Matcher(Protocol):
    def found_in(self, text: str, seconds: float) -> bool:
        """`text` as `seen_by` makes it. Raises TimeoutError when `seconds` are not enough."""


class Words:
    """All words at once, in one pass over the text however many they are (Aho and Corasick)."""

    def __init__(self, words: Iterable[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for word in words:
            self._automaton.add_word(word, (len(word), bool(_bounded.match(word[0])), bool(_bounded.match(word[-1]))))
        self._automaton.make_automaton()

    def found_in(self, text: str, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        for count, (last, (length, from_boundary, to_boundary)) in enumerate(self._automaton.iter(text)):
            before, after = text[max(last - length, 0) : last - length + 1], text[last + 1 : last + 2]
            if not (from_boundary and _bounded.match(before)) and not (to_boundary and _bounded.match(after)):
                return True
            if count % HITS == HITS - 1 and time.monotonic() > deadline:
                raise TimeoutError
        return False


class Pattern:
    def __init__(self, source: str) -> None:
        self._pattern = regex.compile(prepared(source), regex.V1 | regex.IGNORECASE)

    def found_in(self, text: str, seconds: float) -> bool:
        return self._pattern.search(text, timeout=seconds, concurrent=True) is not None


def compiled(kind: str, text: str) -> Matcher:
    """Raises one of BROKEN for a text that is no pattern, and ValueError for a rule without a word."""
    if kind == Kind.PATTERN:
        return Pattern(text)
    words = words_of(text)
    if not words:
        raise ValueError("no word")
    return Words(words)


def check(kind: str, text: str) -> None:
    """Raises ValidationError, with a sentence, for what no text can be looked through for."""
    try:
        compiled(kind, text)
    except BROKEN as error:
        if kind == Kind.WORDS:
            raise ValidationError(_("Write at least one word.")) from None
        raise ValidationError(_("This is no regular expression: %(problem)s.") % {"problem": _problem(error)}) from None


def _problem(error: BaseException) -> str:
    return str(error) if isinstance(error, regex.error) else _("it is too complicated")


def seen_by(kind: str, text: str) -> str:
    """`text` in the form in which a rule of that kind looks at it."""
    return prepared(text) if kind == Kind.PATTERN else folded(text)


def nasty_texts(pattern: str) -> list[str]:
    """Texts that make a careless pattern try for ever: long runs of what it asks for, and an end that fails it."""
    letters = [sign for sign in dict.fromkeys(pattern) if sign.isalnum()][:12]
    runs = [*letters, *"a1 가.", "ab", "a1", "a ", "가나"]
    return [run * 3000 + "\n!" for run in dict.fromkeys(runs)]


def is_slow(matcher: Matcher, source: str) -> bool:
    """Whether a nasty text brings the pattern `source` beyond the time that a rule has."""
    try:
        for text in nasty_texts(source):
            matcher.found_in(text, RULE_SECONDS)
    except TimeoutError:
        return True
    return False
