"""Reporting a message or a shared link, and putting a notice away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from conversations.models import Share
from conversations.sharing import open_share
from conversations.views.access import MemberRequest, members_only, own_message
from conversations.views.sharing import unlisted
from moderation.flagging import flag
from moderation.forms import ReportForm
from moderation.models import Flag
from moderation.notices import mark_read


def _may_report(request: HttpRequest) -> bool:
    """Within the limit of settings.ACCOUNT_RATE_LIMITS["report"], counted by address."""
    return bool(ratelimit.consume(request, action="report"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def message_report(request: MemberRequest, conversation_id: UUID, message_id: int) -> HttpResponse:
    """Report a message of an own conversation: a dialog for htmx, else a page."""
    conversation, message = own_message(request.user, conversation_id, message_id)
    context = {"conversation": conversation, "url": request.path}
    form = ReportForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _dialog(request, context | {"form": form})
    if not form.is_valid():
        return _dialog(request, context | {"form": form}, status=422)
    if not _may_report(request):
        return _too_many(request, context, form)
    _report(form, conversation.owner, request.user, message=message, conversation=conversation)
    if request.htmx:
        return _dialog(request, context | {"is_sent": True})
    messages.success(request, _thanks())
    return redirect("conversation", conversation.pk)


def _dialog(request: MemberRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "moderation/report.html" if request.htmx else "moderation/report_page.html"
    return render(request, template, context, status=status)


def _too_many(request: MemberRequest, context: dict[str, Any], form: ReportForm) -> HttpResponse:
    form.add_error(None, _too_many_sentence())
    # htmx shows what a 422 brings, and only that.
    return _dialog(request, context | {"form": form}, status=422 if request.htmx else 429)


def _report(form: ReportForm, person: User, reporter: User | None, **thing: Any) -> None:
    said = form.cleaned_data
    flag(person, said["reason"], Flag.Source.REPORT, note=said["note"], reporter=reporter, **thing)


def _thanks() -> str:
    return _("Thank you. The moderators of this site will look at it.")


def _too_many_sentence() -> str:
    return _("These are many reports in a short time. Wait a few minutes, then send this one again.")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@unlisted
def share_report(request: HttpRequest, token: str) -> HttpResponseBase:
    """Report what a link shows, by whoever has the link, logged in or not. A page of its own."""
    shared = open_share(token) if settings.SHARING else None
    if shared is None:
        return render(request, "conversations/share_gone.html", status=404)
    form = ReportForm(request.POST if request.method == "POST" else None)
    context = {"share": shared, "url": request.path, "form": form}
    if not form.is_bound:
        return render(request, "moderation/share_report.html", context)
    if not form.is_valid():
        return render(request, "moderation/share_report.html", context, status=422)
    return _share_reported(request, shared, context)


def _share_reported(request: HttpRequest, shared: Share, context: dict[str, Any]) -> HttpResponse:
    form = context["form"]
    if not _may_report(request):
        form.add_error(None, _too_many_sentence())
        return render(request, "moderation/share_report.html", context, status=429)
    reporter = request.user if request.user.is_authenticated else None
    _report(form, shared.conversation.owner, reporter, share=shared)
    return render(request, "moderation/share_report.html", context | {"is_sent": True, "thanks": _thanks()})


@require_POST
@members_only
def notice_read(request: MemberRequest, notice_id: int) -> HttpResponse:
    """Put a notice away: nothing in its place for htmx, else back to where the button was."""
    try:
        found = mark_read(request.user, notice_id)
    except OverflowError:
        found = False
    if not found:
        raise Http404
    return HttpResponse() if request.htmx else redirect(_back(request))


def _back(request: MemberRequest) -> str:
    came_from = request.META.get("HTTP_REFERER", "")
    hosts = {request.get_host()}
    is_own = url_has_allowed_host_and_scheme(came_from, allowed_hosts=hosts, require_https=request.is_secure())
    return came_from if is_own else reverse("home")
