"""Files whose name is not in UTF-8, as scripts send them: Django passes over such a part of a form as if it were not
there."""

from __future__ import annotations

from typing import Any

from django.http import multipartparser

_END = b"\r\n\r\n"
# The function is Django's own, which its stubs leave out.
_django_parse = multipartparser.parse_boundary_stream  # type: ignore[attr-defined]


def install() -> None:
    """Have the head of each part read in UTF-8 when Django comes to it."""
    multipartparser.parse_boundary_stream = _parse_boundary_stream  # type: ignore[attr-defined]  # not in the stubs


def _parse_boundary_stream(stream: Any, max_header_size: int) -> Any:
    begin = stream.read(max_header_size)
    head, end, content = begin.partition(_END)
    stream.unget((_in_utf8(head) if end else head) + end + content)
    return _django_parse(stream, max_header_size)


def _in_utf8(head: bytes) -> bytes:
    """The same where it is UTF-8; else read as Korean Windows writes, or with a mark for each byte. It does not become
    much longer than a head may be: names have 255 bytes."""
    for encoding in ("utf-8", "cp949"):
        try:
            return head.decode(encoding).encode()
        except UnicodeDecodeError:
            continue
    return head.decode(errors="replace").encode()
