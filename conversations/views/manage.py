"""Many conversations at once: all of them, and those in the archive, on pages that are plain forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conversations.models import Conversation, Generation
from conversations.models.conversation import ConversationQuerySet
from conversations.paging import moment_of, page_of, stamp
from conversations.sidebar import folders_of
from conversations.submission import stop_open_answers
from conversations.views.access import MemberRequest, members_only
from conversations.views.organise import chosen_folder

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def conversation_manage(request: MemberRequest) -> HttpResponse:
    """All that the list shows. POST: `action` on each `conversation`; see `_act`."""
    if request.method == "POST":
        return _act(request)
    listed = Conversation.objects.listed_for(request.user).select_related("folder")
    return _shown(request, listed, "updated_at", {"folders": folders_of(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def conversation_archived(request: MemberRequest) -> HttpResponse:
    """What was put away, newest first; POST as above."""
    if request.method == "POST":
        return _act(request)
    archived = Conversation.objects.archived_by(request.user).select_related("folder")
    return _shown(request, archived, "archived_at", {"is_archive": True})


def _shown(
    request: MemberRequest, conversations: ConversationQuerySet, moment: str, context: dict[str, Any]
) -> HttpResponse:
    columns = conversations.only("id", "title", "updated_at", "archived_at", "pinned_at", "folder__name")
    page = page_of(columns, moment, request.GET.get("before", ""), PAGE)
    deleted = request.GET.get("deleted", "")
    if deleted:
        moment_of(deleted)
    context |= {"conversations": page.conversations, "next_url": page.next_url(request.path), "deleted": deleted}
    return render(request, "conversations/manage.html", context)


def _act(request: MemberRequest) -> HttpResponse:
    """All or nothing: an id that is not this person's is a 404, and no other one is touched either.

    `action`: archive, unarchive, delete, move (`folder`: an id, or empty), undo (`deleted`: which deletion).
    `only`: an id to take back from the archive, whatever else is chosen.
    """
    action = "unarchive" if "only" in request.POST else request.POST.get("action", "")
    if action == "undo":
        return _undone(request)
    if action not in _ACTIONS:
        raise Http404
    with transaction.atomic():
        chosen = _chosen(request)
        if chosen is None:
            messages.error(request, _("Choose at least one conversation."))
            return _back(request)
        deleted = _ACTIONS[action](request, chosen)
    if deleted:
        _stop(Conversation.objects.deleted_by(request.user).filter(deleted_at=deleted))
    return _back(request, deleted)


def _chosen(request: MemberRequest) -> ConversationQuerySet | None:
    """The conversations that the form names, all of them this person's. Raises Http404."""
    only = request.POST.get("only")
    try:
        ids = {UUID(value) for value in ([only] if only else request.POST.getlist("conversation"))}
    except ValueError:
        raise Http404 from None
    chosen = Conversation.objects.kept_by(request.user).filter(pk__in=ids)
    if chosen.count() != len(ids):
        raise Http404
    return chosen if ids else None


def _archive(request: MemberRequest, chosen: ConversationQuerySet) -> None:
    count = chosen.update(archived_at=timezone.now())
    sentence = ngettext("%(count)s conversation was archived.", "%(count)s conversations were archived.", count)
    messages.success(request, sentence % {"count": count})


def _unarchive(request: MemberRequest, chosen: ConversationQuerySet) -> None:
    count = chosen.update(archived_at=None)
    sentence = ngettext(
        "%(count)s conversation is back in the list.", "%(count)s conversations are back in the list.", count
    )
    messages.success(request, sentence % {"count": count})


def _move(request: MemberRequest, chosen: ConversationQuerySet) -> None:
    count = chosen.update(folder=chosen_folder(request.user, request.POST.get("folder", "")))
    sentence = ngettext("%(count)s conversation was moved.", "%(count)s conversations were moved.", count)
    messages.success(request, sentence % {"count": count})


def _delete(request: MemberRequest, chosen: ConversationQuerySet) -> datetime:
    """When they were deleted: the mark by which they are found again."""
    moment = timezone.now()
    count = chosen.update(deleted_at=moment)
    sentence = ngettext("%(count)s conversation was deleted.", "%(count)s conversations were deleted.", count)
    messages.success(request, sentence % {"count": count})
    return moment


def _stop(deleted: ConversationQuerySet) -> None:
    """What is being written there; once all are marked, so that its end does not ask what waits."""
    for conversation in deleted.filter(generations__status__in=Generation.OPEN).distinct():
        stop_open_answers(conversation)


_ACTIONS: dict[str, Callable[[MemberRequest, ConversationQuerySet], datetime | None]] = {
    "archive": _archive,
    "unarchive": _unarchive,
    "move": _move,
    "delete": _delete,
}


def _undone(request: MemberRequest) -> HttpResponse:
    moment = moment_of(request.POST.get("deleted", ""))
    count = Conversation.objects.deleted_by(request.user).filter(deleted_at=moment).update(deleted_at=None)
    sentence = ngettext("%(count)s conversation is back.", "%(count)s conversations are back.", count)
    messages.success(request, sentence % {"count": count})
    return _back(request)


def _back(request: MemberRequest, deleted: datetime | None = None) -> HttpResponse:
    """To the page that asked, as it is now."""
    query = {"before": request.GET.get("before", ""), "deleted": stamp(deleted) if deleted else ""}
    query = {name: value for name, value in query.items() if value}
    return redirect(f"{request.path}?{urlencode(query)}" if query else request.path)
