"""What somebody wrote for a variable, before anything makes sense of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# What comes along when a value is copied, and can be no part of one: blanks, and marks that nobody sees.
AROUND = " \t\r\n\u00a0\u200b\ufeff"
LARGEST_FILE = 2**20
_BEGINS_COMMENT = re.compile(r"^#(?=[ \t]|$)|[ \t]#")
_COMMENT = re.compile(rf"(?:{_BEGINS_COMMENT.pattern}).*", re.MULTILINE)
_QUOTED = re.compile(r"""(["'])(.*)\1""", re.DOTALL)


class InvalidSetting(ImproperlyConfigured):
    """Something was given that cannot be understood: one sentence, without any value."""


def refused(name: str, wrong: str, example: str, where: str = "") -> InvalidSetting:
    """The sentence about the variable `name`; `where` it was given, "" in the environment."""
    place = f" ({where})" if where else ""
    return InvalidSetting(f"{name}{place} {wrong}; for example: {name}={example}")


@dataclass(frozen=True, slots=True)
class Given:
    """`is_exact`: it was quoted in .env, or is a file's content, so that nothing in it can be a comment."""

    text: str = field(repr=False)
    where: str = ""
    is_exact: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.text.strip(AROUND)

    @property
    def has_comment(self) -> bool:
        """Whether a part of it reads as a comment: a # after a blank, as docker compose and shells have it.

        One that begins a later line may as well be a heading in a prompt.
        """
        return not self.is_exact and bool(_BEGINS_COMMENT.search(self.text.strip(AROUND)))

    @property
    def has_quotes(self) -> bool:
        """Whether quotation marks came along from a file that was read by something which keeps them (docker run)."""
        return not self.is_exact and bool(_QUOTED.fullmatch(self.text.strip(AROUND)))

    def readings(self) -> list[str]:
        """What may be meant, the likeliest first: all of it, then its lines without their comments."""
        whole = self.text.strip(AROUND)
        if self.is_exact:
            return [whole]
        without = _COMMENT.sub("", whole).strip(AROUND)
        return list(dict.fromkeys(_unquoted(text) for text in (whole, without)))


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted[2].strip(AROUND) if quoted else text


def content(name: str, path: str, folder: Path, where: str) -> Given:
    """What the file says that NAME_FILE names, without its last line end. Raises InvalidSetting."""
    variable, example = f"{name}_FILE", f"/run/secrets/{name.lower()}"
    try:
        with (folder / Path(path).expanduser()).open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise refused(variable, f"names no file that can be read ({error.strerror})", example, where) from None
    except UnicodeDecodeError:
        raise refused(variable, "names a file that is not UTF-8 text", example, where) from None
    except (ValueError, RuntimeError):  # a NUL in the path, a home folder that nobody has
        raise refused(variable, "names no file", example, where) from None
    if len(raw) > LARGEST_FILE:
        raise refused(variable, "names a file that is too large for a setting", example, where)
    given = Given(text, f"in the file that {variable} names", is_exact=True)
    if given.is_empty:
        raise refused(variable, "names a file that is empty", example, where)
    return given
