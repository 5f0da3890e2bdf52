"""The audit log as a chain: each entry's hash covers all its fields and the hash of the entry before it.

`record` is the one way in. `verify` finds what was changed, removed or put in another order. That the newest entries
were cut off shows only against something kept elsewhere: an export (`verify(against=...)`), or the site's log file, in
which every entry leaves its number and hash.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import IO, Any

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import User
from chatbot_site.storable import has_every_letter
from conversations.text import storable
from moderation.models import AuditEntry

logger = logging.getLogger("moderation.audit")

GENESIS = "0" * 64
FIELDS = (
    "number",
    "at",
    "actor_id",
    "action",
    "target_kind",
    "target_id",
    "details",
    "previous_hash",
)
BATCH = 1000
_LOCK = 0x6D6F6461  # any number that nobody else locks by


@dataclass(frozen=True, slots=True)
class Verdict:
    """`entries`: how many are sound from the first on. `reason`: English, for whoever runs the site."""

    ok: bool
    entries: int
    first_bad_number: int | None = None
    reason: str = ""


def record(action: str, *, actor: User | None = None, target: models.Model | None = None, **details: Any) -> AuditEntry:
    """Appends an entry, in the caller's transaction if there is one. `details`: numbers and codes, no text, no name."""
    with transaction.atomic():
        _lock()
        last = AuditEntry.objects.order_by("-number").values_list("number", "hash").first()
        number, previous_hash = (last[0] + 1, last[1]) if last else (1, GENESIS)
        entry = AuditEntry(
            number=number,
            at=timezone.now(),
            actor_id=actor.pk if actor else None,
            action=action[:40],
            target_kind=target._meta.label_lower[:40] if target is not None else "",
            target_id=str(target.pk)[:64] if target is not None else "",
            details=_plain(details),
            previous_hash=previous_hash,
        )
        entry.hash = hash_of(_fields(entry))
        entry.save(force_insert=True)
        transaction.on_commit(lambda: logger.info("Audit entry %d, hash %s", entry.number, entry.hash))
    return entry


def _lock() -> None:
    """One writer at a time, until the transaction ends. SQLite has only one anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _plain(value: Any) -> Any:
    """`value` as every database gives it back: no floats, which change their looks, and no unstorable characters."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {storable(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    return storable(str(value))


def _fields(entry: AuditEntry) -> dict[str, Any]:
    fields = {name: getattr(entry, name) for name in FIELDS}
    return fields | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}


def hash_of(fields: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, over the canonical JSON of the fields, as `export` writes them."""
    chosen = {name: fields[name] for name in FIELDS}
    text = json.dumps(chosen, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def verify(against: Iterable[str] = ()) -> Verdict:
    """Reads the whole chain. `against`: the lines of an earlier export, all of which must still be in it."""
    exported = _exported(against)
    expected = next(exported, None)
    number, previous_hash = 0, GENESIS
    for entry in _entries():
        reason = _fault(entry, number + 1, previous_hash)
        if not reason and expected is not None and expected[0] == entry.number:
            reason = "" if expected[1] == entry.hash else "it is another one than in the export"
            expected = next(exported, None)
        if reason:
            return Verdict(False, number, number + 1, f"Entry {number + 1}: {reason}.")
        number, previous_hash = entry.number, entry.hash
    if expected is not None:
        return Verdict(False, number, number + 1, f"Entry {expected[0]} of the export is not in the log any more.")
    return Verdict(True, number)


def _entries() -> Iterator[AuditEntry]:
    return AuditEntry.objects.order_by("number").iterator(chunk_size=BATCH)


def _fault(entry: AuditEntry, number: int, previous_hash: str) -> str:
    if entry.number != number:
        return f"it is missing; the next one is {entry.number}"
    if entry.previous_hash != previous_hash:
        return "it does not follow the one before it"
    if hash_of(_fields(entry)) != entry.hash:
        return "it was changed"
    return ""


def _exported(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Raises ValueError for a line that no export wrote."""
    for line in lines:
        try:
            fields = json.loads(line)
            yield int(fields["number"]), str(fields["hash"])
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            raise ValueError("This is no export of the audit log.") from None


def export(stream: IO[str]) -> int:
    """Writes a line of JSON for each entry, oldest first; how many there were."""
    written, only_ascii = 0, not has_every_letter(stream)
    for entry in _entries():
        stream.write(json.dumps(_fields(entry) | {"hash": entry.hash}, ensure_ascii=only_ascii) + "\n")
        written += 1
    return written
