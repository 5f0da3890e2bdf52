"""What a backup says of itself: first what made it (`About`), at its end what is in it (`Manifest`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from operations.backup.problems import Damaged, Newer

FORMAT = 1


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


@dataclass(slots=True)
class Manifest:
    parts: list[Part] = field(default_factory=list)
    tables: dict[str, Rows] = field(default_factory=dict)
    missing_files: list[str] = field(default_factory=list)

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
            )
        except (KeyError, TypeError, AttributeError):
            raise Damaged("The backup's list of its parts is not complete.") from None

    @property
    def row_count(self) -> int:
        return sum(rows.count for rows in self.tables.values())

    def media(self) -> list[Part]:
        return [part for part in self.parts if part.name.startswith("media/")]


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
