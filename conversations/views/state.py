"""How an open conversation stands, for pages whose websocket says nothing: one light request instead of the page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.generation import outlook
from conversations.generation.frames import Key
from conversations.generation.outlook import Newest
from conversations.rendering import render
from conversations.views.access import MemberRequest, members_only, own_or_new


@require_safe
@never_cache
@members_only
def conversation_state(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """What a fresh websocket would be told first, as JSON. 204 if `seen`, the `mark` of an earlier look, still holds.

    An answer in progress comes as `q` (characters streamed so far), `b` (the HTML of all its text) and `r` (its
    thoughts). Of a conversation that is not stored yet there is nothing to tell: its `leaf` is null.
    """
    own_or_new(request.user, conversation_id)
    state = outlook.newest(Key(request.user.pk, conversation_id))
    mark = _mark(state)
    if request.GET.get("seen") == mark:
        return HttpResponse(status=204)
    told: dict[str, Any] = state.hello | {"hidden": state.hidden, "mark": mark}
    if state.open:
        told |= {"q": state.open.seq, "b": render(state.open.text), "r": state.open.reasoning}
    return JsonResponse(told)


def _mark(state: Newest) -> str:
    """Another one as soon as anything is different."""
    seq = state.open.seq if state.open else 0
    parts = (state.message_id, state.status, seq, state.waiting, int(state.is_locked), *state.hidden)
    return "-".join(map(str, parts))


@require_safe
@never_cache
@members_only
def session(request: MemberRequest) -> HttpResponse:
    """Who is signed in, and a token for their next command: asked by pages whose token is refused."""
    return JsonResponse({"person": str(request.user.pk), "token": get_token(request)})
