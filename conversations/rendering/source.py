"""Text as it reaches the parser: one kind of line end, nothing that a page or a database cannot hold."""

import re

LINE_END = re.compile(r"\r\n?")
UNSHOWABLE = re.compile(r"[\x00\ud800-\udfff]")


def normalized(text: str) -> str:
    """CRLF and CR become LF; NUL and lone surrogates become U+FFFD."""
    if "\r" in text:
        text = LINE_END.sub("\n", text)
    return UNSHOWABLE.sub("\ufffd", text)
