"""Addresses written without markup become links: https://…, http://…, www.… and name@example.org.

Deliberately narrow: no bare host names, no other schemes. A Korean particle glued to an address (https://example.org/a를)
is not part of it: letters beyond ASCII belong to an address only after one of `/ = _ # ? & % + -` or after another of
their kind (`/사과_(과일)` too), and `particles.without_particle` says what of Hangul at its end is a particle
(http://localhost:8000/에). The markup that stops the reader of plain text is in TERMINATORS; the parser looks for links
only there.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_inline.state_inline import StateInline

from conversations.particles import without_particle

from . import budget

SCHEMES = ("http:", "https:", "mailto:")
TERMINATORS = re.compile(r"[\n$&*<\[\]\\_`~]|!(?=\[)|:(?=//)|@|(?<![\w.@/-])www\.(?=[a-z0-9])", re.IGNORECASE)
MARKS = re.compile(r":(?=//)|@|(?<![\w.@/-])www\.(?=[a-z0-9])", re.IGNORECASE)
SCHEME = re.compile(r"(?<![A-Za-z0-9])https?$", re.IGNORECASE)
REST = re.compile(
    r"(?=[^\W_])(?:[!#$%&'()+,\-./0-9:;=?@A-Z_a-z~]|"
    r"(?:(?<=[/=_#?&%+\-\u0080-\U0010ffff])|(?<=_\())[^\W\x00-\x7f])+"
)
LOCAL_PART = re.compile(r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$")
MAIL_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9_-])")
TRAILING = ".,:;!?'~_&$("
MAX_LENGTH = 2000


def is_allowed(url: str) -> bool:
    """Only web and mail addresses become links; relative ones would lead into this site."""
    return url.strip().lower().startswith(SCHEMES)


def install(md: MarkdownIt) -> None:
    """Adds the rule and keeps the parser from stopping at characters that mean nothing here."""
    md.inline.terminator_re = TERMINATORS
    md.inline.ruler.before("newline", "bare_address", _bare_address)
    md.validateLink = is_allowed  # type: ignore[method-assign]  # the documented way to restrict links


def bare_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and address of each link in plain text, from left to right, as long as there is time for it."""
    last = 0
    for mark in MARKS.finditer(text):
        if mark.start() < last:  # in the address before
            continue
        if not budget.allows_decoration():
            return
        found = _find(text, mark.start(), len(text))
        if found and found[0] >= last:
            last = found[1]
            yield found


def _bare_address(state: StateInline, silent: bool) -> bool:
    if state.linkLevel:
        return False
    found = _find(state.src, state.pos, state.posMax)
    if not found:
        return False
    start, end, href = found
    if silent:
        state.pos = end
        return True
    lead = state.src[start : state.pos]
    if not state.pending.endswith(lead):
        return False
    url = state.md.normalizeLink(href)
    if not state.md.validateLink(url):
        return False
    state.pending = state.pending[: len(state.pending) - len(lead)]
    state.push("link_open", "a", 1).attrs = {"href": url}
    state.push("text", "", 0).content = state.src[start:end]
    state.push("link_close", "a", -1)
    state.pos = end
    return True


def _find(source: str, position: int, limit: int) -> tuple[int, int, str] | None:
    """Start, end and address of the link whose tell-tale (`://`, `@` or `www.`) stands at `position`."""
    mark = source[position]
    if mark == ":":
        return _web(source, position, limit)
    if mark == "@":
        return _mail(source, position, limit)
    if mark in "wW" and TERMINATORS.match(source, position):
        end = _end(source, position, limit)
        return (position, end, "https://" + source[position:end]) if end > position + 4 else None
    return None


def _web(source: str, position: int, limit: int) -> tuple[int, int, str] | None:
    scheme = SCHEME.search(source[max(0, position - 6) : position])
    if not scheme or not source.startswith("://", position):
        return None
    start, end = position - len(scheme[0]), _end(source, position + 3, limit)
    return (start, end, source[start:end]) if end > position + 3 else None


def _mail(source: str, position: int, limit: int) -> tuple[int, int, str] | None:
    name = LOCAL_PART.search(source[max(0, position - 66) : position])
    host = MAIL_HOST.match(source, position + 1, min(limit, position + 256))
    if not name or not host:
        return None
    start = position - len(name[0])
    return start, host.end(), "mailto:" + source[start : host.end()]


def _end(source: str, start: int, limit: int) -> int:
    """Where an address ends: without the punctuation and particles of the sentence around it, brackets balanced."""
    match = REST.match(source, start, min(limit, start + MAX_LENGTH))
    if not match:
        return start
    address = match[0]
    while address and (address[-1] in TRAILING or (address[-1] == ")" and address.count(")") > address.count("("))):
        address = address[:-1]
    return start + len(without_particle(address))
