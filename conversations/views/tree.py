"""The tree of a conversation's messages: word a question anew, walk between branches, branch off, take back."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import push_url

from conversations.branching import branch_off, select_branch
from conversations.forms import MessageForm
from conversations.models import Conversation, Message
from conversations.presentation import present
from conversations.queueing import ConversationLocked, is_answering
from conversations.submission import AnswerInProgress, LimitReached, NotYours, Refused, edit_question
from conversations.views.access import (
    MemberRequest,
    members_only,
    not_hidden,
    own_conversation,
    own_message,
    own_question,
)
from conversations.views.messages import NOT_NOW, held_back, problems_of, refused, sent, sentence_of, with_wait
from conversations.views.pages import PAGE, message_page, show
from conversations.waiting import announce, take_back, waiting_in
from providers import models_for_menu

LONGEST_PAGE = 200  # messages, when a page must reach up to one that is far from the end of its branch


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def message_edit(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """A form with the question's text; what it sends is asked beside the question, which stays as it is."""
    conversation, question = own_question(request.user, conversation_id, message_id)
    not_hidden(question)
    if request.method != "POST":
        return _edit_form(request, conversation, question, question.content, [])
    form = MessageForm(request.POST)
    if problems := problems_of(form):
        return _not_edited(request, conversation, question, problems)
    text, client_id = form.cleaned_data["text"], form.cleaned_data["client_id"]
    try:
        return sent(request, edit_question(request.user, conversation, question, text, client_id))
    except NotYours:
        raise Http404 from None
    except (*NOT_NOW, AnswerInProgress, Refused) as problem:
        return with_wait(request, _not_edited(request, conversation, question, [sentence_of(problem)]), problem)


def _not_edited(
    request: MemberRequest, conversation: Conversation, question: Message, problems: list[str]
) -> HttpResponse:
    """Say why; the new wording stays where it is."""
    if request.htmx:
        return refused(request, conversation, problems, place=f"#edit-{question.pk}-error")
    return _edit_form(request, conversation, question, request.POST.get("text", ""), problems)


def _edit_form(
    request: MemberRequest, conversation: Conversation, question: Message, text: str, problems: list[str]
) -> HttpResponse:
    context = {
        "conversation": conversation,
        "question": question,
        "text": text,
        "errors": problems,
        "client_id": request.POST.get("client_id") or uuid4(),
    }
    template = "conversations/edit.html" if request.htmx else "conversations/edit_page.html"
    return render(request, template, context, status=422 if problems else 200)


@require_safe
@never_cache
@members_only
def message_menu(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """What else can be done with a message: the commands that would make every message of a page longer."""
    conversation, message = own_message(request.user, conversation_id, message_id)
    not_hidden(message)
    can_be_rewritten = message.role == Message.Role.ASSISTANT and conversation.locked_at is None
    offered = [model for group in models_for_menu(request.user) for model in group.models] if can_be_rewritten else []
    used = message.model or conversation.model
    others = [model for model in offered if model.id != used]
    context = {"conversation": conversation, "message": message, "others": others}
    template = "conversations/message_menu.html" if request.htmx else "conversations/message_menu_page.html"
    return render(request, template, context)


@require_POST
@members_only
def message_select(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """Show the branch through a message, to its newest end."""
    conversation, message = own_message(request.user, conversation_id, message_id)
    after = select_branch(conversation, message)
    if not request.htmx:
        return redirect(f"{reverse('conversation', args=[conversation.pk])}#message-{message.pk}")
    size = min(max(PAGE, after + PAGE // 2), LONGEST_PAGE)
    return render(request, "conversations/messages.html", message_page(conversation, conversation.leaf_id, size))


@require_POST
@members_only
def conversation_branch(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """Go on from a message in a conversation of its own."""
    conversation, message = own_message(request.user, conversation_id, message_id)
    [view] = present([not_hidden(message)])
    if conversation.locked_at is not None:  # it would be asked there what cannot be asked here
        return held_back(request, conversation, ConversationLocked())
    if view.is_open and is_answering(conversation):
        return held_back(request, conversation, AnswerInProgress())
    try:
        copy = branch_off(request.user, conversation, message)
    except LimitReached as problem:
        return held_back(request, conversation, problem)
    if not request.htmx:
        return redirect("conversation", copy.pk)
    context = message_page(copy, copy.leaf_id) | {"is_branched_off": True}
    return push_url(show(request, copy, context), reverse("conversation", args=[copy.pk]))


@require_POST
@members_only
def waiting_delete(request: MemberRequest, conversation_id: UUID, waiting_id: int) -> HttpResponse:
    """Take a waiting message back; the page puts its text into the composer."""
    conversation = own_conversation(request.user, conversation_id)
    try:
        message = waiting_in(conversation).filter(pk=waiting_id).first()
    except OverflowError:
        message = None
    if message is None or not take_back(conversation, waiting_id):
        raise Http404  # it was asked meanwhile, or was never there
    announce(conversation)
    if request.htmx:
        return render(request, "conversations/waiting.html", {"waiting": waiting_in(conversation)})
    return show(request, conversation, message_page(conversation, conversation.leaf_id) | {"text": message.content})
