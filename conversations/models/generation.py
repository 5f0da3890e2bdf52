"""A generation: one attempt of a model to write (or go on with) one answer, from queued to its end.

Its state changes are compare-and-set: `filter(status=...).update(...)`, and whoever counts one row has made the change.
`draft` and `draft_reasoning` hold what has been streamed so far, with `seq`, until the end moves them to the message.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class GenerationQuerySet(models.QuerySet["Generation"]):
    def open(self) -> GenerationQuerySet:
        return self.filter(status__in=Generation.OPEN)


class Generation(models.Model):
    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Writing")
        COMPLETE = "complete", _("Complete")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    OPEN = (Status.QUEUED, Status.RUNNING)

    conversation = models.ForeignKey("Conversation", models.CASCADE, related_name="generations")
    message = models.ForeignKey("Message", models.CASCADE, related_name="generations")
    status = models.CharField(max_length=11, choices=Status, default=Status.QUEUED)
    model = models.CharField(max_length=200)
    temperature = models.FloatField(null=True)
    max_tokens = models.PositiveIntegerField()
    streaming = models.BooleanField(default=True)

    worker = models.CharField(max_length=120, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    stop_requested = models.BooleanField(default=False)
    seq = models.PositiveIntegerField(default=0, help_text="characters streamed so far: draft and draft_reasoning")
    draft = models.TextField(blank=True)
    draft_reasoning = models.TextField(blank=True)
    kept_text = models.PositiveIntegerField(default=0, help_text="characters of the message that came from this draft")
    kept_reasoning = models.PositiveIntegerField(default=0)

    cached = models.BooleanField(default=False, help_text="from the response cache")
    fallback_for = models.CharField(max_length=200, blank=True, help_text="the model that was asked first, and failed")
    finish_reason = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=40, blank=True)  # of an end that is "other": the provider's word for it
    retry_after = models.FloatField(null=True, help_text="seconds, as the provider asked")
    earlier_left_out = models.BooleanField(default=False, help_text="the history did not fit the context window")
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(null=True)
    usage_estimated = models.BooleanField(default=False)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, help_text="US dollars")
    ttft_ms = models.PositiveIntegerField(null=True, help_text="from the claim to the first token")
    duration_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="generation_queued", condition=Q(status="queued")),
            models.Index(fields=["heartbeat_at"], name="generation_running", condition=Q(status="running")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message"], name="generation_one_open", condition=Q(status__in=["queued", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN
