"""A rule: words or a pattern that questions and answers are looked through for."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from moderation import matching
from moderation.models.flag import Reason


class Rule(models.Model):
    Kind = matching.Kind

    class Scope(models.TextChoices):
        BOTH = "both", _("Questions and answers")
        QUESTIONS = "questions", _("Questions")
        ANSWERS = "answers", _("Answers")

    class Effect(models.TextChoices):
        FLAG = "flag", _("Flag it for review")
        BLOCK = "block", _("Block it, and keep it for review")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind, default=Kind.WORDS)
    text = models.TextField(_("words or pattern"), max_length=20_000)
    scope = models.CharField(_("looks at"), max_length=9, choices=Scope, default=Scope.BOTH)
    effect = models.CharField(_("effect"), max_length=5, choices=Effect, default=Effect.FLAG)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason, default=Reason.OTHER)
    score = models.FloatField(_("score"), default=0.5, help_text=_("From 0 to 1: how grave a match is."))
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if not 0 <= self.score <= 1:
            raise ValidationError({"score": gettext("Give a number from 0 to 1.")})
        try:
            matching.check(self.kind, self.text)
        except ValidationError as problem:
            raise ValidationError({"text": problem.messages}) from None
