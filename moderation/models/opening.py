"""That a moderator opened somebody's conversation, and the reason they gave. The owner may be shown it (a setting)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

REASON_LENGTH = 500


class Opening(models.Model):
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("moderator")
    )
    conversation = models.ForeignKey(
        "conversations.Conversation", models.CASCADE, related_name="openings", verbose_name=_("conversation")
    )
    case = models.ForeignKey("Case", models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        indexes = [models.Index(fields=["moderator", "conversation", "-created_at"], name="opening_latest")]

    def __str__(self) -> str:
        return f"opening {self.pk}"
