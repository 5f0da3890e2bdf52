"""A conversation: who owns it, how its next answer is made, and which branch of its messages is the current one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

TITLE_LENGTH = 120


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def owned_by(self, user: User) -> ConversationQuerySet:
        """The one gate: what `user` may see and change. Every id from outside goes through here."""
        return self.filter(owner_id=user.pk, deleted_at__isnull=True)

    def deleted_by(self, user: User) -> ConversationQuerySet:
        return self.filter(owner_id=user.pk, deleted_at__isnull=False)

    def newest_first(self) -> ConversationQuerySet:
        return self.order_by("-updated_at", "-id")


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    model = models.CharField(max_length=200, blank=True, help_text="provider/model; empty: the site's default")
    temperature = models.FloatField(default=0.7)
    max_tokens = models.PositiveIntegerField(default=2000)
    streaming = models.BooleanField(default=True)
    leaf = models.ForeignKey("Message", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                name="conversation_list",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["deleted_at"], name="conversation_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.pk)
