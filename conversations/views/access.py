"""Who may come in: the gate in front of every view, and the owner's gate in front of every id."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Preferences, User
from chatbot_site.csrf import page_of, refused, text_of
from conversations.models import Conversation, Folder, Message
from providers import may_use

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of somebody who is logged in."""

    user: User
    htmx: HtmxDetails


MemberView = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def members_only(view: MemberView[P]) -> View[P]:
    """Send everybody else to the login page and back; a fragment's request moves the whole page there.

    A page says for whom it was made (`X-Person`): what was written in it is never taken as somebody else's, who has
    signed in since with the same browser.
    """

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        member = cast(MemberRequest, request)
        if request.user.is_authenticated:
            if request.headers.get("X-Person", str(request.user.pk)) != str(request.user.pk):
                return HttpResponse(status=409, headers={"HX-Redirect": "/"})
            return view(member, *args, **kwargs)
        here = request.get_full_path() if request.method == "GET" else page_of(request)
        if member.htmx:
            return HttpResponseClientRedirect(redirect_to_login(member.htmx.current_url_abs_path or here).url)
        return refused(request) if text_of(request) else redirect_to_login(here)

    update_wrapper(guarded, view)
    return guarded


def own_conversation(user: User, conversation_id: UUID) -> Conversation:
    """Raises Http404 for anybody else's, a deleted one, and one that does not exist: they look the same."""
    try:
        conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None
    conversation.owner = user  # whose models the menu lists
    return conversation


def own_or_new(user: User, conversation_id: UUID) -> Conversation:
    """A conversation of `user`, or an unsaved one with their defaults when the id is still free. Raises Http404."""
    if Conversation.objects.filter(pk=conversation_id).exists():
        return own_conversation(user, conversation_id)
    return new_conversation(user, conversation_id)


def new_conversation(user: User, conversation_id: UUID | None = None) -> Conversation:
    preferences = Preferences.of(user)
    preferred = preferences.default_model
    return Conversation(
        id=conversation_id or uuid.uuid4(),
        owner=user,
        model=preferred if preferred and may_use(user, preferred) else "",
        temperature=preferences.temperature,
        max_tokens=preferences.max_tokens,
        streaming=preferences.streaming,
    )


def own_kept(user: User, conversation_id: UUID) -> Conversation:
    """A conversation of `user` that can be put in order, which a temporary chat cannot. Raises Http404."""
    try:
        return Conversation.objects.kept_by(user).get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None


def own_folder(user: User, folder_id: int) -> Folder:
    """Raises Http404 for anybody else's and one that does not exist."""
    try:
        return Folder.objects.get(pk=folder_id, owner_id=user.pk)
    except (Folder.DoesNotExist, OverflowError):
        raise Http404 from None


def own_message(
    user: User, conversation_id: UUID, message_id: int, role: str | None = None
) -> tuple[Conversation, Message]:
    """A conversation of `user` and a message in it, of that role if one is given. Raises Http404."""
    conversation = own_conversation(user, conversation_id)
    try:
        message = Message.objects.get(conversation=conversation, pk=message_id)
    except (Message.DoesNotExist, OverflowError):
        raise Http404 from None
    if role is not None and message.role != role:
        raise Http404
    return conversation, message


def own_answer(user: User, conversation_id: UUID, message_id: int) -> tuple[Conversation, Message]:
    """A conversation of `user` and an answer in it. Raises Http404 when either is not there."""
    return own_message(user, conversation_id, message_id, Message.Role.ASSISTANT)


def not_hidden(message: Message) -> Message:
    """`message`, which no moderator has hidden. Raises Http404: nothing of its text goes out or is worked with."""
    if message.hidden_at is not None:
        raise Http404
    return message


def own_question(user: User, conversation_id: UUID, message_id: int) -> tuple[Conversation, Message]:
    """A conversation of `user` and a question in it. Raises Http404 when either is not there."""
    return own_message(user, conversation_id, message_id, Message.Role.USER)
