"""Order among conversations: pinned ones, the archive, moving into a folder, and temporary chats that are kept."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from conversations.forms import FolderForm
from conversations.models import Conversation, Folder
from conversations.sidebar import MAX_PINNED, folders_of
from conversations.views.access import MemberRequest, members_only, own_conversation, own_folder, own_kept
from conversations.views.lists import open_in, refused, whole_list


@require_POST
@members_only
def conversation_pin(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    conversation = own_kept(request.user, conversation_id)
    pinned = Conversation.objects.listed_for(request.user).filter(pinned_at__isnull=False)
    if conversation.pinned_at is None and pinned.count() >= MAX_PINNED:
        sentence = _("You have %(limit)s pinned conversations. Unpin one before you pin another.")
        return refused(request, sentence % {"limit": MAX_PINNED})
    Conversation.objects.filter(pk=conversation.pk, pinned_at=None).update(pinned_at=timezone.now())
    return _arranged(request, conversation)


@require_POST
@members_only
def conversation_unpin(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    conversation = own_kept(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(pinned_at=None)
    return _arranged(request, conversation)


@require_POST
@members_only
def conversation_archive(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Out of the list; it stays where it is open, can be found and taken back."""
    conversation = own_kept(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk, archived_at=None).update(archived_at=timezone.now())
    if not request.htmx:
        return redirect("home")
    conversation.refresh_from_db(fields=["archived_at"])
    context = {"conversation": conversation, "is_open": conversation.pk == open_in(request)}
    return render(request, "conversations/archived_one.html", context)


@require_POST
@members_only
def conversation_unarchive(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    conversation = own_kept(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(archived_at=None)
    return _arranged(request, conversation)


@require_POST
@members_only
def conversation_keep(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Make an ordinary conversation of a temporary chat."""
    conversation = own_conversation(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(expires_at=None)
    return _arranged(request, conversation, _("It is an ordinary conversation now."))


def _arranged(request: MemberRequest, conversation: Conversation, notice: str = "") -> HttpResponse:
    if not request.htmx:
        return redirect("conversation", conversation.pk)
    conversation.refresh_from_db()
    return whole_list(request, focus=f"conversation-{conversation.pk}", conversation=conversation, notice=notice)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def conversation_move(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """POST: into the folder `folder`, out of all when that is empty, or into a new one called `name`."""
    conversation = own_kept(request.user, conversation_id)
    form = FolderForm(request.POST if "name" in request.POST else None, instance=Folder(owner=request.user))
    if request.method == "POST":
        if not form.is_bound:
            return _moved(request, conversation, chosen_folder(request.user, request.POST.get("folder", "")))
        if form.is_valid() and form.store():
            return _moved(request, conversation, form.instance)
    context = {"conversation": conversation, "folders": folders_of(request.user), "form": form}
    template = "conversations/move.html" if request.htmx else "conversations/move_page.html"
    return render(request, template, context, status=422 if form.errors else 200)


def chosen_folder(user: User, value: str) -> Folder | None:
    """Raises Http404 for what is no folder of `user`; none at all for an empty value."""
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise Http404
    return own_folder(user, int(value))


def _moved(request: MemberRequest, conversation: Conversation, folder: Folder | None) -> HttpResponse:
    Conversation.objects.filter(pk=conversation.pk).update(folder=folder)
    if not request.htmx:
        return redirect("conversation", conversation.pk)
    if folder is None:
        notice, focus = _("It stands in no folder now."), f"conversation-{conversation.pk}"
    else:
        notice, focus = _("It is in the folder “%(name)s” now.") % {"name": folder.name}, f"folder-{folder.pk}"
    return whole_list(request, focus=focus, notice=notice)
