"""Emphasis next to Korean, Chinese and Japanese letters.

CommonMark looks at the characters around `**`: after punctuation a closing run needs white space or punctuation, so
`**한국어(괄호)**을` stays plain, because Korean writes particles without a space. The CJK-friendly amendment
(https://github.com/tats-u/markdown-cjk-friendly) lets a CJK letter count as such a boundary, and no CJK punctuation as
an obstacle. Text without CJK characters, and `_`, are read exactly as CommonMark says.
"""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from .unfinished import close_emphasis

CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u303e\u3040-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff01-\uffee\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U00020000-\U0003fffd]"
)
VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class CjkStateInline(StateInline):
    """Inline state whose `*` and `~` runs know CJK letters."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        """Whether the run at `start` can open or close emphasis, and its length."""
        scanned = super().scanDelims(start, canSplitWord)
        if not canSplitWord:
            return scanned
        before, after = self._before(start), self._at(start + scanned.length)
        if not (CJK.match(before) or CJK.match(after)):
            return scanned
        return Scanned(_flanks(after, before), _flanks(before, after), scanned.length)

    def _before(self, start: int) -> str:
        if start > 1 and VARIATION.match(self.src[start - 1]):
            return self.src[start - 2]
        return self.src[start - 1] if start else " "

    def _at(self, position: int) -> str:
        return self.src[position] if position < self.posMax else " "


def _flanks(inner: str, outer: str) -> bool:
    """A run may open (close) where the character inside it is a letter or CJK, or the one outside makes a boundary."""
    if isWhiteSpace(ord(inner)):
        return False
    if CJK.match(inner) or not _is_punctuation(inner):
        return True
    return isWhiteSpace(ord(outer)) or _is_punctuation(outer) or bool(CJK.match(outer))


def _is_punctuation(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


class CjkParserInline(ParserInline):
    """Inline parser that works on CjkStateInline."""

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Parses `src` and appends its inline tokens to `tokens`."""
        return self._parse(CjkStateInline(src, md, env, tokens))[0]

    def parse_unfinished(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> str | None:
        """The same for text that goes on; returns what `close_emphasis` says."""
        return self._parse(CjkStateInline(src, md, env, tokens), close_emphasis)[1]

    def _parse(
        self, state: StateInline, at_end: Callable[[StateInline], str | None] = lambda state: None
    ) -> tuple[list[Token], str | None]:
        self.tokenize(state)
        pair, *rules = self.ruler2.getRules("")
        pair(state)
        closing = at_end(state)
        for rule in rules:
            rule(state)
        return state.tokens, closing
