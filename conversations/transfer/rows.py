"""Imported messages as rows: all of them first, which gives them ids, then what comes before what, and the leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from conversations.models import Conversation, Message
from conversations.transfer.tree import Parsed, Turn

ROWS_AT_ONCE = 100


def store_turns(rows: Sequence[Conversation], conversations: Sequence[Parsed]) -> int:
    """The messages of new conversations; how many there are."""
    pairs = [(row, turn) for row, parsed in zip(rows, conversations, strict=True) for turn in dated(row, parsed)]
    messages = Message.objects.bulk_create([message(row, turn) for row, turn in pairs], batch_size=ROWS_AT_ONCE)
    links: list[tuple[int, int]] = []
    leaves: list[tuple[int, Any]] = []
    start = 0
    for row, parsed in zip(rows, conversations, strict=True):
        ids = [one.pk for one in messages[start : start + len(parsed.turns)]]
        start += len(ids)
        links += [(ids[turn.parent], pk) for turn, pk in zip(parsed.turns, ids, strict=True) if turn.parent is not None]
        leaves.append((ids[parsed.leaf if parsed.leaf is not None else -1], _pk(row)))
    link(links)
    _write("UPDATE conversations_conversation SET leaf_id = %s WHERE id = %s", leaves)
    return len(messages)


def link(pairs: Sequence[tuple[int, int]]) -> None:
    """Hang messages on others: pairs of what comes before and what follows it."""
    _write("UPDATE conversations_message SET parent_id = %s WHERE id = %s", pairs)


def dated(row: Conversation, parsed: Parsed) -> list[Turn]:
    """The turns of a conversation, where none is without a date: it was written when the one before it was."""
    for turn in parsed.turns:
        before = parsed.turns[turn.parent].created_at if turn.parent is not None else None
        turn.created_at = turn.created_at or before or row.created_at
    return parsed.turns


def message(row: Conversation, turn: Turn) -> Message:
    """Without HTML: an imported answer is rendered when it is shown."""
    return Message(
        conversation=row,
        role=turn.role,
        content=turn.content,
        reasoning=turn.reasoning,
        model=turn.model,
        source_id=turn.key,
        created_at=turn.created_at or row.created_at,
    )


def _pk(row: Conversation) -> Any:
    return Conversation._meta.pk.get_db_prep_value(row.pk, connection)


def _write(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
