"""An import under way: a file that somebody brought, what is in it, and how far it has come.

The file itself lies in MEDIA_ROOT/imports/<id> until the import has ended; see `conversations.transfer.jobs`.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatbot_site.storable import StorableDecoder, StorableEncoder

if TYPE_CHECKING:
    from accounts.models import User

NAME_LENGTH = 200
SILENCE = timedelta(seconds=60)  # after which whoever works on it counts as gone


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def owned_by(self, user: User) -> ImportJobQuerySet:
        """The gate: what `user` may see. Every id from outside goes through here."""
        return self.filter(owner_id=user.pk)

    def at_work(self) -> ImportJobQuerySet:
        """Those that a process is working on now, or will when the import before has ended."""
        return self.filter(status__in=ImportJob.WORKING, heartbeat_at__gt=timezone.now() - SILENCE)


class ImportJob(models.Model):
    class Status(models.TextChoices):
        CHECKING = "checking", _("Checking")
        REFUSED = "refused", _("Refused")
        READY = "ready", _("Ready")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Done")

    WORKING = (Status.CHECKING, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="import_jobs")
    file_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.CHECKING)
    done = models.PositiveIntegerField(default=0, help_text="conversations dealt with so far")
    report = models.JSONField(
        default=dict,
        encoder=StorableEncoder,
        decoder=StorableDecoder,
        help_text="what is in it; see conversations.transfer.reports",
    )
    worker = models.CharField(max_length=32, blank=True, help_text="whose turn it is; empty: it waits for one")
    heartbeat_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="import_job_list")]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"

    @property
    def is_working(self) -> bool:
        return self.status in self.WORKING

    @property
    def is_waiting(self) -> bool:
        """Nobody has begun with it yet: another import comes first."""
        return self.is_working and not self.worker

    @property
    def is_stuck(self) -> bool:
        """No process speaks for it any more, whether it was worked on or waited: its process has gone."""
        return self.is_working and self.heartbeat_at <= timezone.now() - SILENCE
