"""Conversations in the admin, for looking at: texts cannot be changed there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from conversations.models import Conversation, Message


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MessageInline(ReadOnly, admin.StackedInline[Message, Conversation]):
    model = Message
    fk_name = "conversation"
    fields = ("role", "content", "reasoning", "model", "created_at")
    readonly_fields = fields
    max_num = 0
    can_delete = False


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, admin.ModelAdmin[Conversation]):
    list_display = ("title", "owner", "model", "created_at", "updated_at", "deleted_at")
    list_filter = ("deleted_at",)
    search_fields = ("title", "owner__username")
    list_select_related = ("owner",)
    show_full_result_count = False
    fields = (
        "owner",
        "title",
        "model",
        "temperature",
        "max_tokens",
        "streaming",
        "created_at",
        "updated_at",
        "deleted_at",
    )
    inlines = (MessageInline,)
