"""Reading .env, by the rules that docker compose has for it, but for what could be misread: that is refused.

    NAME=value              blanks around the = and `export` before the name do no harm
    NAME=value # comment    a # after a blank begins a comment; a # within a word does not
    NAME='a # $value'       literally so; may go over several lines
    NAME="a \\"value\\""    with \\n, \\r, \\t, \\", \\\\, \\$ and \\`; may go over several lines

Nothing is filled in for `$NAME`: it is a value like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from chatbot_site.environment.given import Given, InvalidSetting, refused

_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*")
_QUOTED = re.compile(r"'([^']*)'" + r'|"((?:[^"\\]|\\.)*)"', re.DOTALL)
_AFTER_QUOTED = re.compile(r"[ \t]*(?:[ \t]#.*)?(?:\n|$)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`"}


def read(path: Path) -> dict[str, Given]:
    """What the file gives, by name. Raises InvalidSetting, OSError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused("ENV_FILE", f"names {path.name}, which is not UTF-8 text", ".env") from None
    found: dict[str, Given] = {}
    for name, given in _entries(text.replace("\r\n", "\n").replace("\r", "\n"), path):
        before = found.get(name)
        if before and not before.is_empty and not given.is_empty and before.text != given.text:
            wrong = f"stands twice, in {before.where} and in {given.where}, with different values: leave one out"
            raise refused(name, wrong, "value")
        if before is None or before.is_empty:
            found[name] = given
    return found


def _entries(text: str, path: Path) -> Iterator[tuple[str, Given]]:
    position, line = 0, 1
    while position < len(text):
        where = f"line {line} of {path.name}"
        end = _line_end(text, position)
        stop = end + 1
        if text[position:end].strip() and not text[position:end].lstrip().startswith("#"):
            assignment = _ASSIGNMENT.match(text, position)
            if assignment is None:
                raise InvalidSetting(
                    f"Line {line} of {path.name} is not of the form NAME=value; for example: PORT=8000"
                )
            given, stop = _value(assignment[1], text, assignment.end(), where)
            yield assignment[1], given
        line += text.count("\n", position, stop)
        position = stop


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found


def _value(name: str, text: str, start: int, where: str) -> tuple[Given, int]:
    """The value that begins at `start`, and where the next line does."""
    if text[start : start + 1] not in ('"', "'"):
        end = _line_end(text, start)
        if text[start:end].rstrip().endswith("\\"):
            wrong = "ends with a backslash, and no value goes on in the next line: put it in single quotation marks"
            raise refused(name, wrong, "'value'", where)
        return Given(text[start:end], where), end + 1
    quoted = _QUOTED.match(text, start)
    if quoted is None:
        raise refused(name, "begins with a quotation mark that is not closed", '"value"', where)
    after = _AFTER_QUOTED.match(text, quoted.end())
    if after is None:
        raise refused(name, "goes on after its closing quotation mark", '"value"', where)
    value = quoted[1] if quoted[1] is not None else _unescaped(name, quoted[2], where)
    return Given(value, where, is_exact=True), after.end()


def _unescaped(name: str, text: str, where: str) -> str:
    def character(match: re.Match[str]) -> str:
        try:
            return _ESCAPES[match[1]]
        except KeyError:
            wrong = "has a backslash in double quotation marks: write two, or use single quotation marks"
            raise refused(name, wrong, "'value'", where) from None

    return re.sub(r"\\(.)", character, text, flags=re.DOTALL)
