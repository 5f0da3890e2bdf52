"""Settings with a small language of their own."""

from __future__ import annotations

import base64
import binascii

from chatbot_site.environment.addresses import host, numbered
from chatbot_site.environment.kinds import Kind, NotUnderstood, items, whole

FOR_EVER = "keep"
LONGEST_DAYS = 99_999
_FERNET_BYTES = 32


def _some(text: str) -> list[str]:
    """Entries, one at least: commas alone are not as good as nothing, whoever wrote them meant something."""
    if not (parts := items(text)):
        raise NotUnderstood("has commas and nothing between them")
    return parts


def fernet_keys() -> Kind[str]:
    def read(text: str) -> str:
        return ",".join(numbered(number, _fernet_key, part) for number, part in enumerate(_some(text), 1))

    return Kind("Fernet keys", read, "44-letters-and-signs-of-a-Fernet-key", has_lines=True)


def _fernet_key(text: str) -> str:
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/").encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != _FERNET_BYTES:
        raise NotUnderstood("is no Fernet key (32 bytes in URL-safe base64)")
    return text


def sign_up() -> Kind[str]:
    """open, closed, or e-mail domains with commas between them, in lower case."""

    def read(text: str) -> str:
        parts = _some(text.lower())
        if parts in (["open"], ["closed"]):
            return parts[0]
        return ",".join(numbered(number, _domain, part) for number, part in enumerate(parts, 1))

    return Kind("sign-up", read, "closed", has_lines=True)


def _domain(text: str) -> str:
    name = host(text.removeprefix("@"))
    if "." not in name:
        raise NotUnderstood("is neither open nor closed, nor a domain such as example.org")
    return name


def days_by_group() -> Kind[dict[str, int | None]]:
    """Group=days between commas; for ever is None."""

    def read(text: str) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for number, part in enumerate(items(text), 1):
            group, _sign, days = (piece.strip() for piece in part.rpartition("="))
            if not group or not days:
                raise NotUnderstood(f"is not of the form group=days in entry {number}")
            if group in found:
                raise NotUnderstood(f"names a group twice, in entry {number}")
            found[group] = None if days.lower() == FOR_EVER else numbered(number, whole(1, LONGEST_DAYS).read, days)
        return found

    return Kind("days by group", read, "Members=365,Interns=30,Administrators=keep", has_lines=True)
