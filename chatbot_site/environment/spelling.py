"""Names of variables that are nearly a setting's."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

_NEARNESS = 0.85
_NOT_OURS = ("DJANGO_SETTINGS_MODULE",)


def misspelt(given: Collection[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each name of `given` that is none of `known` and looks like one, with that one."""
    for name in sorted(given):
        plain = name.upper().removesuffix("_FILE")
        if name in known or name.removesuffix("_FILE") in known or name in _NOT_OURS:
            continue
        near = difflib.get_close_matches(plain.removeprefix("DJANGO_"), known, n=1, cutoff=_NEARNESS)
        if near:
            yield name, near[0] + ("_FILE" if name.upper().endswith("_FILE") else "")
