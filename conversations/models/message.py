"""A message: one node of a conversation's tree. Edits and other answers to the same question are its siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from conversations.models.generation import Generation

# From a leaf towards the root, newest first, at most so many: the cost does not depend on the conversation's length.
_WITH_BRANCH = """
WITH RECURSIVE branch(id, parent_id, depth) AS (
    SELECT id, parent_id, 1 FROM conversations_message WHERE id = %s AND conversation_id = %s
    UNION ALL
    SELECT m.id, m.parent_id, branch.depth + 1
    FROM conversations_message m JOIN branch ON m.id = branch.parent_id
    WHERE branch.depth < %s
)
"""
_BRANCH = f"""{_WITH_BRANCH}
SELECT m.*, branch.depth,
    EXISTS (SELECT 1 FROM conversations_attachment a WHERE a.message_id = m.id) AS has_attachments
FROM conversations_message m JOIN branch ON branch.id = m.id ORDER BY branch.depth
"""  # noqa: S608 (of two constants)
_SIZES = f"""{_WITH_BRANCH}
SELECT m.id, CASE WHEN LENGTH(m.html) > LENGTH(m.content) THEN LENGTH(m.html) ELSE LENGTH(m.content) END
FROM conversations_message m JOIN branch ON branch.id = m.id ORDER BY branch.depth
"""  # noqa: S608 (the same)

SOURCE_ID_LENGTH = 120


class MessageQuerySet(models.QuerySet["Message"]):
    def branch(self, conversation_id: object, leaf_id: int | None, limit: int) -> list[Message]:
        """The last `limit` messages of the branch that ends at `leaf_id`, oldest first. One query."""
        if leaf_id is None:
            return []
        from django.db import connections

        field = self.model._meta.get_field("conversation")
        key = field.get_db_prep_value(conversation_id, connections[self.db])
        found = list(self.raw(_BRANCH, [leaf_id, key, limit]))
        found.reverse()
        return found

    def sizes(self, conversation_id: object, leaf_id: int, limit: int) -> list[tuple[int, int]]:
        """Their ids and the characters of the text or HTML, whichever has more, newest first. One query."""
        from django.db import connections

        key = self.model._meta.get_field("conversation").get_db_prep_value(conversation_id, connections[self.db])
        with connections[self.db].cursor() as cursor:
            cursor.execute(_SIZES, [leaf_id, key, limit])
            return list(cursor.fetchall())

    def copies_of(self, message: Message) -> MessageQuerySet:
        """`message` itself and whatever is the same in other conversations: what it was copied from, and all copies."""
        first = message.copied_from or message.pk
        return self.filter(Q(pk=first) | Q(copied_from=first))


class Message(models.Model):
    class Role(models.TextChoices):
        USER = "user", _("Question")
        ASSISTANT = "assistant", _("Answer")

    conversation = models.ForeignKey("Conversation", models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    role = models.CharField(max_length=9, choices=Role)
    content = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    html = models.TextField(blank=True, editable=False, help_text="the rendered content of a finished message")
    model = models.CharField(max_length=200, blank=True)
    is_indexed = models.BooleanField(default=False, help_text="for search; see conversations.search")
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="by a moderator: no model and no page shows it")
    source_id = models.CharField(
        max_length=SOURCE_ID_LENGTH, blank=True, help_text="of an imported one: its id there, so that it is known again"
    )
    copied_from = models.BigIntegerField(
        null=True, blank=True, help_text="of a copy in a branch: the first message's id, which may be gone"
    )
    client_id = models.UUIDField(null=True, blank=True, help_text="made by the page: the same id twice is one message")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MessageQuerySet.as_manager()

    generations: models.Manager[Generation]
    has_attachments: bool | None = None  # as `branch` knows it; None: it was read otherwise

    class Meta:
        indexes = [
            models.Index(fields=["conversation"], name="message_to_index", condition=Q(is_indexed=False)),
            models.Index(fields=["conversation"], name="message_hidden", condition=Q(hidden_at__isnull=False)),
            models.Index(fields=["copied_from"], name="message_copies", condition=Q(copied_from__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="message_once"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="message_not_its_own_parent"),
            models.CheckConstraint(condition=Q(role__in=["user", "assistant"]), name="message_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"
