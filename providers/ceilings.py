"""How long an answer may be at most, where a server refuses a request for asking for more and says so."""

import re
from dataclasses import dataclass

FEWEST = 16  # tokens: for fewer nobody asks again; some models take no fewer
_NUMBER = r"[`'\"“]?(\d[\d,_]*)"
_OUTPUT = re.compile(
    r"max[ _]?(completion|output|new)?[ _]?tokens|maximum tokens|num_predict|(completion|output|draft) tokens"
    r"|max(imum)? output|\d (tokens )?(in|for|of) the (completion|output)",
    re.IGNORECASE,
)
# Where a bound of the model is named, whatever was asked. The second item is taken off what is named.
_BOUNDS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), less)
    for pattern, less in (
        (r"\bto " + _NUMBER + r" ?\(exclusive\)", 1),
        (r"\bto " + _NUMBER + r" ?\(inclusive\)", 0),
        (r"[\[(] ?\d+ ?, ?" + _NUMBER + r" ?[\])]", 0),
        (r"\bbetween \d+ and " + _NUMBER, 0),
        (r"> ?" + _NUMBER + r",? which is the maximum", 0),
        (r"\bmax_tokens > " + _NUMBER + r" must", 0),
        (r"(?:<=|≤|less than or equal to|not less or equal to|smaller than or equal to) ?" + _NUMBER, 0),
        (r"(?:\bat most|\bup to|\bno (?:more|greater|larger) than|\blimited to) " + _NUMBER, 0),
        (r"(?:\bnot|\bcannot|\bcan't)(?: be)? (?:exceed|(?:more|greater|larger|higher|bigger) than) " + _NUMBER, 0),
        (r"(?:\brange(?: of| is)?|范围\D{0,3}?) ?\d+ ?(?:to|[-–~至到]) ?" + _NUMBER, 0),
        (r"(?:limit|max(?:imum)?(?: value| allowed| output)?(?: tokens)?)(?: is| of|:| =) ?" + _NUMBER, 0),
        (r"(?:limit|maximum(?: value| allowed| output)?) " + _NUMBER, 0),
        (r"(?:\bless|\blower|\bsmaller|\bfewer) than " + _NUMBER, 1),
    )
)
_WINDOW = re.compile(
    rf"context (?:length|window|size|limit)[^\d.]{{0,30}}{_NUMBER}|context limit: ?\d+ ?\+ ?\d+ ?> ?{_NUMBER}"
    rf"|with {_NUMBER} maximum context length|must be <= ?{_NUMBER}[^\n]*given",
    re.IGNORECASE,
)
_SUM = re.compile(r"context limit: ?(\d[\d,]*) ?\+ ?\d+ ?> ?(\d[\d,]*)", re.IGNORECASE)
_INPUT = re.compile(
    rf"{_NUMBER} (?:tokens )?(?:in|from|of) (?:the |your )?(?:input |text )?(?:messages|prompt|input)"
    rf"|{_NUMBER} input tokens|given: {_NUMBER} .?inputs|prompt contains {_NUMBER} tokens and",
    re.IGNORECASE,
)
_COUNTS_INPUT = re.compile(r"\b(input|prompt)\b[^.\n]{0,60}(\+|\bplus\b)[^.\n]{0,40}\bmax", re.IGNORECASE)
_IS_A_SUM = re.compile(r"context|must be <=[^.]*\. given:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`lasting`: of the model, whatever is asked; else what this one conversation leaves free."""

    tokens: int
    lasting: bool


def ceiling_in(message: str, parameter: str = "") -> Ceiling | None:
    """The most that may be asked for by an error's words; None where they are about something else."""
    if not _OUTPUT.search(f"{parameter} {message}"):
        return None
    found = _left_free(message)
    if found is None and not _WINDOW.search(message) and not _COUNTS_INPUT.search(message):
        found = _bound(message)
    return found if found is not None and found.tokens >= FEWEST else None


def _left_free(message: str) -> Ceiling | None:
    """What the input leaves free of the context window, where a server counts both together."""
    if total := _SUM.search(message):
        return _left(_int(total[2]), _int(total[1]), message)
    window, said = _WINDOW.search(message), _INPUT.search(message)
    if window is None or said is None or not _IS_A_SUM.search(message):
        return None
    return _left(_int(*window.groups()), _int(*said.groups()), message)


def _left(window: int, used: int, message: str) -> Ceiling:
    left = window - used
    if re.search(rf"at least {used} input tokens", message):
        left //= 2  # the server stopped counting there
    return Ceiling(left, lasting=False)


def _bound(message: str) -> Ceiling | None:
    for pattern, less in _BOUNDS:
        if found := pattern.search(message):
            return Ceiling(_int(found[1]) - less, lasting=True)
    return None


def _int(*groups: str | None) -> int:
    return int(next(group for group in groups if group).replace(",", "").replace("_", "").rstrip())
