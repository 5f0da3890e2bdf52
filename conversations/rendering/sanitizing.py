"""The only place of the project where HTML is marked safe.

Every tag, attribute and class that an answer may carry is listed here; whatever else turns up is dropped by nh3.
Cleaning is local: blocks cleaned one by one and joined equal the whole cleaned at once.
"""

from collections.abc import Iterable
from functools import cache
from html import escape

import nh3
from django.utils.safestring import SafeString, mark_safe

MATH_TAGS = frozenset(
    "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt "
    "mstyle msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
MATH_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form height largeop "
    "linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation "
    "rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset width".split()
)
TEXT_TAGS = frozenset(
    "a blockquote br code details div em figcaption figure h3 h4 h5 h6 hr kbd li mark ol p pre s section span strong "
    "sub summary sup table tbody td th thead tr u ul".split()
)
# Short names of Pygments' token types, see highlighting.py.
CODE_CLASSES = frozenset({"c", "k", "s", "m", "f", "b", "d", "v", "t", "gd", "gi", "gh"})
CLASSES: dict[str, set[str]] = {
    "a": {"image-link", "footnote-back"},
    "div": {"table", "formula"},
    "figure": {"code"},
    "li": {"task"},
    "p": {"plain"},
    "section": {"footnotes"},
    "span": {"task-box", "formula", "piece", "run", *CODE_CLASSES},
    "sup": {"footnote"},
}
VALUES = {
    "details": {"open": {""}},
    "a": {"target": {"_blank"}, "rel": {"noopener noreferrer nofollow"}},
    "div": {"tabindex": {"0"}},
    "span": {"tabindex": {"0"}},
    "pre": {"tabindex": {"0"}},
    "td": {"align": {"left", "center", "right"}},
    "th": {"align": {"left", "center", "right"}},
}


def _own_anchor(url: str) -> str | None:
    return url if url.startswith(("#fn-", "#fnref-")) else None


@cache
def _cleaner() -> nh3.Cleaner:
    attributes = {tag: set(MATH_ATTRIBUTES) for tag in MATH_TAGS}
    attributes |= {"a": {"href", "title", "id"}, "li": {"id"}, "ol": {"start"}, "code": {"class"}}
    return nh3.Cleaner(
        tags=MATH_TAGS | TEXT_TAGS,
        attributes=attributes,
        tag_attribute_values=VALUES,
        allowed_classes={tag: set(names) for tag, names in CLASSES.items()},
        url_schemes={"http", "https", "mailto"},
        url_relative=_own_anchor,
        link_rel=None,
        clean_content_tags={"script", "style"},
    )


def clean(html: str) -> str:
    """HTML with nothing but the listed tags, attributes, classes and link schemes; always well-formed."""
    return _cleaner().clean(html)


def safe(html: str) -> SafeString:
    """Cleans HTML and marks it as safe for templates."""
    return mark_safe(clean(html))  # noqa: S308 (cleaned on this very line)


def joined(cleaned: Iterable[str]) -> SafeString:
    """Pieces that `clean` or `escape_text` made, joined and marked as safe for templates."""
    return mark_safe("".join(cleaned))  # noqa: S308 (each piece has been through clean or escape_text)


def escape_text(text: str) -> str:
    """Text as the cleaner writes it inside an element."""
    return escape(text, quote=False).replace("\xa0", "&nbsp;")


def stored(html: str) -> SafeString:
    """What `render` made before and the database kept."""
    return mark_safe(html)  # noqa: S308 (only render's result is ever stored)
