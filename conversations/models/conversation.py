"""A conversation: who owns it, how its next answer is made, and which branch of its messages is the current one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User

TITLE_LENGTH = 120
_LISTED = models.Q(deleted_at__isnull=True, archived_at__isnull=True, expires_at__isnull=True)


def lasts(of: str = "") -> models.Q:
    """No temporary chat whose time has come. `of`: the lookup of the conversation, with __ behind it."""
    return models.Q((f"{of}expires_at__isnull", True)) | models.Q((f"{of}expires_at__gt", timezone.now()))


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def owned_by(self, user: User) -> ConversationQuerySet:
        """The one gate: what `user` may see and change. Every id from outside goes through here.

        A temporary chat whose time has come is gone for its owner too, before anything has removed it.
        """
        return self.filter(lasts(), owner_id=user.pk, deleted_at__isnull=True)

    def deleted_by(self, user: User) -> ConversationQuerySet:
        return self.filter(lasts(), owner_id=user.pk, deleted_at__isnull=False)

    def listed_for(self, user: User) -> ConversationQuerySet:
        """What the list of `user` shows: neither put away nor temporary."""
        return self.filter(_LISTED, owner_id=user.pk)

    def kept_by(self, user: User) -> ConversationQuerySet:
        """What `user` can put in order: listed or put away, but not temporary."""
        return self.filter(owner_id=user.pk, deleted_at__isnull=True, expires_at__isnull=True)

    def archived_by(self, user: User) -> ConversationQuerySet:
        return self.kept_by(user).filter(archived_at__isnull=False)

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
    system_prompt = models.TextField(blank=True)
    cache_answers = models.BooleanField(default=False, help_text="the same question again gets the same answer")
    folder = models.ForeignKey("Folder", models.SET_NULL, null=True, blank=True, related_name="conversations")
    leaf = models.ForeignKey("Message", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    pinned_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="set for a temporary chat: gone after it")
    locked_at = models.DateTimeField(null=True, blank=True, help_text="by a moderator: nothing is asked here any more")
    deleted_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=20, blank=True, help_text="of an imported one: the product it comes from")
    source_id = models.CharField(max_length=120, blank=True, help_text="its id there, so that it is imported once")
    imported_at = models.DateTimeField(null=True, blank=True, help_text="when an import last stored something of it")
    title_is_indexed = models.BooleanField(default=False, help_text="for search; see conversations.search")

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="conversation_review"),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                name="conversation_list",
                condition=_LISTED,
            ),
            models.Index(
                fields=["owner", "-pinned_at"],
                name="conversation_pinned",
                condition=_LISTED & models.Q(pinned_at__isnull=False),
            ),
            models.Index(
                fields=["owner", "folder", "-updated_at", "-id"],
                name="conversation_in_folder",
                condition=_LISTED & models.Q(folder__isnull=False),
            ),
            models.Index(
                fields=["owner", "-archived_at"],
                name="conversation_archived",
                condition=models.Q(deleted_at__isnull=True, archived_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="conversation_expiring", condition=models.Q(expires_at__isnull=False)
            ),
            models.Index(
                fields=["deleted_at"], name="conversation_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
            models.Index(
                fields=["owner"], name="conversation_title_to_index", condition=models.Q(title_is_indexed=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "source", "source_id"],
                name="conversation_imported_once",
                condition=~models.Q(source_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"conversation {self.pk}"  # not its title: the administration names what it deletes

    def make_temporary(self) -> None:
        """To be gone after a while, unless it is kept. Not saved."""
        self.expires_at = timezone.now() + timedelta(hours=settings.TEMPORARY_CHAT_HOURS)
