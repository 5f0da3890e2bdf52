"""A case: one thing that somebody should look at, with all its flags. There is one open case for a thing at a time.

Its state changes are compare-and-set on `version`: of two moderators who act on one case, the second is told.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from moderation.models.flag import Reason


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> CaseQuerySet:
        return self.filter(resolved_at__isnull=True)

    def resolved(self) -> CaseQuerySet:
        return self.filter(resolved_at__isnull=False)


class Case(models.Model):
    class Resolution(models.TextChoices):
        DISMISSED = "dismissed", _("Dismissed")
        HIDDEN = "hidden", _("Message hidden")
        LOCKED = "locked", _("Conversation locked")
        WARNED = "warned", _("Person warned")
        SUSPENDED = "suspended", _("Person suspended")

    # What it is about. A blocked text was never stored as a message: it is kept here.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cases", verbose_name=_("person"))
    conversation = models.ForeignKey(
        "conversations.Conversation", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    message = models.ForeignKey("conversations.Message", models.SET_NULL, null=True, blank=True, related_name="+")
    share = models.ForeignKey("conversations.Share", models.SET_NULL, null=True, blank=True, related_name="+")
    blocked_text = models.TextField(_("blocked text"), blank=True)
    model = models.CharField(_("model"), max_length=200, blank=True)

    # What was said of it: the gravest of its flags.
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    score = models.FloatField(_("score"), default=0.5)
    flag_count = models.PositiveIntegerField(_("flags"), default=0)

    # What became of it.
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    escalated_at = models.DateTimeField(_("escalated"), null=True, blank=True)
    resolution = models.CharField(_("resolution"), max_length=9, choices=Resolution, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        permissions = [("moderate", _("Can review reported content and act on it"))]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="case_open", condition=Q(resolved_at__isnull=True)),
            models.Index(fields=["-score", "-id"], name="case_gravest", condition=Q(resolved_at__isnull=True)),
            models.Index(fields=["-resolved_at", "-id"], name="case_resolved", condition=Q(resolved_at__isnull=False)),
            models.Index(fields=["conversation"], name="case_of_conversation"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message"],
                name="case_one_open_for_message",
                condition=Q(resolved_at__isnull=True, message__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["share"],
                name="case_one_open_for_share",
                condition=Q(resolved_at__isnull=True, share__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None
