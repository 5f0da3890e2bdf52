"""Text as it was written: a person's own messages, and answers that the markdown parser cannot take."""

from html import escape

from django.utils.safestring import SafeString

from .links import bare_addresses
from .markup import LINK
from .pieces import split
from .sanitizing import escape_text, safe
from .source import normalized


def render_plain(text: str) -> SafeString:
    """Safe HTML of plain text: one <p class="plain">, its line ends shown by CSS (pre-wrap), addresses linked."""
    source = normalized(text).strip("\n")
    if not source:
        return safe("")
    first, *others = split(source)
    pieces = [f'<span class="piece">{_linked(part)}</span>' for part in others]
    return safe(f'<p class="plain">{_linked(first)}{"".join(pieces)}</p>')


def _linked(source: str) -> str:
    pieces: list[str] = []
    last = 0
    for start, end, href in bare_addresses(source):
        link = f'<a href="{escape(href)}"{LINK}>{escape_text(source[start:end])}</a>'
        pieces += [escape_text(source[last:start]), link]
        last = end
    return "".join([*pieces, escape_text(source[last:])])
