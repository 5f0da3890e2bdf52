"""What a backup says of itself: first what made it (`About`), at its end what is in it (`Manifest`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from operations.backup.problems import Damaged, Newer

FORMAT = 1
ODD_ROWS_NAMED = 100


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one model. `fields` are in the order of the values of a row."""

    model: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    made_at: str
    app_version: str
    django: str
    python: str
    database: str
    migrations: dict[str, list[str]]
    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    format: int = FORMAT

    def as_json(self) -> bytes:
        return _json(asdict(self))

    @classmethod
    def read(cls, text: bytes) -> About:
        """Raises Newer, Damaged."""
        values = _object(text)
        if values.get("format") != FORMAT:
            raise Newer(
                f"The backup has format {values.get('format')!r}, made by version {values.get('app_version')}; this "
                f"version reads format {FORMAT}. Update the site first."
            )
        try:
            tables = tuple(Table(table["model"], tuple(table["fields"])) for table in values.pop("tables"))
            return cls(**values | {"tables": tables, "left_out": tuple(values["left_out"])})
        except (KeyError, TypeError):
            raise Damaged("The backup's description of itself is not complete.") from None


@dataclass(slots=True)
class Part:
    """One file in the archive."""

    name: str
    size: int
    sha256: str


@dataclass(slots=True)
class Rows:
    """How many rows a table has, and their digest, whatever their order (`rows.Digest`)."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row with a value that not every database can hold: mended, or left out where it makes no sense without it.

    `key` is "" where it is none that may be shown, `field` "" where it is about the whole row.
    """

    table: str
    key: str
    field: str
    what: str
    is_left_out: bool = False

    def __str__(self) -> str:
        """English, for whoever runs the site; no text of the row."""
        what = f"{self.field} {self.what}" if self.field else f"it {self.what}"
        done = "the row is left out" if self.is_left_out else "what comes nearest stands in its place"
        return f"{self.table} {self.key or '(a row without a key to name)'}: {what}; {done}."


@dataclass(slots=True)
class OddRows:
    """The first ones, and how many there were."""

    count: int = 0
    left_out: int = 0
    first: list[OddRow] = field(default_factory=list)

    def add(self, odd: OddRow) -> None:
        self.count += 1
        self.left_out += odd.is_left_out
        if len(self.first) < ODD_ROWS_NAMED:
            self.first.append(odd)

    def sentences(self) -> list[str]:
        more = self.count - len(self.first)
        return [*map(str, self.first), *([f"And {more:,} more rows like these."] if more else [])]


@dataclass(slots=True)
class Manifest:
    parts: list[Part] = field(default_factory=list)
    tables: dict[str, Rows] = field(default_factory=dict)
    missing_files: list[str] = field(default_factory=list)
    odd_rows: OddRows = field(default_factory=OddRows)

    def as_json(self) -> bytes:
        return _json(asdict(self))

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """Raises Damaged."""
        values = _object(text)
        try:
            return cls(
                parts=[Part(**part) for part in values["parts"]],
                tables={label: Rows(**rows) for label, rows in values["tables"].items()},
                missing_files=list(values["missing_files"]),
                odd_rows=_odd_rows(values.get("odd_rows", {})),
            )
        except (KeyError, TypeError, AttributeError):
            raise Damaged("The backup's list of its parts is not complete.") from None

    @property
    def row_count(self) -> int:
        return sum(rows.count for rows in self.tables.values())

    def media(self) -> list[Part]:
        return [part for part in self.parts if part.name.startswith("media/")]


def _odd_rows(values: dict[str, Any]) -> OddRows:
    return OddRows(**values | {"first": [OddRow(**odd) for odd in values.get("first", [])]})


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, indent=1).encode()


def _object(text: bytes) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise Damaged("What the backup says of itself cannot be read.")
    return values
