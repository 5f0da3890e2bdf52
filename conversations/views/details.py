"""One answer from closer by: its source, and what it took."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.models import Generation
from conversations.usage import conversation_usage, details_of, tokens
from conversations.views.access import MemberRequest, members_only, not_hidden, own_answer


@require_safe
@never_cache
@members_only
def message_source(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """The markdown as the model wrote it, of an answer that is still written as far as it is kept."""
    _conversation, answer = own_answer(request.user, conversation_id, message_id)
    draft = Generation.objects.open().filter(message=not_hidden(answer)).values_list("draft", flat=True).first()
    return HttpResponse(answer.content + (draft or ""), content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
@members_only
def message_details(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """Model, tokens, cost and times of an answer, and the sums of its conversation."""
    conversation, answer = own_answer(request.user, conversation_id, message_id)
    details, total = details_of(not_hidden(answer)), conversation_usage(conversation)
    context = {
        "conversation": conversation,
        "answer": answer,
        "details": details,
        "total": total,
        "tokens": {
            name: tokens(getattr(details.usage, f"{name}_tokens"))
            for name in ("input", "output", "reasoning", "cached")
        },
        "total_tokens": tokens(_together(total.input_tokens, total.output_tokens)),
    }
    template = "conversations/details.html" if request.htmx else "conversations/details_page.html"
    return render(request, template, context)


def _together(*numbers: int | None) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
