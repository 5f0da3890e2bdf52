"""What can be wrong with a file that somebody brings, and what is said about it.

    Problem
     ├── BrokenFile    nothing of the file, or of a part of it, can be taken
     │    └── HostileFile
     └── Unreadable    one conversation of it cannot

A problem is kept as a code with parameters; its sentence is made in the language of whoever reads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_SENTENCES: dict[str, Promise | str] = {
    # of a whole file
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than %(limit)s, the most that can be imported."),
    "html": _("This is a web page. Choose the ZIP or JSON file of the export instead."),
    "not_json": _("This is neither a ZIP nor a JSON file. Choose the file of the export as it was downloaded."),
    "bad_json": _("The JSON is broken at %(place)s. The file may not have been downloaded completely."),
    "cut_short": _("The file ends in the middle of the JSON, at %(place)s. Download it again."),
    "after_end": _("After the end of the JSON something else follows, at %(place)s."),
    "too_deep": _("The JSON is nested more than %(limit)s levels deep, at %(place)s."),
    "too_long": _("One conversation, at %(place)s, is larger than %(limit)s."),
    "bad_zip": _("The ZIP file is damaged. Download it again."),
    "zip_encrypted": _("The ZIP file is protected by a password. Unpack it, and import the JSON file in it."),
    "zip_deep": _(
        "This ZIP file is in more than %(limit)s ZIP files, one in the other. Unpack them, and import the innermost."
    ),
    "zip_many": _("The ZIP file lists too many files. It is not from an export."),
    "zip_bomb": _("Unpacked, the ZIP file would be larger than %(limit)s. It is not from an export."),
    "zip_dense": _("Unpacked, this file is more than %(limit)s times larger than in the ZIP file, as no export is."),
    "packed": _("This file is packed once more. Unpack it, and import the JSON file in it."),
    "zip_empty": _("There are no conversations in the ZIP file: it has no JSON file."),
    "nothing": _(
        "No conversations were found in it. Exports of ChatGPT, Claude, DeepSeek, Open WebUI, LibreChat, LobeChat and "
        "this site are read."
    ),
    "all_unreadable": _("None of its conversations can be read. The first one, at %(place)s: %(why)s"),
    "file_gone": _("The file is not here any more. Choose it again."),
    "failed": _("Something went wrong on the server. What was imported before is kept; try again."),
    "newer": _("A newer version of this product made this export. It cannot be read here before this site is updated."),
    # of one conversation
    "unknown": _("This is no conversation of a product that is known here."),
    "wrong_type": _("There should be %(expected)s, and there is %(found)s."),
    "missing": _("This is missing."),
    "too_many": _("It has more than %(limit)s messages."),
    "long_message": _("The message is longer than %(limit)s characters."),
    "no_messages": _("It has no messages."),
    "not_read": _("This conversation could not be read."),
    "not_stored": _("The conversation “%(title)s” could not be stored."),
    "refused": _("The conversation “%(title)s” is not imported: %(sentence)s"),
}
_TYPES: dict[str, Promise | str] = {
    "object": _("an object"),
    "list": _("a list"),
    "text": _("text"),
    "number": _("a number"),
    "boolean": _("true or false"),
    "null": _("nothing"),
}


class Problem(Exception):
    """Something is wrong with a file: `code` and `params`, which JSON can hold."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "params": self.params}


class BrokenFile(Problem):
    """Nothing of the file is taken."""


class HostileFile(BrokenFile):
    """The file was made to do harm, or looks like it: nothing of it is taken, whatever could be read."""


class Unreadable(Problem):
    """One conversation is not taken; the parameter `place` says where it stands.

    `source` is the product as whose it was read, "" where that is not known.
    """

    source = ""

    @property
    def place(self) -> str:
        return str(self.params.get("place", ""))


def sentence(problem: Mapping[str, Any]) -> str:
    """What `as_dict` kept, in words of the current language."""
    params = {name: _shown(name, value) for name, value in problem.get("params", {}).items()}
    said = str(_SENTENCES.get(problem["code"], _SENTENCES["failed"])) % defaultdict(str, params)
    return f"{params['file']}: {said}" if "file" in params else said


def _shown(name: str, value: Any) -> str:
    if name in ("expected", "found"):
        return str(_TYPES.get(value, value))
    if name == "why":
        return sentence(value)
    if name == "bytes":
        return filesizeformat(value)
    if name == "place" and isinstance(value, list):
        return gettext("line %(line)s, column %(column)s") % {"line": value[0], "column": value[1]}
    if name == "limit" and isinstance(value, list):
        return filesizeformat(value[0])
    return str(value)
