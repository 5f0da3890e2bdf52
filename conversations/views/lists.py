"""What a command that puts conversations in order answers: the list as it is now, and a word about what was done."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from conversations.models import Conversation
from conversations.sidebar import listing
from conversations.views.access import MemberRequest


def whole_list(
    request: MemberRequest, *, focus: str = "", conversation: Conversation | None = None, notice: str = ""
) -> HttpResponse:
    """The list, out of band. `focus`: the id of the place that gets the focus when the asking one has gone.

    `conversation` has changed: where it is open its header follows. `notice` is shown for a moment.
    """
    is_open = conversation is not None and conversation.pk == open_in(request)
    context = listing(request.user).context() | {"oob": True, "focus": focus, "notice": notice}
    context |= {"current_id": open_in(request), "changed": conversation if is_open else None}
    return render(request, "conversations/arranged.html", context)


def refused(request: MemberRequest, sentence: str) -> HttpResponse:
    """Say why nothing was done: for a moment, or without JavaScript on a page of its own."""
    template = "conversations/notice.html" if request.htmx else "conversations/refused.html"
    return render(request, template, {"notice": sentence}, status=422)


def open_in(request: MemberRequest) -> UUID | None:
    """The conversation that the page which asks has open."""
    try:
        match = resolve(request.htmx.current_url_abs_path or "")
    except Resolver404:
        return None
    return match.kwargs.get("conversation_id") if match.url_name == "conversation" else None
