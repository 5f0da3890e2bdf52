"""File names: safe on every system, and in a header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from conversations.text import cut

STEM_BYTES = 120  # leaves room for a date, an id and an ending within the 255 that file systems allow
_FORBIDDEN = re.compile(r'[/\\:*?"<>|%]+')
_JOINS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")  # also the tags in the flags of England, Scotland, Wales
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)  # names that Windows keeps for itself


def safe_stem(title: str, fallback: str = "conversation") -> str:
    """`title` as a file's name without its ending: no separators, no control or bidi characters, not too long."""
    plain = unicodedata.normalize("NFC", "".join(c if _is_printed(c) else " " for c in title))
    stem = " ".join(_FORBIDDEN.sub(" ", plain).split()).strip(". ")
    stem = cut(stem, len(stem.encode()[:STEM_BYTES].decode(errors="ignore"))).strip(". ")
    return fallback if not stem or _RESERVED.match(stem) else stem


def _is_printed(character: str) -> bool:
    """No control, surrogate or format character (bidi marks are of these), but for those that join letters and emoji.

    Unassigned ones are printed: emoji are newer than Python's tables."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs") or bool(_JOINS.match(character))


def disposition(name: str) -> str:
    """The header that has a browser keep a response as the file `name` (RFC 6266, RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain).strip(" ")
    if not plain.rpartition(".")[0].strip(" ._"):
        plain = f"conversation{plain[plain.rfind('.') :] if '.' in plain else ''}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
