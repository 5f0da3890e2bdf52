"""A question sent while an answer was still being written: it waits its turn, and can be taken back until then."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class WaitingMessage(models.Model):
    conversation = models.ForeignKey("Conversation", models.CASCADE, related_name="waiting")
    content = models.TextField()
    client_id = models.UUIDField(help_text="becomes the question's, so that the same id stays one message")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "client_id"], name="waiting_once")]

    def __str__(self) -> str:
        return f"waiting {self.pk}"
