"""The chat's pages: a new conversation, and one that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.forms import SettingsForm
from conversations.models import Conversation, Message
from conversations.presentation import present
from conversations.sidebar import listing
from conversations.views.access import MemberRequest, members_only, new_conversation, own_conversation
from providers import default_model

PAGE = 24  # messages: the last turns; older ones come on scrolling up


@dataclass(frozen=True, slots=True)
class Suggestion:
    title: Promise | str
    prompt: Promise | str


SUGGESTIONS = (
    Suggestion(_("Explain something"), _("Explain how a rainbow forms, so that a ten-year-old understands it.")),
    Suggestion(_("Write a message"), _("Write a short, friendly e-mail that moves a meeting to next week.")),
    Suggestion(_("Work on code"), _("Write a Python function that checks a Korean mobile phone number, with tests.")),
    Suggestion(_("Plan something"), _("Plan a relaxed day in Seoul for two people on a rainy Saturday.")),
)


@require_safe
@never_cache
@members_only
def home(request: MemberRequest) -> HttpResponse:
    conversation = new_conversation(request.user)
    return show(request, conversation, {"is_new": True, "messages": [], "suggestions": SUGGESTIONS})


@require_safe
@never_cache
@members_only
def conversation(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    found = own_conversation(request.user, conversation_id)
    return show(request, found, message_page(found, found.leaf_id))


def show(
    request: MemberRequest, conversation: Conversation, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The whole page, or for htmx only its pane (unless htmx restores a page of its history)."""
    form = context.get("settings_form") or SettingsForm(instance=conversation)
    context = {
        "conversation": conversation,
        "current_id": conversation.pk,
        "settings_form": form,
        "model_label": form.info.label if form.info else "",
        "models_available": bool(conversation.model or default_model()),
        "client_id": request.POST.get("client_id") or uuid4(),  # for pages without JavaScript
        "max_length": settings.MAX_MESSAGE_CHARACTERS,
        "is_new": False,
    } | context
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "conversations/pane.html", context, status=status)
    sidebar = listing(request.user)
    context |= {"groups": sidebar.groups, "next_url": sidebar.next_url}
    return render(request, "conversations/page.html", context, status=status)


def message_page(conversation: Conversation, last_id: int | None) -> dict[str, Any]:
    """The messages of the branch that ends at `last_id`, newest PAGE of them, and where the earlier ones are."""
    branch = Message.objects.branch(conversation.pk, last_id, PAGE + 1)
    has_earlier = len(branch) > PAGE
    messages = branch[1:] if has_earlier else branch
    earlier_url = f"{reverse('message-list', args=[conversation.pk])}?before={messages[0].pk}" if has_earlier else ""
    return {"messages": present(messages), "has_earlier": has_earlier, "earlier_url": earlier_url}


def parent_of(conversation: Conversation, message_id: str) -> int | None:
    """The parent of a message of `conversation`. Raises Http404 when there is no such message."""
    if not message_id.isascii() or not message_id.isdigit() or len(message_id) > 18:
        raise Http404
    found = Message.objects.filter(conversation=conversation, pk=int(message_id)).values_list("parent_id", flat=True)
    try:
        return found.get()
    except Message.DoesNotExist:
        raise Http404 from None
