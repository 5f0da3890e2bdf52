"""The signs around formulas: `$$`, `\\[`, `\\(` and LaTeX's environments; and what between two signs is no formula."""

import re
from dataclasses import dataclass

ENVIRONMENTS = (
    "align|alignat|aligned|alignedat|array|[bBpvV]?matrix|cases|dcases|displaymath|eqnarray|equation|flalign|gather|"
    "gathered|math|multline|rcases|smallmatrix|split"
)
OPENER = re.compile(rf"\$\$(?!\$)|\\[\[(]|\\begin\{{(?P<name>(?:{ENVIRONMENTS})\*?)\}}")
COMMAND = re.compile(r"\\[a-zA-Z]+\*?(?:\{[^{}]*\})*")
WORD = r"(?<![\w{])[^\W\d_]{2,}[,:;]?"
TWO_WORDS = re.compile(rf"{WORD} +[^\W\d_]{{2,}}")
# \[Your Name\], \[cite: 1\]: brackets escaped for markdown, around what a reader is to fill in or look up.
PLACEHOLDER = re.compile(
    r"(?=.*(?:[^\W\d_]{4}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]))[^\W_]+(?:[ ,.:/'\u2019&-]{1,2}[^\W_]+)*[.:!?]?"
)
THREE_WORDS = re.compile(rf"{WORD} +[^\W\d_]{{2,}}[,:;]? +[^\W\d_]{{2,}}")


@dataclass(frozen=True, slots=True)
class Opener:
    """An opening sign in some text, and what closes it. An environment's own signs belong to its content."""

    start: int
    end: int
    sign: str
    closing: str

    @property
    def is_environment(self) -> bool:
        return self.closing.startswith("\\end")

    def closed_in(self, text: str, begin: int, end: int) -> int:
        """Where the closing sign begins between two positions, -1 if it does not."""
        position = text.find(self.closing, begin, end)
        while position >= 0 and not self._closes(text, position):
            position = text.find(self.closing, position + len(self.closing), end)
        return position

    def _closes(self, text: str, position: int) -> bool:
        if is_escaped(text, position):
            return False
        return self.sign != "$$" or ("$" not in (text[position + 2 : position + 3], text[position - 1 : position]))


def opener_at(text: str, position: int) -> Opener | None:
    """The opening sign at a position, None where there is none."""
    match = OPENER.match(text, position)
    if not match or is_escaped(text, position) or (position and match[0] == "$$" and text[position - 1] == "$"):
        return None
    return _opener(match)


def unclosed(text: str, begin: int = 0) -> Opener | None:
    """The opening sign after `begin` that nothing in the text closes, where the text has no code in it."""
    if "`" in text:
        return None
    match = OPENER.search(text, begin)
    while match:
        opener = opener_at(text, match.start())
        closing = opener.closed_in(text, opener.end, len(text)) if opener else match.end()
        if opener and closing < 0:
            return opener
        match = OPENER.search(text, closing + len(opener.closing) if opener else closing)
    return None


def is_escaped(text: str, position: int) -> bool:
    """Whether an odd number of backslashes stands before the position."""
    before = text[max(0, position - 20) : position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def is_prose(content: str, words: re.Pattern[str] = THREE_WORDS) -> bool:
    """Whether some words in a row, outside of commands, say that a sentence was written and no formula."""
    return bool(words.search(COMMAND.sub("", content)))


def is_placeholder(content: str) -> bool:
    """Whether what stands between `\\[` and `\\]` is nothing but words."""
    return len(content) < 100 and PLACEHOLDER.fullmatch(content) is not None


def _opener(match: re.Match[str]) -> Opener:
    closing = f"\\end{{{match['name']}}}" if match["name"] else {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}[match[0]]
    return Opener(match.start(), match.end(), match[0], closing)
