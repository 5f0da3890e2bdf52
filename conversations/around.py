"""The page of messages around one of them, which may be far from the end of the conversation or on another branch."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from conversations.models import Conversation, Message

BELOW = 8  # messages under the one that is looked for

# From the leaf towards the root until the message comes: that one first, then those under it.
_UP = """
WITH RECURSIVE up(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM conversations_message WHERE id = %s AND conversation_id = %s
    UNION ALL
    SELECT m.id, m.parent_id, up.depth + 1
    FROM conversations_message m JOIN up ON m.id = up.parent_id WHERE up.id <> %s
)
SELECT id FROM up ORDER BY depth DESC LIMIT %s
"""
# On another branch: from the message down, along the newest child each time.
_DOWN = """
WITH RECURSIVE down(id, depth) AS (
    SELECT id, 0 FROM conversations_message WHERE id = %s AND conversation_id = %s
    UNION ALL
    SELECT (SELECT MAX(child.id) FROM conversations_message child WHERE child.parent_id = down.id), down.depth + 1
    FROM down WHERE down.id IS NOT NULL AND down.depth < %s
)
SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth
"""


def end_below(conversation: Conversation, message_id: int) -> tuple[int, bool]:
    """The message that ends a page with `message_id` on it, and whether its branch goes on. At most two queries."""
    limit = BELOW + 2
    found = from_message(conversation, message_id, limit)
    return found[: BELOW + 1][-1], len(found) == limit


def from_message(conversation: Conversation, message_id: int, limit: int) -> list[int]:
    """A message and those under it, at most `limit` together: along the branch that is shown, else along the newest.

    Empty where the conversation has no such message. At most two queries.
    """
    found = _ids(_UP, conversation.leaf_id, conversation.pk, message_id, limit)
    return found if found[:1] == [message_id] else _ids(_DOWN, message_id, conversation.pk, limit - 1)


def _ids(sql: str, start: int | None, conversation_id: UUID, *limits: int) -> list[int]:
    key = Message._meta.get_field("conversation").get_db_prep_value(conversation_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, [start, key, *limits])
        return [pk for (pk,) in cursor.fetchall()]
