"""The audit log: who did what, one entry after the other, each with the hash of the one before.

Entries are only ever added (`moderation.audit.record`). No text of a message, no key, no password and no name of a
person gets in: people are ids, so that nothing else of somebody who is deleted stays. The model refuses to change and
to remove entries, and so do triggers of the database.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from chatbot_site.storable import StorableDecoder, StorableEncoder
from moderation.audit_words import action_in_words, target_in_words


class AppendOnly(Exception):
    """Entries of the audit log are not changed and not removed."""

    def __init__(self) -> None:
        super().__init__("The audit log is append-only.")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def named(self) -> AuditQuerySet:
        """With the present names of the actors, for lists: no query for each."""
        name = get_user_model().objects.filter(pk=OuterRef("actor_id")).values("username")
        return self.annotate(actor_s_name=Subquery(name))

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly


class AuditEntry(models.Model):
    number = models.BigIntegerField(_("number"), unique=True, help_text="1, 2, 3, … without a gap")
    at = models.DateTimeField(_("time"), db_index=True)
    actor_id = models.BigIntegerField(_("actor's id"), null=True, help_text="null: the site itself")
    action = models.CharField(_("action"), max_length=40, help_text="such as case.dismissed or credential.changed")
    target_kind = models.CharField(_("target"), max_length=40, blank=True)
    target_id = models.CharField(_("target's id"), max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict, encoder=StorableEncoder, decoder=StorableDecoder)
    previous_hash = models.CharField(max_length=64, editable=False)
    hash = models.CharField(_("hash"), max_length=64, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    @property
    def actor_name(self) -> str:
        """What the actor is called now, "#7" where person 7 is gone; "" where it was the site itself."""
        if self.actor_id is None:
            return ""
        known = vars(self)
        if "actor_s_name" not in known:
            people = get_user_model().objects.filter(pk=self.actor_id)
            known["actor_s_name"] = people.values_list("username", flat=True).first()
        return known["actor_s_name"] or f"#{self.actor_id}"

    @property
    def action_label(self) -> str:
        return action_in_words(self.action)

    @property
    def target_label(self) -> str:
        return target_in_words(self.target_kind, self.target_id)
