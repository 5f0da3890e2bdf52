"""The marks that models write round their thoughts where no server takes them off, and where in markdown a text is.

Models differ in the letters, and templates in who writes the first mark: some open the thoughts themselves, so that the
answer holds only the closing one.
"""

import re

import regex

_TAG = "think|thinking|thoughts?|reasoning|reason|seed:think|mm:think|longcat_think|antthinking"
_OPEN = (
    rf"<(?:{_TAG})>|(?-i:\[THINK\])|◁think▷|<\|(?:begin_of_thought|start_thinking|think(?:ing)?)\|>"
    r"|<\|channel>thought\n?|<unused94>thought\n?"
)
_CLOSE = (
    rf"</(?:{_TAG})>|(?-i:\[/THINK\])|◁/think▷|<\|(?:end_of_thought|end_thinking|/think(?:ing)?)\|>|<channel\|>"
    r"|<unused95>"
)
# gpt-oss ("harmony"): each part of an answer names its channel, and only "final" is for the reader.
_HEADER = (
    r"(?:<\|start\|>)?\s*(?:assistant(?P<to>\s+to=[^<]{0,80})?)?<\|channel\|>\s*(?P<channel>\w+)(?P<more>[^<]{0,80})"
    r"(?:<\|constrain\|>[^<]{0,80})?<\|message\|>|<\|start\|>\s*assistant\s*<\|message\|>"
)
BLANKS = " \t\r\n\f\v\u00a0\u200b\ufeff"

OPENING = regex.compile(
    rf"[{BLANKS}]*(?:(?P<open>{_OPEN})|(?P<nothing>{_CLOSE}|<(?:{_TAG})\s?/>|<\|(?:begin_of_solution|start_response)\|>)"
    rf"|(?P<header>{_HEADER})|(?P<bare>(?-i:analysis(?=[A-Z]))))",
    regex.IGNORECASE,
)
MARK = regex.compile(rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})", regex.IGNORECASE)
TEXT_PART_END = regex.compile(r"<\|(?:end|return|call)\|>")
PART_BEGINS = ("<|start|>", "<|channel|>")
PART_END = regex.compile(r"<\|(?:end|return|call)\|>|(?=<\|(?:start|channel)\|>)")
BARE_END = regex.compile(r"assistant(?:final|commentary(?= to=))")
# What may stand anywhere in a text: marks as above, the end of gpt-oss's thoughts, the end of a solution.
ANYWHERE = regex.compile(
    rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE}|(?:<\|end\|>\s{{0,20}})?<\|start\|>assistant<\|channel\|>final<\|message\|>)",
    regex.IGNORECASE,
)
SOLUTION_END = regex.compile(r"<\|(?:end_of_solution|end_response)\|>", regex.IGNORECASE)
SIGN = re.compile("[<[◁]")  # each mark in a text begins with one of these

_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})(.*)")
_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "『": "』", "(": ")", "[": "]", "«": "»"}
_ENDS_SENTENCE = ".!?…。！？:)\"'”’]}"
_AT_ONCE, _LONG_LINE, _EDGE = 4096, 1000, 100  # characters
_LONG_TICKS = re.compile(f"`{{{_EDGE},}}")
_LONG_WORDS = re.compile(f"([^`]{{{_EDGE}}})[^`]+([^`]{{{_EDGE}}})")


class Place:
    """Where in markdown a text that grows ends: in a fence, in code, in which line. Each character is read once."""

    def __init__(self) -> None:
        self.line = ""  # the last one so far
        self._fence = ""
        self._new: list[str] = []
        self._size = 0  # of these

    def add(self, text: str) -> None:
        self._new.append(text)
        self._size += len(text)
        if self._size > _AT_ONCE:
            self.look()

    def look(self) -> None:
        """Read what was added."""
        *lines, self.line = (self.line + "".join(self._new)).split("\n")
        self._new.clear()
        self._size = 0
        for line in lines:
            self._end(line)
        if len(self.line) > _LONG_LINE:
            self.line = _shortened(self.line)

    @property
    def in_fence(self) -> bool:
        return bool(self._fence) or _FENCE.match(self.line) is not None

    @property
    def in_span(self) -> bool:
        """Behind a backtick that nothing in the line has closed."""
        return "`" in self.line and "`" in _SPAN.sub("", self.line)

    def _end(self, line: str) -> None:
        found = _FENCE.match(line)
        if found is None:
            return
        if not self._fence:
            self._fence = "" if found[1][0] == "`" and "`" in found[2] else found[1]
        elif found[1].startswith(self._fence) and not found[2].strip():
            self._fence = ""


def _shortened(line: str) -> str:
    """A shorter line after which the same holds: its ends, and the backticks between them that nothing has closed.

    Each mark looks at the line before it, and a line may be all of the answer.
    """
    said = line.rstrip(BLANKS)
    blanks = line[len(said) :][:_EDGE]
    said = _LONG_TICKS.sub("`" * _EDGE, said)
    said = _SPAN.sub(lambda span: f"{span[1]}x{span[1]}" if span.end() == len(said) else "x", said)
    return _LONG_WORDS.sub(r"\1\2", said) + blanks


def is_quoted(place: Place, after: str, *, final: bool) -> bool | None:
    """Whether a mark between `place` and `after` is only spoken of; None: the next character will tell."""
    last = place.line[-1:]
    if last not in _QUOTES and not place.in_span:
        return False
    if not after:
        return False if final else None
    return after[0] == _QUOTES.get(last) or (after[0] == "`" and place.in_span)


def closes_thoughts(place: Place, after: str, *, final: bool) -> bool | None:
    """Whether a closing mark that nothing opened ends thoughts; None: what follows will tell.

    Templates that open the thoughts leave it to the model to close them: on a line of its own, or right behind the
    last word. In code, in quotes and in the middle of a sentence it is only spoken of.
    """
    if place.in_fence or place.in_span:
        return False
    said = place.line.rstrip(BLANKS)
    if not said:
        return len(place.line.expandtabs(4)) < 4  # else it is an indented block of code
    if said == place.line:
        quoted = is_quoted(place, after, final=final)
        return None if quoted is None else not quoted
    if said[-1] in _ENDS_SENTENCE:
        return True
    rest = after.lstrip(" \t\r")
    if rest[:1] not in ("", "\n"):
        return False
    following = rest[1:].lstrip(" \t\r")
    return following[0] == "\n" if following else (False if final else None)
