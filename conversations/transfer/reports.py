"""What is said of a file: what is in it, what of it cannot be read, what was left out, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from django.utils.translation import ngettext, ngettext_lazy

from conversations.text import storable
from conversations.transfer.formats import FORMATS
from conversations.transfer.problems import Unreadable, sentence
from conversations.transfer.reading import unknown_name
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
    "system": ngettext_lazy(
        "%(count)d system message in the middle of a conversation is left out.",
        "%(count)d system messages in the middle of conversations are left out.",
        "count",
    ),
    "instructions": ngettext_lazy(
        "%(count)d copy of your own instructions there is left out.",
        "%(count)d copies of your own instructions there are left out.",
        "count",
    ),
    "repeated": ngettext_lazy(
        "%(count)d id stood twice; what was different is imported.",
        "%(count)d ids stood twice; what was different is imported.",
        "count",
    ),
    "undecodable": ngettext_lazy(
        "%(count)d conversation was not in UTF-8; some of its letters may be wrong.",
        "%(count)d conversations were not in UTF-8; some of their letters may be wrong.",
        "count",
    ),
    "tags": ngettext_lazy("%(count)d tag is not imported.", "%(count)d tags are not imported.", "count"),
    "pins": ngettext_lazy(
        "%(count)d conversation could not be pinned: the list of pinned ones is full.",
        "%(count)d conversations could not be pinned: the list of pinned ones is full.",
        "count",
    ),
    "folders": ngettext_lazy(
        "%(count)d conversation is in no folder: there are as many folders as there may be.",
        "%(count)d conversations are in no folder: there are as many folders as there may be.",
        "count",
    ),
    "prompts": ngettext_lazy(
        "The instructions of %(count)d conversation were too long and are cut.",
        "The instructions of %(count)d conversations were too long and are cut.",
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
    grown: int = 0  # of the duplicates: those that have more messages now
    first: str = ""
    last: str = ""
    notes: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)  # shapes that no parser knows, by name
    other_files: list[str] = field(default_factory=list)
    other_files_count: int = 0
    damaged_files: list[str] = field(default_factory=list)  # beside an export, and perhaps not of it
    damaged_files_count: int = 0
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    unreadable_count: int = 0
    problem: dict[str, Any] | None = None
    imported: int = 0
    imported_messages: int = 0
    extended: int = 0
    skipped: int = 0

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Report:
        """What was kept, by this version or another one."""
        names = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in _storable(dict(data)).items() if name in names})

    def as_dict(self) -> dict[str, Any]:
        """What any database can hold."""
        kept: dict[str, Any] = _storable(asdict(self))
        return kept

    @property
    def new(self) -> int:
        """How many conversations an import stores or adds to."""
        return self.conversations - self.duplicates + self.grown

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
        name = unknown_name(code)
        counts = self.unknown if name else self.notes
        key = name or code
        if name and key not in counts and len(counts) >= EXAMPLES:
            key = "…"
        if count:
            counts[key] = counts.get(key, 0) + count

    def refuse(self, problem: Unreadable) -> None:
        self.unreadable_count += 1
        if len(self.unreadable) < EXAMPLES:
            self.unreadable.append(problem.as_dict())

    def pass_by(self, name: str) -> None:
        """A file in a ZIP that has no conversations."""
        self.other_files_count += 1
        if len(self.other_files) < EXAMPLES:
            self.other_files.append(name)

    def leave_shut(self, name: str) -> None:
        """A file in a ZIP that cannot be read, and does not look like a part of the export there."""
        self.damaged_files_count += 1
        if len(self.damaged_files) < EXAMPLES:
            self.damaged_files.append(name)

    def note_sentences(self) -> list[str]:
        said = [str(_NOTES[code] % {"count": count}) for code, count in self.notes.items() if code in _NOTES]
        if self.unknown:
            count = sum(self.unknown.values())
            sentence_ = ngettext(
                "%(count)d piece is of a kind that is not known here: %(kinds)s. What it has of text is imported.",
                "%(count)d pieces are of kinds that are not known here: %(kinds)s. What they have of text is imported.",
                count,
            )
            said.append(sentence_ % {"count": count, "kinds": ", ".join(self.unknown)})
        if self.other_files_count:
            sentence_ = ngettext(
                "%(count)d other file in the ZIP file has no conversations: %(names)s.",
                "%(count)d other files in the ZIP file have no conversations: %(names)s.",
                self.other_files_count,
            )
            said.append(sentence_ % {"count": self.other_files_count, "names": ", ".join(self.other_files)})
        if self.damaged_files_count:
            sentence_ = ngettext(
                "%(count)d file in the ZIP file cannot be read, so nobody can say whether it has conversations: "
                "%(names)s.",
                "%(count)d files in the ZIP file cannot be read, so nobody can say whether they have conversations: "
                "%(names)s.",
                self.damaged_files_count,
            )
            said.append(sentence_ % {"count": self.damaged_files_count, "names": ", ".join(self.damaged_files)})
        return said

    def unreadable_sentences(self) -> list[tuple[str, str]]:
        """Place and sentence of the first ones."""
        return [(_place(problem), sentence(problem)) for problem in self.unreadable]

    def problem_sentence(self) -> str:
        return sentence(self.problem) if self.problem else ""

    def source_labels(self) -> str:
        labels = {known.name: str(known.label) for known in FORMATS}
        return ", ".join(labels.get(source, source) for source in self.sources)

    def span(self) -> tuple[datetime, datetime] | None:
        """The dates between which its conversations lie."""
        return (datetime.fromisoformat(self.first), datetime.fromisoformat(self.last)) if self.first else None


def _place(problem: Mapping[str, Any]) -> str:
    """Where it is in the JSON; of a broken file its sentence says it."""
    place = problem["params"].get("place", "")
    return place if isinstance(place, str) else ""


def _storable(data: Any) -> Any:
    if isinstance(data, str):
        return storable(data)
    if isinstance(data, dict):
        return {storable(str(key)): _storable(value) for key, value in data.items()}
    return [_storable(item) for item in data] if isinstance(data, list | tuple) else data
