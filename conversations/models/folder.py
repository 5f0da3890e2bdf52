"""A folder of a person's conversations. A conversation is in one folder or in none."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

NAME_LENGTH = 60


class Folder(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="folders")
    name = models.CharField(max_length=NAME_LENGTH)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="folder_name_once")]

    def __str__(self) -> str:
        return self.name
