"""The audit log, for reading, checking and taking away. Nothing here can change it."""

from __future__ import annotations

import io
import re
import tempfile
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from conversations.text import storable
from moderation import audit
from moderation.admin.access import behind_login
from moderation.admin.notices import ReadOnly
from moderation.admin.paging import KeysetAdmin
from moderation.audit_words import action_in_words
from moderation.models import AuditEntry

RECENT = 1000  # entries that the filters' choices are taken from: the whole log is never gone through for them
GONE = re.compile(r"#(\d{1,18})", re.ASCII)
IN_MEMORY = 2**20  # bytes of an export; what is longer goes through a file


class _RecentFilter(admin.SimpleListFilter):
    """Values that the newest entries have, and whichever is chosen."""

    field: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = AuditEntry.objects.order_by("-number").values_list(self.field, flat=True)[:RECENT]
        values = {value for value in newest if value} | set(filter(None, [request.GET.get(self.field)]))
        return sorted(((value, self.label(value)) for value in values), key=lambda choice: choice[1])

    def label(self, value: str) -> str:
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class ActionFilter(_RecentFilter):
    title, parameter_name, field = _("action"), "action", "action"

    def label(self, value: str) -> str:
        return action_in_words(value)


class ActorFilter(admin.SimpleListFilter):
    """By the name that somebody has now, or the id of whoever is gone."""

    title, parameter_name = _("actor"), "actor_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = AuditEntry.objects.order_by("-number").values_list("actor_id", flat=True)[:RECENT]
        ids = {actor_id for actor_id in newest if actor_id is not None}
        present = User.objects.in_bulk(ids)
        names = {present[pk].username if pk in present else f"#{pk}" for pk in ids} | set(filter(None, [self.value()]))
        return [(name, name) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        name = self.value()
        if not name:
            return queryset
        if gone := GONE.fullmatch(name):
            return queryset.filter(actor_id=int(gone[1]))
        return queryset.filter(actor_id__in=User.objects.filter(username=storable(name)).values("pk"))


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, KeysetAdmin[AuditEntry]):
    keyset_field = "number"
    change_list_template = "admin/moderation/auditentry/list.html"
    list_display = ("number", "at", "actor", "action_label", "target_label", "details")
    list_filter = (ActionFilter, ActorFilter)
    fields = ("number", "at", "actor", *audit.FIELDS[2:], "hash")
    readonly_fields = ("actor", "previous_hash", "hash")
    ordering = ("-number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.named()

    @admin.display(description=_("actor"))
    def actor(self, entry: AuditEntry) -> str:
        return entry.actor_name

    @admin.display(description=_("action"))
    def action_label(self, entry: AuditEntry) -> str:
        return entry.action_label

    @admin.display(description=_("target"))
    def target_label(self, entry: AuditEntry) -> str:
        return entry.target_label

    def get_urls(self) -> list[URLPattern]:
        return [
            path("export/", behind_login(require_GET(self.export)), name="moderation_auditentry_export"),
            path("verify/", behind_login(require_POST(self.verify)), name="moderation_auditentry_verify"),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The whole log as JSON, one entry a line."""
        self._readers_only(request)
        file = tempfile.SpooledTemporaryFile(IN_MEMORY, mode="w+b")  # noqa: SIM115 (the response closes it)
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
        audit.export(text)
        text.detach()  # flushes, and leaves the file open
        file.seek(0)
        name = f"audit-{timezone.localdate().isoformat()}.jsonl"
        return FileResponse(file, as_attachment=True, filename=name, content_type="application/x-ndjson")

    def verify(self, request: HttpRequest) -> HttpResponse:
        self._readers_only(request)
        verdict = audit.verify()
        if verdict.ok:
            text = ngettext(
                "The log is whole: %(count)d entry.", "The log is whole: %(count)d entries.", verdict.entries
            )
            messages.success(request, text % {"count": verdict.entries})
        else:
            text = gettext("The log was tampered with: entry %(number)d is not as it was written, or is missing.")
            messages.error(request, text % {"number": verdict.first_bad_number})
        return redirect("admin:moderation_auditentry_changelist")

    def _readers_only(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
