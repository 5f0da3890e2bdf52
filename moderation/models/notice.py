"""A notice to a person: a warning, or what was done to something of theirs. Shown until they have read it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TEXT_LENGTH = 1000


class Notice(models.Model):
    class Kind(models.TextChoices):
        WARNING = "warning", _("Warning")
        HIDDEN = "hidden", _("Message hidden")
        LOCKED = "locked", _("Conversation locked")
        OPENED = "opened", _("Conversation opened by a moderator")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    text = models.CharField(_("text"), max_length=TEXT_LENGTH, blank=True, help_text="what the moderator wrote")
    conversation = models.ForeignKey(
        "conversations.Conversation", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [models.Index(fields=["person"], name="notice_unread", condition=Q(read_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
