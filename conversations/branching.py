"""The tree of a conversation's messages: which branch is shown, and a branch as a conversation of its own.

Each is a constant number of queries, whatever the length of the branch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import attachments, limits
from conversations.generation import engine
from conversations.generation.frames import Key
from conversations.models import Attachment, Conversation, Message
from conversations.models.conversation import TITLE_LENGTH
from conversations.text import cut

if TYPE_CHECKING:
    from accounts.models import User

# From a message down, along the newest child each time.
_DOWN = """
WITH RECURSIVE down(id, depth) AS (
    SELECT id, 0 FROM conversations_message WHERE id = %s AND conversation_id = %s
    UNION ALL
    SELECT (SELECT MAX(child.id) FROM conversations_message child WHERE child.parent_id = down.id), down.depth + 1
    FROM down WHERE down.id IS NOT NULL
)
SELECT id, depth FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1
"""
# Copies stay within the database; the first column of the copy is its conversation.
_COPY = """
INSERT INTO conversations_message (conversation_id, parent_id, client_id, is_indexed, copied_from, {columns})
WITH RECURSIVE branch(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM conversations_message WHERE id = %s AND conversation_id = %s
    UNION ALL
    SELECT m.id, m.parent_id, branch.depth + 1
    FROM conversations_message m JOIN branch ON m.id = branch.parent_id
)
SELECT %s, NULL, NULL, %s, COALESCE(m.copied_from, m.id), {values}
FROM conversations_message m JOIN branch ON branch.id = m.id
ORDER BY branch.depth DESC {lock}
"""
# Each copy follows the one that was stored before it.
_CHAIN = """
UPDATE conversations_message SET parent_id = chain.previous
FROM (
    SELECT id, LAG(id) OVER (ORDER BY id) AS previous FROM conversations_message WHERE conversation_id = %s
) AS chain
WHERE conversations_message.id = chain.id AND chain.previous IS NOT NULL
"""
_SET_ANEW = {"id", "conversation", "parent", "client_id", "is_indexed", "copied_from"}
_COLUMNS = [field.column for field in Message._meta.concrete_fields if field.name not in _SET_ANEW]


def select_branch(conversation: Conversation, message: Message) -> int:
    """Show the branch through `message`, to its newest end. How many messages of it come after `message`."""
    with connection.cursor() as cursor:
        cursor.execute(_DOWN, [message.pk, _key(conversation.pk)])
        leaf_id, depth = cursor.fetchone()
    conversation.leaf_id = leaf_id
    Conversation.objects.filter(pk=conversation.pk).update(leaf=leaf_id)
    engine.announce(Key(conversation.owner_id, conversation.pk), leaf_id)
    return int(depth)


def branch_off(user: User, conversation: Conversation, message: Message) -> Conversation:
    """A new conversation of `user` with copies of the messages from the first one to `message`. Raises LimitReached."""
    copy = Conversation(
        owner=user,
        title=branch_title(conversation.title),
        updated_at=timezone.now(),
        **{name: getattr(conversation, name) for name in _KEPT},
    )
    with limits.count(user, *limits.CONVERSATIONS), transaction.atomic():
        copy.save(force_insert=True)
        _copy_branch(conversation, message, copy)
        copies = list(Message.objects.filter(conversation=copy).order_by("id").values_list("id", flat=True))
        if Attachment.objects.filter(message__conversation=conversation).exists():
            originals = Message.objects.branch(conversation.pk, message.pk, len(copies))
            pairs = zip(originals, copies, strict=True)
            attachments.copy({old.pk: new for old, new in pairs if old.has_attachments})
        copy.leaf_id = copies[-1]
        copy.save(update_fields=["leaf"])
    return copy


_KEPT = ("model", "temperature", "max_tokens", "streaming", "system_prompt", "cache_answers", "folder_id", "expires_at")


def _copy_branch(conversation: Conversation, message: Message, copy: Conversation) -> None:
    quoted = [connection.ops.quote_name(column) for column in _COLUMNS if column]
    values = ", ".join(f"m.{column}" for column in quoted)
    statement = _COPY.format(columns=", ".join(quoted), values=values, lock=_lock())
    key = _key(copy.pk)
    with connection.cursor() as cursor:
        cursor.execute(statement, [message.pk, _key(conversation.pk), key, False])
        cursor.execute(_CHAIN, [key])


def _lock() -> str:
    """Whoever hides one of the messages finds its copy, or is through before it is made; SQLite has one writer."""
    return "FOR SHARE OF m" if connection.features.has_select_for_update else ""


def _key(conversation_id: UUID) -> Any:
    return Message._meta.get_field("conversation").get_db_prep_value(conversation_id, connection)


def branch_title(title: str) -> str:
    """What a branch of a conversation of that title is called, in the active language."""
    made = _("%(title)s (branch)") % {"title": title} if title else ""
    excess = len(made) - TITLE_LENGTH
    return _("%(title)s (branch)") % {"title": cut(title, len(title) - excess - 1) + "…"} if excess > 0 else made
