"""What search looks through: one entry for each finished message and each title, as the tokens of its text.

`conversations.search` makes the tokens and keeps the entries; migration 0002 puts a full-text index over them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class SearchEntry(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey("Conversation", models.CASCADE, related_name="+")
    message = models.ForeignKey("Message", models.CASCADE, null=True, related_name="+", help_text="null: the title")
    tokens = models.TextField()

    class Meta:
        indexes = [
            models.Index("owner", models.F("id").desc(), name="search_newest"),
            models.Index(
                "owner", models.F("id").desc(), name="search_newest_titles", condition=Q(message__isnull=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["message"], name="search_message_once"),
            models.UniqueConstraint(
                fields=["conversation"], name="search_title_once", condition=Q(message__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"search entry {self.pk}"
