"""A file that goes with a question: an image for models that see, or a text whose content goes into the prompt.

Uploaded before the message is sent; until then it belongs to its owner alone. Checked and cleaned as it comes in.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.models.conversation import lasts

if TYPE_CHECKING:
    from accounts.models import User

NAME_LENGTH = 200


def _path(attachment: Attachment, _name: str) -> str:
    """Where its bytes are kept: nothing of what the person named it."""
    return f"attachments/{attachment.pk.hex[:2]}/{attachment.pk.hex}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def owned_by(self, user: User) -> AttachmentQuerySet:
        """The one gate: what `user` may see and send, nothing of a conversation that is deleted or has had its time.
        Every id from outside goes through here."""
        return self.filter(
            lasts("message__conversation__"),
            lasts("waiting__conversation__"),
            owner_id=user.pk,
            message__conversation__deleted_at__isnull=True,
            waiting__conversation__deleted_at__isnull=True,
        )

    def unsent(self) -> AttachmentQuerySet:
        return self.filter(message__isnull=True, waiting__isnull=True)


class Attachment(models.Model):
    class Kind(models.TextChoices):
        IMAGE = "image", _("Image")
        TEXT = "text", _("Text")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="attachments")
    message = models.ForeignKey("Message", models.CASCADE, null=True, blank=True, related_name="attachments")
    waiting = models.ForeignKey("WaitingMessage", models.CASCADE, null=True, blank=True, related_name="attachments")
    kind = models.CharField(max_length=5, choices=Kind)
    name = models.CharField(max_length=NAME_LENGTH)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="bytes as stored")
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    file = models.FileField(upload_to=_path, max_length=120)
    text = models.TextField(blank=True, help_text="of a text file: its content")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="attachment_unsent", condition=models.Q(message__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_image(self) -> bool:
        return self.kind == self.Kind.IMAGE

    @property
    def is_unsent(self) -> bool:
        return self.message_id is None and self.waiting_id is None
