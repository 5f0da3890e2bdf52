"""Text as it was written: a person's own messages, and answers that the markdown parser cannot take."""

from html import escape

from django.utils.safestring import SafeString

from . import budget
from .links import bare_addresses
from .markup import LINK
from .pieces import split
from .sanitizing import escape_text, safe
from .source import normalized

SECONDS, SECONDS_PER_CHARACTER = 0.2, 1e-6  # of CPU; at half of it addresses stay text
_BEGINNING = '<p class="plain">'


def render_plain(text: str) -> SafeString:
    """Safe HTML of plain text: one <p class="plain">, its line ends shown by CSS (pre-wrap), addresses linked."""
    source = normalized(text).strip("\n")
    if not source:
        return safe("")
    with budget.limit(SECONDS + SECONDS_PER_CHARACTER * len(source)):
        first, *others = map(_linked, split(source))
    pieces = [f'<span class="piece">{part}</span>' for part in others]
    return safe("".join([_BEGINNING, first, *pieces, "</p>"]))


def is_plain(html: str) -> bool:
    """Whether HTML of this package shows a text as it was written; no markdown makes such a paragraph."""
    return html.startswith(_BEGINNING)


def _linked(source: str) -> str:
    pieces: list[str] = []
    last = 0
    for start, end, href in bare_addresses(source):
        link = f'<a href="{escape(href)}"{LINK}>{escape_text(source[start:end])}</a>'
        pieces += [escape_text(source[last:start]), link]
        last = end
    return "".join([*pieces, escape_text(source[last:])])
