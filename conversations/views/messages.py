"""Commands on messages: send, stop, write again, go on; and the earlier messages of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import push_url, reswap, retarget

from accounts.models import User
from conversations.attachments import by_message, sent_with, unseen
from conversations.forms import MessageForm, RegenerateForm, SettingsForm
from conversations.models import Attachment, Conversation, Message, WaitingMessage
from conversations.presentation import present, view_of
from conversations.siblings import ALONE, siblings_of
from conversations.submission import (
    AlreadySent,
    AnswerInProgress,
    ConversationLocked,
    LimitReached,
    ModelNotAllowed,
    NoModel,
    NotYours,
    Refused,
    Submission,
    TooManyWaiting,
    continue_answer,
    regenerate,
    stop_answer,
    submit_message,
)
from conversations.views.access import MemberRequest, members_only, not_hidden, own_answer, own_conversation, own_or_new
from conversations.views.pages import message_page, parent_of, show
from conversations.waiting import MOST, waiting_in
from providers import default_model

NOT_NOW = (ConversationLocked, LimitReached, ModelNotAllowed, NoModel)  # what can stand in the way of every question


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def messages(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """A conversation's messages: POST adds one, GET reads the earlier ones."""
    return (message_create if request.method == "POST" else message_list)(request, conversation_id)


def message_create(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Store a message and queue its answer. The conversation begins with its first message, under the page's id."""
    conversation = own_or_new(request.user, conversation_id)
    if conversation._state.adding and "temporary" in request.POST:
        conversation.make_temporary()
    files, file_problems = sent_with(request, request.user)
    form = MessageForm(request.POST, has_files=bool(files or file_problems))
    settings_form = _settings(request, conversation)
    problems = [*problems_of(form), *(problems_of(settings_form) if settings_form else []), *file_problems]
    problems += unseen(files, conversation.model or default_model(request.user))
    if problems:
        return refused(request, conversation, problems, files, settings_form)
    try:
        submission = submit_message(
            request.user,
            conversation,
            form.cleaned_data["text"],
            form.cleaned_data["client_id"],
            parent_id=form.cleaned_data["parent"],
            files=files,
            changed=settings_form.changed if settings_form else (),
        )
    except NotYours:
        raise Http404 from None
    except (*NOT_NOW, AlreadySent, Refused, TooManyWaiting) as problem:
        return held_back(request, conversation, problem, files, settings_form)
    if isinstance(submission, WaitingMessage):
        return waits(request, conversation, settings_form)
    return sent(request, submission, settings_form)


def _settings(request: MemberRequest, conversation: Conversation) -> SettingsForm | None:
    """The settings that came with the message; a message without any leaves them as they are."""
    return SettingsForm(request.POST, instance=conversation) if "model" in request.POST else None


def problems_of(form: Any) -> list[str]:
    return [str(problem) for problems in form.errors.values() for problem in problems]


_SENTENCES: dict[type[Exception], Promise] = {
    AnswerInProgress: gettext_lazy("An answer is still being written. Stop it, or try again when it is finished."),
    AlreadySent: gettext_lazy("An attached file was already sent with another message. Remove it, or attach it again."),
    ConversationLocked: gettext_lazy("A moderator has locked this conversation. Nothing more can be asked in it."),
    ModelNotAllowed: gettext_lazy("You cannot use this model any more. Choose another one in the settings."),
    NoModel: gettext_lazy("No model is set up yet, so nobody can answer."),
}


def sentence_of(problem: Exception) -> str:
    if isinstance(problem, LimitReached | Refused):
        return problem.sentence
    if isinstance(problem, TooManyWaiting):
        return _("%(count)s messages are waiting already. Send this one when some of them have been answered.") % {
            "count": MOST
        }
    return str(_SENTENCES[type(problem)])


def refused(
    request: MemberRequest,
    conversation: Conversation,
    problems: list[str],
    files: Sequence[Attachment] = (),
    settings_form: SettingsForm | None = None,
    place: str = "#composer-error",
) -> HttpResponse:
    """Say why, in `place`; the text, the files and the settings that were chosen stay where they are."""
    if request.htmx:
        response = render(request, "conversations/errors.html", {"errors": problems}, status=422)
        return reswap(retarget(response, place), "innerHTML")
    is_new = conversation._state.adding
    context = message_page(conversation, conversation.leaf_id) if not is_new else {"is_new": True, "messages": []}
    context |= {"errors": problems, "text": request.POST.get("text", ""), "attachments": files}
    context |= {"settings_form": settings_form} if settings_form else {}
    return show(request, conversation, context, status=422)


def held_back(
    request: MemberRequest,
    conversation: Conversation,
    problem: Exception,
    files: Sequence[Attachment] = (),
    settings_form: SettingsForm | None = None,
) -> HttpResponse:
    """The same for what is well formed and not possible now."""
    return with_wait(request, refused(request, conversation, [sentence_of(problem)], files, settings_form), problem)


def with_wait(request: MemberRequest, response: HttpResponse, problem: Exception) -> HttpResponse:
    """As the answer of a limit, if that was the problem: when to come again, and its status where htmx takes that."""
    if isinstance(problem, LimitReached):
        response.status_code = 422 if request.htmx else 429
        if problem.seconds is not None:
            response["Retry-After"] = str(problem.seconds)
    return response


def sent(request: MemberRequest, submission: Submission, settings_form: SettingsForm | None = None) -> HttpResponse:
    """The question and its answer, which take their place at the end of the page."""
    url = reverse("conversation", args=[submission.conversation.pk])
    if not request.htmx:
        return redirect(url)
    question = submission.question
    siblings = siblings_of([question])[question.pk] if submission.is_branch else ALONE
    files = by_message([question]).get(question.pk, [])
    context = {
        "messages": [
            view_of(question, None, siblings, attachments=files),
            view_of(submission.answer, submission.generation),
        ],
        "conversation": submission.conversation,
        "current_id": submission.conversation.pk,
        "is_first": submission.is_new_conversation,
        "shown": SettingsForm.shown_after(settings_form, submission.conversation),
    }
    return push_url(render(request, "conversations/sent.html", context), url)


def waits(request: MemberRequest, conversation: Conversation, settings_form: SettingsForm | None) -> HttpResponse:
    """The messages that wait in a conversation, below the answer that they wait for."""
    if not request.htmx:
        return redirect("conversation", conversation.pk)
    shown = SettingsForm.shown_after(settings_form, conversation)
    response = render(request, "conversations/waiting.html", {"waiting": waiting_in(conversation), "shown": shown})
    return reswap(retarget(response, "#waiting"), "innerHTML")


@require_POST
@members_only
def message_stop(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    conversation, answer = own_answer(request.user, conversation_id, message_id)
    stop_answer(conversation, answer)
    return HttpResponse(status=204) if request.htmx else redirect("conversation", conversation.pk)


@require_POST
@members_only
def message_regenerate(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """Have another answer written beside this one; by another `model`, if one is given."""
    conversation, answer = own_answer(request.user, conversation_id, message_id)
    if _is_question_hidden(answer):
        return refused(request, conversation, [_hidden_question()])
    form = RegenerateForm(request.POST, conversation=conversation)
    if not form.is_valid():
        return refused(request, conversation, problems_of(form))
    return _again(request, conversation, partial(regenerate, model=form.cleaned_data["model"]), answer)


@require_POST
@members_only
def message_continue(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    conversation, answer = own_answer(request.user, conversation_id, message_id)
    if _is_question_hidden(not_hidden(answer)):
        return refused(request, conversation, [_hidden_question()])
    return _again(request, conversation, continue_answer, answer)


def _is_question_hidden(answer: Message) -> bool:
    """Then there is nothing left to ask a model."""
    return Message.objects.filter(children=answer, hidden_at__isnull=False).exists()


def _hidden_question() -> str:
    return _("A moderator has hidden the question, so it cannot be asked again.")


def _again(
    request: MemberRequest,
    conversation: Conversation,
    again: Callable[[User, Conversation, Message], Message],
    answer: Message,
) -> HttpResponse:
    try:
        answer = again(request.user, conversation, answer)
    except NotYours:
        raise Http404 from None
    except (*NOT_NOW, AnswerInProgress, Refused) as problem:
        return held_back(request, conversation, problem)
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
