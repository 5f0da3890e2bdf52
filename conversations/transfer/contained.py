"""Texts of people and models in one Markdown file, each of which ends where it ends, whatever reads the file.

A fence or a formula that is open at a text's end is closed. HTML is shown and not obeyed, since a comment or an element
without an end hides what follows; of an answer, pairs of the tags that this product shows as what they mean stay. Notes
and definitions of links are renamed, so that those of two answers stay apart. Whether that was enough, the parser says;
a text for which it was not, or that takes too long, stands in a fence of its own that nothing in it can close.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from conversations.rendering import budget
from conversations.rendering.tags import IN_CELLS, PAIRED

SECONDS, SECONDS_PER_CHARACTER = 0.3, 1.5e-5  # of CPU for one text
MAY_STAY_OPEN = re.compile(r"[<`~$]|\[\^|^ {0,3}\[[^\n]*\]:", re.MULTILINE)
HTML = re.compile(r"(?<!\\)(?P<escapes>\\*+)<(?=(?P<tag>/?[A-Za-z][A-Za-z0-9-]*)|[!?])")
ADDRESS = re.compile(r"<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]{1,64}@[\w.-]{1,255})>")
KEPT_TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>{'|'.join((*PAIRED, *IN_CELLS, 'br', 'hr'))})(?: open)?\s*/?>", re.IGNORECASE
)
NOTE = re.compile(r"(?<!\\)\[\^(?=[^\[\]\s]{1,200}\])")
NOTE_TEXT = re.compile(r"^[ >]*+\[\^[^\[\]\s]{1,200}\]:", re.MULTILINE)
DEFINITION = re.compile(r"^( {0,3})(?=\[[^\n]*\]:)", re.MULTILINE)
_LABEL = r"(?!\^)(?:[^\[\]\\]|\\.){1,999}"
REFERENCE = re.compile(
    rf"(?P<start>^[ >]*)?(?<![\]\\])\[(?P<text>{_LABEL})\](?P<after>\[(?P<label>{_LABEL})?\]|[:(])?",
    re.MULTILINE | re.DOTALL,
)
TICKS = re.compile(r"`+")
BLANK = re.compile(r"\n[ \t]*\n")
DOLLARS = re.compile(r"(?<![\\$])\$\$(?!\$)")
PROBE = "end-of-the-text"


def contained(text: str, number: int, is_markdown: bool) -> str:
    """The text as a part of a file. `number`: which part. What is no Markdown (a question) defines no links."""
    text = text.strip("\n")
    if not MAY_STAY_OPEN.search(text):
        return text
    try:
        with budget.limit(SECONDS + SECONDS_PER_CHARACTER * len(text)):
            budget.check()
            for keeps_tags in (True, False) if is_markdown else (False,):
                made = _closed(_escaped(text, number, keeps_tags, is_markdown))
                if _ends(made, keeps_tags):
                    return _with_own_labels(made, number) if is_markdown else made
    except (budget.OverBudget, RecursionError):
        pass
    return fenced(text)


def in_a_line(text: str) -> str:
    """A title or name as it is to be read."""
    return re.sub(r"(?=[\\`<\[])", r"\\", " ".join(text.split()))


def fenced(text: str) -> str:
    """The text in a fence that is longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in TICKS.findall(text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _escaped(text: str, number: int, keeps_tags: bool, is_markdown: bool) -> str:
    has_notes = NOTE_TEXT.search(text) is not None

    def prose(part: str) -> str:
        part = HTML.sub(lambda match: _shown(match, keeps_tags), part)
        if has_notes:
            part = NOTE.sub(f"[^{number}-", part)
        return part if is_markdown else DEFINITION.sub(r"\1\\", part)

    return "".join(part if is_code else prose(part) for part, is_code in _parts(text))


def _with_own_labels(text: str, number: int) -> str:
    """The text with the definitions of its links renamed, where that leaves every link where it leads."""
    env: dict[str, Any] = {}
    _blocks().parse(text, env)
    defined = env.get("references", {})
    if not defined:
        return text

    def rename(match: re.Match[str]) -> str:
        start, after = match["start"] or "", match["after"] or ""
        label = match["label"] or match["text"]
        if normalizeReference(label) not in defined or after == "(":
            return match[0]
        if after == ":" and match["start"] is not None:
            return f"{start}[{number}-{label}]:"
        return f"{start}[{match['text']}][{number}-{label}]" + (after if after == ":" else "")

    try:
        made = "".join(part if is_code else REFERENCE.sub(rename, part) for part, is_code in _parts(text))
        return made if all(reader.render(made) == reader.render(text) for reader in _readers()) else text
    except (budget.OverBudget, RecursionError):  # the text ends where it ends with its own labels, too
        return text


def _shown(match: re.Match[str], keeps_tags: bool) -> str:
    is_escaped = len(match["escapes"]) % 2
    if is_escaped or ADDRESS.match(match.string, match.end() - 1) or (keeps_tags and _is_kept(match)):
        return match[0]
    return f"{match['escapes']}\\<"


def _is_kept(match: re.Match[str]) -> bool:
    return KEPT_TAG.match(match.string, match.end() - 1) is not None


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text cut into code and other text."""
    lines, at = text.split("\n"), 0
    for first, end in _code_lines(text):
        if first > at:
            yield from _spans("\n".join(lines[at:first]) + "\n")
        last = "" if end >= len(lines) else "\n"
        yield "\n".join(lines[max(first, at) : end]) + last, True
        at = max(at, end)
    yield from _spans("\n".join(lines[at:]))


def _code_lines(text: str) -> list[tuple[int, int]]:
    """Where blocks of code are: their first line, and the line after."""
    tokens = _blocks().parse(text)
    return [(token.map[0], token.map[1]) for token in tokens if token.map and token.type in ("fence", "code_block")]


def _spans(text: str) -> Iterator[tuple[str, bool]]:
    """Text without blocks, cut into code spans and other text. A span does not go over a blank line."""
    runs = list(TICKS.finditer(text))
    later: defaultdict[int, list[int]] = defaultdict(list)  # where runs of a length are, the last one first
    for run in reversed(runs):
        later[len(run[0])].append(run.start())
    at = 0
    for run in runs:
        same = later[len(run[0])]
        while same and same[-1] <= run.start():
            same.pop()
        if run.start() < at or not same or BLANK.search(text, run.end(), same[-1]):
            continue
        yield text[at : run.start()], False
        at = same[-1] + len(run[0])
        yield text[run.start() : at], True
    yield text[at:], False


def _closed(text: str) -> str:
    """The text with the fence and the formula closed that are open at its end."""
    tokens = _blocks().parse(f"{text}\n\n{PROBE}")
    last = tokens[-1] if tokens else None
    if last is not None and last.type == "fence" and last.content.endswith(PROBE):
        return f"{text}\n{last.markup}"
    prose = "".join(part for part, is_code in _parts(text) if not is_code)
    signs = list(DOLLARS.finditer(prose))
    return f"{text}\n$$" if len(signs) % 2 and not prose[: signs[-1].start()].rpartition("\n")[2].strip() else text


def _ends(text: str, keeps_tags: bool) -> bool:
    """Whether a heading after the text is one for every reader, and no HTML is open there."""
    return all(_ends_for(reader, text, keeps_tags) for reader in _readers())


def _ends_for(reader: MarkdownIt, text: str, keeps_tags: bool) -> bool:
    tokens = reader.parse(f"{text}\n\n## {PROBE}\n")
    heading = [token.type for token in tokens[-3:]] == ["heading_open", "inline", "heading_close"]
    if not heading or tokens[-3].level or tokens[-2].content != PROBE:
        return False
    html = [token.content for token in _flat(tokens) if token.type in ("html_block", "html_inline")]
    return not html or (keeps_tags and _is_balanced("\n".join(html)))


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _is_balanced(html: str) -> bool:
    """Whether there are only kept tags, and each that opens is closed in step with the others."""
    opened: list[str] = []
    for match in HTML.finditer(html):
        tag = KEPT_TAG.match(html, match.end() - 1)
        if tag is None:
            return False
        name = tag["name"].lower()
        if name in ("br", "hr"):
            continue
        if not tag["end"]:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return not opened


@cache
def _blocks() -> MarkdownIt:
    """Knows where code is."""
    return _limited(MarkdownIt("commonmark", {"maxNesting": 100}).disable(["inline"]))


@cache
def _readers() -> tuple[MarkdownIt, MarkdownIt]:
    """Read a file as most programs do: those that know tables, which drop what is too much in a row, and the others."""
    plain, with_tables = (MarkdownIt("commonmark", {"html": True, "maxNesting": 100}) for _ in range(2))
    return _limited(with_tables.enable(["table", "strikethrough"])), _limited(plain)


def _limited(md: MarkdownIt) -> MarkdownIt:
    budget.install(md)
    return md
