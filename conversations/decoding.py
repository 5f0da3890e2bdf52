"""Text files as text, whatever they were written in: UTF-8, UTF-16 and UTF-32, Korean Windows (CP949), or a guess."""

from __future__ import annotations

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins in the same way
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Without tab, line ends, form feed, backspace and escape, which are in logs and old sources.
_CONTROLS = re.compile("[\x01-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffe\uffff]")
_CONTROLS_AT_MOST = 0.01
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_LETTERS = re.compile(r"[^\W\d_\x00-\x7f]")
_MOSTLY = 0.9
_ONE_PARITY = 0.95


def decoded(data: bytes) -> str | None:
    """The text of a file with these bytes; None when it is no text."""
    for attempt in (_marked, _utf8, _utf16, _korean, _guessed):
        text = attempt(data)
        if text is not None and _is_text(text):
            return text
    return None


def has_mark(data: bytes) -> bool:
    """Whether `data` begins with a byte order mark."""
    return any(data.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS)


def _is_text(text: str) -> bool:
    return "\x00" not in text and len(_CONTROLS.findall(text)) <= len(text) * _CONTROLS_AT_MOST


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _marked(data: bytes) -> str | None:
    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    return _strictly(data, encoding) if encoding else None


def _utf8(data: bytes) -> str | None:
    return _strictly(data, "utf-8")


def _utf16(data: bytes) -> str | None:
    """Without a mark: its spaces and line ends give zeros, all at odd places or all at even ones."""
    zeros = data.count(0)
    if not zeros or len(data) % 2:
        return None
    odd = data[1::2].count(0) / zeros
    if odd >= _ONE_PARITY:
        return _strictly(data, "utf-16-le")
    return _strictly(data, "utf-16-be") if odd <= 1 - _ONE_PARITY else None


def _korean(data: bytes) -> str | None:
    """Taken at once where nearly all letters turn out Korean: guesses from few bytes are often wrong."""
    text = _strictly(data, "cp949")
    letters = _LETTERS.findall(text) if text else []
    is_korean = bool(letters) and sum(map(bool, map(_HANGUL.match, letters))) >= len(letters) * _MOSTLY
    return text if is_korean else None


def _guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # slow to import, and hardly ever needed

    guesses = [] if 0 in data else list(from_bytes(data))  # the best one first
    alike = [guess for guess in guesses if (guess.chaos, guess.coherence) == (guesses[0].chaos, guesses[0].coherence)]
    western = (guess for guess in alike if guess.encoding == "cp1252")  # the most common of those that look the same
    best = next(western, guesses[0] if guesses else None)
    return str(best) if best else None
