"""Folders of conversations: open, create, rename, delete. What is in a folder stays when the folder goes."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conversations.forms import FolderForm
from conversations.models import Folder
from conversations.sidebar import folder_listing
from conversations.views.access import MemberRequest, members_only, own_folder
from conversations.views.lists import whole_list


@require_safe
@never_cache
@members_only
def folder(request: MemberRequest, folder_id: int) -> HttpResponse:
    """What is in a folder, a page at a time."""
    found = own_folder(request.user, folder_id)
    before = request.GET.get("before", "")
    conversations, next_url = folder_listing(request.user, found, before)
    context = {"folder": found, "conversations": conversations, "next_url": next_url, "is_first": not before}
    template = "conversations/folder_more.html" if request.htmx else "conversations/folder_page.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def folder_create(request: MemberRequest) -> HttpResponse:
    """`name`; refused with a sentence. Without JavaScript a page of its own has the form."""
    form = FolderForm(request.POST or None, instance=Folder(owner=request.user))
    if request.method == "POST" and form.is_valid() and form.store():
        return _changed(request, form.instance)
    template = "conversations/folder_new.html" if request.htmx else "conversations/folder_new_page.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def folder_rename(request: MemberRequest, folder_id: int) -> HttpResponse:
    found = own_folder(request.user, folder_id)
    form = FolderForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid() and form.store():
        return _changed(request, found)
    template = "conversations/folder_rename.html" if request.htmx else "conversations/folder_rename_page.html"
    return render(request, template, {"form": form, "folder": found}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def folder_delete(request: MemberRequest, folder_id: int) -> HttpResponse:
    """GET asks, since there is no undo; POST does it."""
    found = own_folder(request.user, folder_id)
    if request.method != "POST":
        template = "conversations/folder_delete.html" if request.htmx else "conversations/folder_delete_page.html"
        return render(request, template, {"folder": found})
    found.delete()
    return whole_list(request) if request.htmx else redirect("home")


def _changed(request: MemberRequest, changed: Folder) -> HttpResponse:
    if not request.htmx:
        return redirect("folder", changed.pk)
    return whole_list(request, focus=f"folder-{changed.pk}")
