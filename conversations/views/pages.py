"""The chat's pages: a new conversation, and one that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.around import end_below
from conversations.forms import SettingsForm
from conversations.models import Conversation, Message
from conversations.presentation import present
from conversations.sidebar import listing
from conversations.views.access import MemberRequest, members_only, new_conversation, own_conversation
from conversations.waiting import waiting_in
from providers import default_model

PAGE = 16  # messages: the last turns; older ones come on scrolling up
_HANDHELD = ("Mobi", "Android", "iPad")


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
    if "temporary" in request.GET:
        conversation.make_temporary()
    return show(request, conversation, {"is_new": True, "messages": [], "suggestions": SUGGESTIONS})


@require_safe
@never_cache
@members_only
def conversation(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """`at`: a message that the page shall show, which may be far from the end or on another branch."""
    found = own_conversation(request.user, conversation_id)
    at = request.GET.get("at", "")
    return show(request, found, page_around(found, at) if at else message_page(found, found.leaf_id))


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
        "models_available": bool(conversation.model or default_model(request.user)),
        "client_id": request.POST.get("client_id") or uuid4(),  # for pages without JavaScript
        "max_length": settings.MAX_MESSAGE_CHARACTERS,
        "attachment_max_bytes": settings.ATTACHMENT_MAX_BYTES,
        "temporary_hours": settings.TEMPORARY_CHAT_HOURS,
        "is_new": False,
        "waiting": [] if conversation._state.adding else waiting_in(conversation),
    } | context
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "conversations/pane.html", context, status=status)
    context |= listing(request.user).context()
    context |= {"toasts": get_messages(request), "begins_here": not _is_handheld(request)}
    return render(request, "conversations/page.html", context, status=status)


def _is_handheld(request: MemberRequest) -> bool:
    """Whether a focus may bring up a keyboard that covers half of the page."""
    return any(name in request.headers.get("User-Agent", "") for name in _HANDHELD)


def message_page(conversation: Conversation, last_id: int | None, size: int = PAGE) -> dict[str, Any]:
    """The messages of the branch that ends at `last_id`, newest `size` of them, and where the earlier ones are.

    `shown_leaf` is what the next question follows: the end of the conversation, if the page goes that far.
    """
    branch = Message.objects.branch(conversation.pk, last_id, size + 1)
    has_earlier = len(branch) > size
    messages = branch[1:] if has_earlier else branch
    earlier_url = f"{reverse('message-list', args=[conversation.pk])}?before={messages[0].pk}" if has_earlier else ""
    shown_leaf = last_id if last_id == conversation.leaf_id else None
    return {
        "messages": present(messages),
        "has_earlier": has_earlier,
        "earlier_url": earlier_url,
        "shown_leaf": shown_leaf,
    }


def page_around(conversation: Conversation, message_id: str) -> dict[str, Any]:
    """The last messages if `message_id` is among them; else a page that ends a little below it. Raises Http404."""
    parent_of(conversation, message_id)
    page = message_page(conversation, conversation.leaf_id)
    if any(message.id == int(message_id) for message in page["messages"]):
        return page
    last_id, goes_on = end_below(conversation, int(message_id))
    page = message_page(conversation, last_id)
    earlier_url = at_url(conversation, page["messages"][0].id) if page["has_earlier"] else ""
    later_url = at_url(conversation, last_id) if goes_on else ""
    return page | {"is_past": True, "earlier_url": earlier_url, "later_url": later_url}


def at_url(conversation: Conversation, message_id: int) -> str:
    """The conversation, opened at a message."""
    return f"{reverse('conversation', args=[conversation.pk])}?at={message_id}#message-{message_id}"


def parent_of(conversation: Conversation, message_id: str) -> int | None:
    """The parent of a message of `conversation`. Raises Http404 when there is no such message."""
    if not message_id.isascii() or not message_id.isdigit() or len(message_id) > 18:
        raise Http404
    found = Message.objects.filter(conversation=conversation, pk=int(message_id)).values_list("parent_id", flat=True)
    try:
        return found.get()
    except Message.DoesNotExist:
        raise Http404 from None
