"""File names: safe on every system, and in a header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

STEM_BYTES = 120  # leaves room for a date, an id and an ending within the 255 that file systems allow
_FORBIDDEN = re.compile(r'[/\\:*?"<>|%]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)  # names that Windows keeps for itself


def safe_stem(title: str, fallback: str = "conversation") -> str:
    """`title` as a file's name without its ending: no separators, no control or bidi characters, not too long."""
    plain = unicodedata.normalize("NFC", "".join(c if _is_printed(c) else " " for c in title))
    stem = " ".join(_FORBIDDEN.sub(" ", plain).split()).strip(". ")
    stem = stem.encode()[:STEM_BYTES].decode(errors="ignore").strip(". ")
    return fallback if not stem or _RESERVED.match(stem) else stem


def _is_printed(character: str) -> bool:
    """Neither a control nor a format character (bidi marks are of these), surrogate or unassigned."""
    return not unicodedata.category(character).startswith("C")


def disposition(name: str) -> str:
    """The header that has a browser keep a response as the file `name` (RFC 6266, RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain).strip(" ")
    if not plain.rpartition(".")[0].strip(" ._"):
        plain = f"conversation{plain[plain.rfind('.') :] if '.' in plain else ''}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
