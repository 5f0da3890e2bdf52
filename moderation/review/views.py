"""What people see of the review: who opened conversations of theirs, and why."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.views.access import MemberRequest, members_only
from moderation.keyset import keyset_page
from moderation.review.openings import OFF, openings_shown_to, shown_name, shown_reason

PAGE = 30


@require_safe
@never_cache
@members_only
def openings(request: MemberRequest) -> HttpResponse:
    """The openings of a person's conversations, newest first. 404 where the site does not tell."""
    if settings.OPENINGS_SHOWN_TO_OWNER == OFF:
        raise Http404
    page = keyset_page(openings_shown_to(request.user), "pk", request.GET.get("page", ""), PAGE)
    shown = [
        {
            "at": opening.created_at,
            "conversation": opening.conversation,
            "can_be_opened": opening.conversation.deleted_at is None,
            "reason": shown_reason(opening),
            "name": shown_name(opening),
        }
        for opening in page.rows
    ]
    return render(request, "moderation/openings.html", {"openings": shown, "page": page})
