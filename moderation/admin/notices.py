"""Notices, for looking at: they come from the actions on cases and are never rewritten."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from moderation.admin.paging import KeysetAdmin
from moderation.models import Notice


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notice)
class NoticeAdmin(ReadOnly, KeysetAdmin[Notice]):
    list_display = ("person", "kind", "text", "created_at", "read_at")
    list_filter = ("kind",)
    list_select_related = ("person",)
    search_fields = ("person__username",)
    fields = ("person", "kind", "text", "created_at", "read_at")
    ordering = ("-pk",)
