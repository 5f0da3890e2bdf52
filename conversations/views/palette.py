"""The palette and the overview of shortcuts: dialogs for the chat page, and pages where no script runs."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.models import Conversation
from conversations.palette import sections
from conversations.shortcuts import GROUPS, names_of
from conversations.views.access import MemberRequest, members_only, own_or_new

TEXT_LENGTH = 120


@require_safe
@never_cache
@members_only
def palette(request: MemberRequest) -> HttpResponse:
    """`q`: what was typed. `c`: the id of the open conversation, for its models and commands; 404 for another's."""
    text = " ".join(request.GET.get("q", "").replace("\0", "").split())[:TEXT_LENGTH]
    found = sections(request.user, text, _open_conversation(request))
    template = "conversations/palette.html" if request.htmx else "conversations/palette_page.html"
    return render(request, template, {"sections": found, "text": text})


def _open_conversation(request: MemberRequest) -> Conversation | None:
    given = request.GET.get("c", "")
    if not given:
        return None
    try:
        return own_or_new(request.user, UUID(given))
    except ValueError:
        raise Http404 from None


@require_safe
@never_cache
@members_only
def shortcuts(request: MemberRequest) -> HttpResponse:
    """The overview."""
    groups = [
        (group.label, [(one.label, [names_of(keys, request) for keys in one.keys]) for one in group.shortcuts])
        for group in GROUPS
    ]
    template = "conversations/shortcuts.html" if request.htmx else "conversations/shortcuts_page.html"
    return render(request, template, {"groups": groups})
