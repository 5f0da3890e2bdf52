"""Conversations from a file, stored: each once, with its branches and dates, a batch at a time."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction

from conversations.models import Conversation
from conversations.transfer import merging
from conversations.transfer.filing import Filing
from conversations.transfer.problems import Unreadable
from conversations.transfer.reports import Report
from conversations.transfer.rows import ROWS_AT_ONCE, store_turns
from conversations.transfer.screening import refusal_of_import
from conversations.transfer.tree import Parsed

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)
BATCH_MESSAGES = 200  # what one transaction writes: answers that are being written wait for it
BATCH_CHARACTERS = 8_000_000
IDS_AT_ONCE = 500


@dataclass(slots=True)
class Stored:
    conversations: int = 0
    messages: int = 0
    duplicates: int = 0  # conversations that were here, and have nothing new
    extended: int = 0  # that were here, and got what is new
    notes: Counter[str] = field(default_factory=Counter)
    refused: list[Unreadable] = field(default_factory=list)

    def add(self, other: Stored) -> None:
        self.conversations += other.conversations
        self.messages += other.messages
        self.extended += other.extended
        self.duplicates += other.duplicates
        self.notes.update(other.notes)
        self.refused += other.refused

    def tell(self, report: Report) -> None:
        report.imported += self.conversations
        report.imported_messages += self.messages
        report.extended += self.extended
        report.skipped += self.duplicates
        for code, count in self.notes.items():
            report.note(code, count)
        for problem in self.refused:
            report.refuse(problem)


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a conversation is known again: the product and its id there, and its id on a site of this product."""

    source: str
    source_id: str
    own_id: str

    @property
    def began_as(self) -> str:
        """Its id on the site of this product that it began on: what comes back from another one names it so."""
        return self.source_id if self.source == "own" else ""


def identity(parsed: Parsed) -> Identity:
    """Without an id of the product, one made from what the conversation says."""
    return Identity(parsed.source, parsed.source_id or "sha256:" + _digest(parsed), parsed.own_id)


def _digest(parsed: Parsed) -> str:
    digest = hashlib.sha256(parsed.title.encode())
    for turn in parsed.turns:
        digest.update(f"\0{turn.parent}\0{turn.role}\0{turn.content}".encode())
    return digest.hexdigest()


def batches(conversations: Iterable[Parsed]) -> Iterator[list[Parsed]]:
    """As many conversations as one transaction should write."""
    batch: list[Parsed] = []
    messages = characters = 0
    for parsed in conversations:
        batch.append(parsed)
        messages += len(parsed.turns)
        characters += sum(len(turn.content) for turn in parsed.turns)
        if messages >= BATCH_MESSAGES or characters >= BATCH_CHARACTERS:
            yield batch
            batch, messages, characters = [], 0, 0
    if batch:
        yield batch


def known(owner: User, wanted: Sequence[Identity]) -> dict[Identity, UUID]:
    """Those of `wanted` that `owner` has already, and where; a deleted conversation does not count."""
    mine, found = Conversation.objects.owned_by(owner), dict[Identity, UUID]()
    for start in range(0, len(wanted), IDS_AT_ONCE):
        some = wanted[start : start + IDS_AT_ONCE]
        keys = mine.filter(source_id__in=[w.source_id for w in some]).values_list("source", "source_id", "pk")
        ids = [key for w in some for key in (w.own_id, w.began_as) if _is_uuid(key)]
        here = set(mine.filter(pk__in=ids).values_list("pk", flat=True))
        by_source, by_id = {(source, key): pk for source, key, pk in keys}, {str(pk): pk for pk in here}
        for one in some:
            pk = by_source.get((one.source, one.source_id)) or by_id.get(one.own_id) or by_id.get(one.began_as)
            if pk is not None:
                found[one] = pk
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def screened(owner: User, batch: Sequence[Parsed]) -> tuple[list[Parsed], Stored]:
    """Those that the site lets in. To be called outside of any transaction.

    What is here already was let in before, and is asked about again only if there is something new.
    """
    here = known(owner, [identity(parsed) for parsed in batch])
    grown = _with_news(here, batch)
    passed: list[Parsed] = []
    refused: list[Unreadable] = []
    for parsed in batch:
        pk = here.get(identity(parsed))
        said = refusal_of_import(owner, parsed) if pk is None or pk in grown else ""
        if said:
            refused.append(Unreadable("refused", place=parsed.place, title=parsed.title, sentence=said))
        else:
            passed.append(parsed)
    return passed, Stored(refused=refused)


def _with_news(here: Mapping[Identity, UUID], batch: Iterable[Parsed]) -> set[UUID]:
    return merging.with_news(
        (here[found], merging.Outline.of(one)) for one in batch if (found := identity(one)) in here
    )


def store(owner: User, batch: Sequence[Parsed]) -> Stored:
    """Store what `owner` does not have yet of `batch`, in one transaction.

    What the database refuses is left out and named, and the others are stored.
    """
    try:
        return _together(owner, batch)
    except OperationalError:
        raise
    except Exception as error:
        logger.warning("A batch of an import could not be stored at once (%s).", type(error).__name__)
    stored = Stored()
    with transaction.atomic():
        for parsed in batch:
            stored.add(_alone(owner, parsed))
    return stored


def _alone(owner: User, parsed: Parsed) -> Stored:
    try:
        return _together(owner, [parsed])
    except OperationalError:
        raise
    except Exception as error:
        logger.warning("A conversation of an import could not be stored (%s).", type(error).__name__)
        return Stored(refused=[Unreadable("not_stored", place=parsed.place, title=parsed.title)])


def _together(owner: User, batch: Sequence[Parsed]) -> Stored:
    try:
        with transaction.atomic():
            return _store(owner, batch)
    except IntegrityError:  # the same file is being imported twice: now the other's are there
        with transaction.atomic():
            return _store(owner, batch)


def _store(owner: User, batch: Sequence[Parsed]) -> Stored:
    identities = [identity(parsed) for parsed in batch]
    here, new = known(owner, identities), dict[tuple[str, str], Parsed]()
    again: list[tuple[Identity, Parsed]] = []
    for found, parsed in zip(identities, batch, strict=True):
        if found in here or (found.source, found.source_id) in new:
            again.append((found, parsed))
        else:
            new[found.source, found.source_id] = parsed
    _let_go_of_deleted(owner, new)
    filing = Filing(owner, new.values())
    rows = {key: filing.conversation(key, parsed) for key, parsed in new.items()}
    Conversation.objects.bulk_create(rows.values(), batch_size=ROWS_AT_ONCE)
    stored = Stored(len(rows), store_turns(list(rows.values()), list(new.values())), notes=filing.notes)
    grown = _with_news(here, [parsed for _, parsed in again])
    for found, parsed in again:
        pk = here[found] if found in here else rows[found.source, found.source_id].pk
        added = merging.add_news(pk, parsed) if pk in grown or found not in here else 0
        stored.messages += added
        stored.extended += bool(added)
        stored.duplicates += not added
    return stored


def _let_go_of_deleted(owner: User, keys: Iterable[tuple[str, str]]) -> None:
    """A conversation that was deleted here may be imported again; the deleted one stays what it is."""
    ids = [source_id for _, source_id in keys]
    Conversation.objects.deleted_by(owner).filter(source_id__in=ids).update(source_id="")
