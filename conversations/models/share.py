"""A read-only snapshot of a branch, for whoever has its link. Later messages are not in it."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils import timezone

TOKEN_BYTES = 24


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


class ShareQuerySet(models.QuerySet["Share"]):
    def open(self) -> ShareQuerySet:
        """Those whose link works now."""
        now = timezone.now()
        return self.filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now),
            revoked_at__isnull=True,
            conversation__deleted_at__isnull=True,
            conversation__expires_at__isnull=True,
            conversation__owner__is_active=True,
        )


class Share(models.Model):
    conversation = models.ForeignKey("Conversation", models.CASCADE, related_name="shares")
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    title = models.CharField(max_length=120, blank=True)
    leaf = models.ForeignKey("Message", models.CASCADE, related_name="+", help_text="the last message that is in it")
    leaf_length = models.PositiveIntegerField(help_text="characters of that message when it was shared: it may go on")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    def __str__(self) -> str:
        return f"share {self.pk}"
