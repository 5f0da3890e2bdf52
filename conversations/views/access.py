"""Who may come in: the gate in front of every view, and the owner's gate in front of every id."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Preferences, User
from conversations.models import Conversation, Message

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of somebody who is logged in."""

    user: User
    htmx: HtmxDetails


MemberView = Callable[Concatenate[MemberRequest, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def members_only(view: MemberView[P]) -> View[P]:
    """Send everybody else to the login page and back; a fragment's request moves the whole page there."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        member = cast(MemberRequest, request)
        if request.user.is_authenticated:
            return view(member, *args, **kwargs)
        here = request.get_full_path() if request.method == "GET" else "/"
        if member.htmx:
            return HttpResponseClientRedirect(redirect_to_login(member.htmx.current_url_abs_path or here).url)
        return redirect_to_login(here)

    update_wrapper(guarded, view)
    return guarded


def own_conversation(user: User, conversation_id: UUID) -> Conversation:
    """Raises Http404 for anybody else's, a deleted one, and one that does not exist: they look the same."""
    try:
        return Conversation.objects.owned_by(user).get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None


def own_or_new(user: User, conversation_id: UUID) -> Conversation:
    """A conversation of `user`, or an unsaved one with their defaults when the id is still free. Raises Http404."""
    if Conversation.objects.filter(pk=conversation_id).exists():
        return own_conversation(user, conversation_id)
    return new_conversation(user, conversation_id)


def new_conversation(user: User, conversation_id: UUID | None = None) -> Conversation:
    preferences = Preferences.of(user)
    return Conversation(
        id=conversation_id or uuid.uuid4(),
        owner=user,
        model=preferences.default_model,
        temperature=preferences.temperature,
        max_tokens=preferences.max_tokens,
        streaming=preferences.streaming,
    )


def own_answer(user: User, conversation_id: UUID, message_id: int) -> tuple[Conversation, Message]:
    """A conversation of `user` and an answer in it. Raises Http404 when either is not there."""
    conversation = own_conversation(user, conversation_id)
    answer = Message.objects.filter(conversation=conversation, pk=message_id, role=Message.Role.ASSISTANT).first()
    if answer is None:
        raise Http404
    return conversation, answer
