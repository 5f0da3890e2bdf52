"""What is said of a file: what is in it, what of it cannot be read, what was left out, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext_lazy

from conversations.transfer.formats import FORMATS
from conversations.transfer.problems import Unreadable, sentence
from conversations.transfer.tree import Parsed

EXAMPLES = 50

_NOTES = {
    "tools": ngettext_lazy(
        "%(count)d message of a tool is left out.", "%(count)d messages of tools are left out.", "count"
    ),
    "attachments": ngettext_lazy(
        "%(count)d attachment is not imported; its name stays in the text.",
        "%(count)d attachments are not imported; their names stay in the text.",
        "count",
    ),
    "dates": ngettext_lazy(
        "%(count)d date could not be true and is left out.",
        "%(count)d dates could not be true and are left out.",
        "count",
    ),
    "empty": ngettext_lazy(
        "%(count)d conversation without messages is left out.",
        "%(count)d conversations without messages are left out.",
        "count",
    ),
}


@dataclass(slots=True)
class Report:
    """Kept as JSON with the import. `problem` and the members of `unreadable` are problems as dictionaries."""

    sources: dict[str, int] = field(default_factory=dict)
    conversations: int = 0
    messages: int = 0
    duplicates: int = 0
    first: str = ""
    last: str = ""
    notes: dict[str, int] = field(default_factory=dict)
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    unreadable_count: int = 0
    problem: dict[str, Any] | None = None
    imported: int = 0
    imported_messages: int = 0
    skipped: int = 0

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Report:
        return cls(**data)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def new(self) -> int:
        return self.conversations - self.duplicates

    def add(self, parsed: Parsed) -> None:
        self.conversations += 1
        self.messages += len(parsed.turns)
        self.sources[parsed.source] = self.sources.get(parsed.source, 0) + 1
        for code, count in parsed.notes.items():
            self.note(code, count)
        dates = [date.isoformat() for date in (parsed.created_at, parsed.updated_at) if date]
        self.first = min([*dates, *filter(None, [self.first])], default="")
        self.last = max([*dates, self.last])

    def note(self, code: str, count: int = 1) -> None:
        if count:
            self.notes[code] = self.notes.get(code, 0) + count

    def refuse(self, problem: Unreadable) -> None:
        self.unreadable_count += 1
        if len(self.unreadable) < EXAMPLES:
            self.unreadable.append(problem.as_dict())

    def note_sentences(self) -> list[str]:
        return [str(_NOTES[code] % {"count": count}) for code, count in self.notes.items() if code in _NOTES]

    def unreadable_sentences(self) -> list[tuple[str, str]]:
        """Place and sentence of the first ones."""
        return [(str(problem["params"].get("place", "")), sentence(problem)) for problem in self.unreadable]

    def problem_sentence(self) -> str:
        return sentence(self.problem) if self.problem else ""

    def source_labels(self) -> str:
        labels = {known.name: known.label or gettext("this product") for known in FORMATS}
        return ", ".join(labels.get(source, source) for source in self.sources)

    def span(self) -> tuple[datetime, datetime] | None:
        """The dates between which its conversations lie."""
        return (datetime.fromisoformat(self.first), datetime.fromisoformat(self.last)) if self.first else None
