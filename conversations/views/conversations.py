"""Commands on conversations: settings, title, deletion and its undoing; and the list, a page at a time."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations.forms import RenameForm, SettingsForm
from conversations.models import Conversation
from conversations.sidebar import listing
from conversations.submission import stop_open_answers
from conversations.views.access import MemberRequest, members_only, own_conversation, own_or_new
from conversations.views.lists import open_in, whole_list
from conversations.views.pages import message_page, show


@require_safe
@never_cache
@members_only
def conversation_list(request: MemberRequest) -> HttpResponse:
    """The next page of the sidebar; `whole`: all that a page begins with."""
    sidebar = listing(request.user, request.GET.get("before", ""))
    fragment = "conversations/sidebar.html" if "whole" in request.GET else "conversations/sidebar_more.html"
    template = fragment if request.htmx else "conversations/list_page.html"
    return render(request, template, sidebar.context())


@require_POST
@members_only
def conversation_settings(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Save the settings as they are changed; before the first message they are only checked, and come with it."""
    conversation = own_or_new(request.user, conversation_id)
    form = SettingsForm(request.POST, instance=conversation)
    is_new = conversation._state.adding
    if saved := form.is_valid() and not is_new:
        # Nothing but what was changed: a message that is stored at this moment has its own say on the rest of the row,
        # and so has another page.
        values = {name: getattr(form.instance, name) for name in form.changed}
        Conversation.objects.filter(pk=conversation.pk).update(**values)
    if not request.htmx:
        if form.errors and not is_new:
            page = message_page(conversation, conversation.leaf_id)
            return show(request, conversation, page | {"settings_form": form}, status=422)
        return redirect("conversation", conversation_id) if saved else redirect("home")
    shown = form if form.errors else SettingsForm(instance=form.instance)
    context = {
        "conversation": conversation,
        "settings_form": shown,
        "saved": saved,
        "model_label": shown.info.label if shown.info else "",
        "oob": True,
    }
    return render(request, "conversations/settings.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def conversation_rename(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    conversation = own_conversation(request.user, conversation_id)
    form = RenameForm(request.POST or None, instance=conversation)
    if request.method == "POST" and form.is_valid():
        Conversation.objects.filter(pk=conversation.pk).update(title=form.cleaned_data["title"], title_is_indexed=False)
        if not request.htmx:
            return redirect("conversation", conversation.pk)
        return render(
            request, "conversations/renamed.html", {"conversation": form.instance, "current_id": open_in(request)}
        )
    context = {"conversation": conversation, "form": form}
    template = "conversations/rename.html" if request.htmx else "conversations/rename_page.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_POST
@members_only
def conversation_delete(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Put it aside: gone for its owner, and back at once by restoring it."""
    conversation = own_conversation(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(deleted_at=timezone.now())
    stop_open_answers(conversation)  # then: the end of an answer asks the next only in what is still there
    if not request.htmx:
        return redirect("home")
    return render(request, "conversations/deleted.html", {"conversation": conversation})


@require_POST
@members_only
def conversation_restore(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    restored = Conversation.objects.deleted_by(request.user).filter(pk=conversation_id).update(deleted_at=None)
    if not restored:
        raise Http404
    if not request.htmx:
        return redirect("conversation", conversation_id)
    return whole_list(request, focus=f"conversation-{conversation_id}")
