"""Conversations from a file, stored: each once, with its branches and dates, a batch at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Preferences
from conversations.models import Conversation, Folder, Message
from conversations.transfer.tree import Parsed, Turn
from providers import models_for_menu

if TYPE_CHECKING:
    from accounts.models import User

BATCH_MESSAGES = 200  # what one transaction writes: answers that are being written wait for it
ROWS_AT_ONCE = 100
IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Stored:
    conversations: int
    messages: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a conversation is known again: the product and its id there, and its id on a site of this product."""

    source: str
    source_id: str
    own_id: str


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
    messages = 0
    for parsed in conversations:
        batch.append(parsed)
        messages += len(parsed.turns)
        if messages >= BATCH_MESSAGES:
            yield batch
            batch, messages = [], 0
    if batch:
        yield batch


def known(owner: User, wanted: Sequence[Identity]) -> set[Identity]:
    """Those of `wanted` that `owner` has already; a deleted conversation does not count."""
    mine, found = Conversation.objects.owned_by(owner), set[Identity]()
    for start in range(0, len(wanted), IDS_AT_ONCE):
        some = wanted[start : start + IDS_AT_ONCE]
        keys = mine.filter(source_id__in=[w.source_id for w in some]).values_list("source", "source_id")
        here = set(mine.filter(pk__in=[w.own_id for w in some if _is_uuid(w.own_id)]).values_list("pk", flat=True))
        pairs, ids = set(keys), {str(pk) for pk in here}
        found |= {w for w in some if (w.source, w.source_id) in pairs or w.own_id in ids}
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def store(owner: User, batch: Sequence[Parsed]) -> Stored:
    """Store those of `batch` that `owner` does not have yet, in one transaction."""
    try:
        with transaction.atomic():
            return _store(owner, batch)
    except IntegrityError:  # the same file is being imported twice: now the other's are there
        with transaction.atomic():
            return _store(owner, batch)


def _store(owner: User, batch: Sequence[Parsed]) -> Stored:
    identities = [identity(parsed) for parsed in batch]
    here, new = known(owner, identities), dict[tuple[str, str], Parsed]()
    for found, parsed in zip(identities, batch, strict=True):
        if found not in here:
            new.setdefault((found.source, found.source_id), parsed)
    _let_go_of_deleted(owner, new)
    preferences, menu = Preferences.of(owner), _menu(owner)
    rows = [_conversation(owner, key, parsed, preferences, menu) for key, parsed in new.items()]
    Conversation.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    messages = _store_messages(rows, list(new.values()))
    return Stored(len(rows), messages, len(batch) - len(rows))


def _let_go_of_deleted(owner: User, keys: Iterable[tuple[str, str]]) -> None:
    """A conversation that was deleted here may be imported again; the deleted one stays what it is."""
    ids = [source_id for _, source_id in keys]
    Conversation.objects.deleted_by(owner).filter(source_id__in=ids).update(source_id="")


def _conversation(
    owner: User, key: tuple[str, str], parsed: Parsed, preferences: Preferences, menu: set[str]
) -> Conversation:
    now = timezone.now()
    created = parsed.created_at or now
    return Conversation(
        owner=owner,
        title=parsed.title,
        model=parsed.model if parsed.model in menu else preferences.default_model,
        temperature=preferences.temperature if parsed.temperature is None else parsed.temperature,
        max_tokens=parsed.max_tokens or preferences.max_tokens,
        streaming=parsed.streaming,
        system_prompt=parsed.system_prompt,
        cache_answers=parsed.cache_answers,
        folder=_folder(owner, parsed.folder) if parsed.folder else None,
        created_at=created,
        updated_at=parsed.updated_at or created,
        pinned_at=now if parsed.is_pinned else None,
        archived_at=now if parsed.is_archived else None,
        source=key[0],
        source_id=key[1],
    )


def _menu(owner: User) -> set[str]:
    return {info.id for group in models_for_menu(owner) for info in group.models}


def _folder(owner: User, name: str) -> Folder:
    return Folder.objects.get_or_create(owner=owner, name=name)[0]


def _store_messages(rows: Sequence[Conversation], conversations: Sequence[Parsed]) -> int:
    """All messages first, which gives them their ids, then what comes before what, and the leaves."""
    pairs = [(row, turn) for row, parsed in zip(rows, conversations, strict=True) for turn in _dated(row, parsed)]
    messages = Message.objects.bulk_create([_message(row, turn) for row, turn in pairs], batch_size=ROWS_AT_ONCE)
    links: list[tuple[int, int]] = []
    leaves: list[tuple[int, Any]] = []
    start = 0
    for row, parsed in zip(rows, conversations, strict=True):
        ids = [message.pk for message in messages[start : start + len(parsed.turns)]]
        start += len(ids)
        links += [(ids[turn.parent], pk) for turn, pk in zip(parsed.turns, ids, strict=True) if turn.parent is not None]
        leaves.append((ids[parsed.leaf if parsed.leaf is not None else -1], _pk(row)))
    _write("UPDATE conversations_message SET parent_id = %s WHERE id = %s", links)
    _write("UPDATE conversations_conversation SET leaf_id = %s WHERE id = %s", leaves)
    return len(messages)


def _dated(row: Conversation, parsed: Parsed) -> list[Turn]:
    """The turns of a conversation, where none is without a date: it was written when the one before it was."""
    for turn in parsed.turns:
        before = parsed.turns[turn.parent].created_at if turn.parent is not None else None
        turn.created_at = turn.created_at or before or row.created_at
    return parsed.turns


def _message(row: Conversation, turn: Turn) -> Message:
    """Without HTML: an imported answer is rendered when it is shown."""
    return Message(
        conversation=row,
        role=turn.role,
        content=turn.content,
        reasoning=turn.reasoning,
        model=turn.model,
        created_at=turn.created_at or row.created_at,
    )


def _pk(row: Conversation) -> Any:
    return Conversation._meta.pk.get_db_prep_value(row.pk, connection)


def _write(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
