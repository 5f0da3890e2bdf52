"""Why somebody should look: a report by a person, the match of a rule, or the word of a provider's moderation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NOTE_LENGTH = 1000


class Reason(models.TextChoices):
    HARASSMENT = "harassment", _("Harassment or hate")
    SEXUAL = "sexual", _("Sexual content")
    VIOLENCE = "violence", _("Violence or threats")
    SELF_HARM = "self_harm", _("Self-harm")
    PRIVACY = "privacy", _("Private data of others")
    ILLEGAL = "illegal", _("Illegal or dangerous")
    SPAM = "spam", _("Spam or misuse")
    WRONG = "wrong", _("Wrong or misleading")
    OTHER = "other", _("Something else")


class Flag(models.Model):
    class Source(models.TextChoices):
        REPORT = "report", _("A person's report")
        RULE = "rule", _("A rule")
        PROVIDER = "provider", _("The provider's moderation")

    case = models.ForeignKey("Case", models.CASCADE, related_name="flags")
    source = models.CharField(_("source"), max_length=8, choices=Source)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    score = models.FloatField(_("score"), default=0.5, help_text="0 to 1: how sure and how grave")
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("reporter")
    )
    rule = models.ForeignKey("Rule", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("rule"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "reporter"], name="flag_report_once", condition=Q(reporter__isnull=False)
            ),
            models.UniqueConstraint(fields=["case", "rule"], name="flag_rule_once", condition=Q(rule__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"
