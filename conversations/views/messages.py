"""Commands on messages: send, stop, write again, go on; and the earlier messages of a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import push_url, reswap, retarget

from accounts.models import User
from conversations.forms import MessageForm, SettingsForm
from conversations.models import Conversation, Message
from conversations.presentation import present
from conversations.submission import (
    AnswerInProgress,
    NoModel,
    NotYours,
    Submission,
    continue_answer,
    regenerate,
    stop_answer,
    submit_message,
)
from conversations.views.access import MemberRequest, members_only, own_answer, own_conversation, own_or_new
from conversations.views.pages import message_page, parent_of, show


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def messages(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """A conversation's messages: POST adds one, GET reads the earlier ones."""
    return (message_create if request.method == "POST" else message_list)(request, conversation_id)


def message_create(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Store a message and queue its answer. The conversation begins with its first message, under the page's id."""
    conversation = own_or_new(request.user, conversation_id)
    form = MessageForm(request.POST)
    settings_form = _settings(request, conversation)
    problems = [*_problems(form), *(_problems(settings_form) if settings_form else [])]
    if problems:
        return _refused(request, conversation, problems)
    if settings_form:
        conversation = settings_form.save(commit=False)
    try:
        submission = submit_message(
            request.user, conversation, form.cleaned_data["text"], form.cleaned_data["client_id"]
        )
    except NotYours:
        raise Http404 from None
    except (AnswerInProgress, NoModel) as problem:
        return _refused(request, conversation, [_sentence(problem)])
    return _sent(request, submission)


def _settings(request: MemberRequest, conversation: Conversation) -> SettingsForm | None:
    """The settings that came with the message; a message without any leaves them as they are."""
    return SettingsForm(request.POST, instance=conversation) if "model" in request.POST else None


def _problems(form: Any) -> list[str]:
    return [str(problem) for problems in form.errors.values() for problem in problems]


def _sentence(problem: Exception) -> str:
    if isinstance(problem, AnswerInProgress):
        return _("An answer is still being written. Stop it, or send this when it is finished.")
    return _("No model is set up yet, so nobody can answer.")


def _refused(request: MemberRequest, conversation: Conversation, problems: list[str]) -> HttpResponse:
    """Say why; the text stays in the composer."""
    if request.htmx:
        response = render(request, "conversations/errors.html", {"errors": problems}, status=422)
        return reswap(retarget(response, "#composer-error"), "innerHTML")
    is_new = conversation._state.adding
    context = message_page(conversation, conversation.leaf_id) if not is_new else {"is_new": True, "messages": []}
    context |= {"errors": problems, "text": request.POST.get("text", "")}
    return show(request, conversation, context, status=422)


def _sent(request: MemberRequest, submission: Submission) -> HttpResponse:
    url = reverse("conversation", args=[submission.conversation.pk])
    if not request.htmx:
        return redirect(url)
    context = {
        "messages": present([submission.question, submission.answer]),
        "conversation": submission.conversation,
        "current_id": submission.conversation.pk,
        "is_first": submission.is_new_conversation,
    }
    return push_url(render(request, "conversations/sent.html", context), url)


@require_POST
@members_only
def message_stop(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    conversation, answer = own_answer(request.user, conversation_id, message_id)
    stop_answer(conversation, answer)
    return HttpResponse(status=204) if request.htmx else redirect("conversation", conversation.pk)


@require_POST
@members_only
def message_regenerate(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    return _written_again(request, conversation_id, message_id, regenerate)


@require_POST
@members_only
def message_continue(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    return _written_again(request, conversation_id, message_id, continue_answer)


def _written_again(
    request: MemberRequest,
    conversation_id: UUID,
    message_id: int,
    again: Callable[[User, Conversation, Message], Message],
) -> HttpResponse:
    conversation, answer = own_answer(request.user, conversation_id, message_id)
    try:
        answer = again(request.user, conversation, answer)
    except NotYours:
        raise Http404 from None
    except (AnswerInProgress, NoModel) as problem:
        return _refused(request, conversation, [_sentence(problem)])
    if not request.htmx:
        return redirect("conversation", conversation.pk)
    [view] = present([answer])
    return render(request, "conversations/message.html", {"message": view})


def message_list(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The messages before one that is shown: a fragment to put above it, or without JavaScript a page of its own."""
    conversation = own_conversation(request.user, conversation_id)
    context = message_page(conversation, parent_of(conversation, request.GET.get("before", "")))
    if request.htmx:
        return render(request, "conversations/messages.html", context)
    return show(request, conversation, context)
