"""Whether every byte of a backup is what was written; no database is touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from operations.backup.archive import ABOUT, DATABASE, MANIFEST, Entry, body, entries
from operations.backup.keys import BackupKey
from operations.backup.manifest import About, Manifest, Part
from operations.backup.problems import Damaged, NotABackup


@dataclass(frozen=True, slots=True)
class Checked:
    about: About
    manifest: Manifest


def check(path: Path, key: BackupKey | None, advance: Callable[[int], None] = lambda _bytes: None) -> Checked:
    """What is in the backup `path`, when all of it is as it was written. Raises BackupProblem.

    First the file as a whole, so that nothing altered is ever unpacked; then each part against the manifest, and the
    number of rows of each table. `advance` is told of compressed bytes.
    """
    _prove_file(path, key, advance)
    about: About | None = None
    manifest: Manifest | None = None
    found: list[Part] = []
    counts: dict[str, int] = {}
    for entry in entries(path, key):
        if manifest is not None or (about is None and entry.name != ABOUT):
            raise Damaged("The parts of the backup are not in their order.")
        if entry.name == MANIFEST:
            manifest = Manifest.read(entry.text())
            continue
        part, text = _part(entry)
        found.append(part)
        if entry.name == ABOUT:
            about = About.read(text)
        elif entry.name.startswith(DATABASE):
            label = table_of(entry.name)
            counts[label] = counts.get(label, 0) + text.count(b"\n")
    if about is None or manifest is None:
        raise Damaged("The backup does not say what is in it.")
    _compare(manifest, found, counts)
    return Checked(about, manifest)


def table_of(name: str) -> str:
    """ "conversations.message" for "database/conversations.message/000001"."""
    return name.removeprefix(DATABASE).partition("/")[0]


def parts_of(
    path: Path, key: BackupKey | None, manifest: Manifest, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and pieces of the parts that are `wanted`, each proved once more as it is read. Raises BackupProblem."""
    sums = {part.name: part.sha256 for part in manifest.parts}
    for entry in entries(path, key):
        if entry.name != MANIFEST and wanted(entry.name):
            yield entry.name, _proved(entry, sums.get(entry.name, ""))


def lines_of(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, list[object]]]:
    """The lines of a part of rows, each with the row that it says. Raises Damaged."""
    for line in b"".join(pieces).splitlines(keepends=True):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, list):
            raise Damaged("A row in the backup cannot be read.")
        yield line, row


def _prove_file(path: Path, key: BackupKey | None, advance: Callable[[int], None]) -> None:
    try:
        with path.open("rb") as file:
            source = body(file, key)
            while piece := source.read():
                advance(len(piece))
    except OSError as error:
        raise NotABackup(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None


def _part(entry: Entry) -> tuple[Part, bytes]:
    """What was read of it; its text too, except of files."""
    if entry.name == ABOUT or entry.name.startswith(DATABASE):
        text = entry.text()
        return Part(entry.name, len(text), hashlib.sha256(text).hexdigest()), text
    hashed, size = hashlib.sha256(), 0
    for piece in entry.pieces:
        hashed.update(piece)
        size += len(piece)
    return Part(entry.name, size, hashed.hexdigest()), b""


def _compare(manifest: Manifest, found: list[Part], counts: dict[str, int]) -> None:
    names = [part.name for part in found]
    if names != [part.name for part in manifest.parts] or len(set(names)) < len(names):
        raise Damaged("The parts of the backup are not those that it lists.")
    for part, listed in zip(found, manifest.parts, strict=True):
        if part != listed:
            raise Damaged(f"{part.name!r} in the backup was altered: its checksum is another.")
    for label, rows in manifest.tables.items():
        if counts.get(label, 0) != rows.count:
            raise Damaged(f"{label} has {counts.get(label, 0):,} rows in the backup and should have {rows.count:,}.")


def _proved(entry: Entry, sha256: str) -> Iterator[bytes]:
    hashed = hashlib.sha256()
    for piece in entry.pieces:
        hashed.update(piece)
        yield piece
    if hashed.hexdigest() != sha256:
        raise Damaged(f"{entry.name!r} in the backup changed while it was read.")
