"""What the parsers share: dates that are noted when they cannot be true, and marks where a file was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from conversations.transfer.values import Value

SOURCE_ID_LENGTH = 120


def moment(value: Value, notes: Counter[str]) -> datetime | None:
    """A date; one that is there and cannot be true is left out and counted."""
    found = value.moment()
    if found is None and value.data not in (None, ""):
        notes["dates"] += 1
    return found


def with_attachments(text: str, names: Sequence[str], notes: Counter[str]) -> str:
    """The text and, after it, the names of files that are not imported."""
    notes["attachments"] += len(names)
    marks = " ".join(f"[{' '.join(name.split())}]" for name in names)
    return "\n\n".join(filter(None, (text, marks)))


def names_of(files: Value, *keys: str) -> list[str]:
    """The names in a list of objects that describe files."""
    names: list[str] = []
    for item in files.items():
        found = next((item.get(key).text() for key in keys if item.get(key).data), "")
        names.append(found or "file")
    return names


def source_id(*candidates: Value) -> str:
    """The product's id of a conversation; "" where it has none that can be kept."""
    found = next((key for candidate in candidates if (key := candidate.key())), "")
    return found if len(found) <= SOURCE_ID_LENGTH and found.isprintable() else ""
