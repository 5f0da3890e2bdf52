"""Links to conversations: making, listing and revoking them, and the page that whoever has one sees."""

from __future__ import annotations

from functools import wraps
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations.models import Conversation, Share
from conversations.rendering import stored
from conversations.sharing import ShareForm, hidden_in, links_of, open_share, revoke, share, snapshot
from conversations.views.access import MemberRequest, View, members_only, own_conversation

PAGE = 30  # links of "My shared links"
KEPT_SECONDS, KEPT_LENGTH = 300, 250_000  # of pages for guests; there are at most as many as CACHES["pages"] says
NEWEST = 10  # links of one conversation that its own dialog shows


def unlisted(view: View[[str]]) -> View[[str]]:
    """Asks search engines to stay away, and browsers to tell nobody where they come from."""

    @wraps(view)
    def answered(request: HttpRequest, /, token: str) -> HttpResponseBase:
        response = view(request, token)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return answered


@require_safe
@never_cache
@unlisted
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What a link shows, to anybody. Guessed, expired, revoked: all the same page, with status 404."""
    if not _may_look(request):
        response = render(request, "conversations/share_wait.html", status=429)
        response["Retry-After"] = "60"
        return response
    found = open_share(token) if settings.SHARING else None
    shown = _messages(found, request.GET.get("before", "")) if found else None
    if shown is None:
        return render(request, "conversations/share_gone.html", status=404)
    return render(request, "conversations/share.html", {"share": found, "messages": shown})


def _may_look(request: HttpRequest) -> bool:
    """Within the limit of looks a minute, counted by address: of IPv6 by the network, of which one person has all."""
    if not settings.SHARE_VIEWS_PER_MINUTE:
        return True
    address = ip_address(get_adapter().get_client_ip(request))
    who = address if address.version == 4 else ip_network((address, 64), strict=False)
    counters, key = caches["limits"], f"share:ip:{who}"
    counters.add(key, 0, 60)
    try:
        return int(counters.incr(key)) <= settings.SHARE_VIEWS_PER_MINUTE
    except ValueError:  # its minute has just ended
        return True


def _messages(found: Share, before: str) -> SafeString | None:
    """The messages of a page as HTML, which is the same for everybody who reads their language.

    Kept for some minutes. That the link still works has been asked before, and what is hidden is part of the key.
    """
    pages = caches["pages"]
    key = _key(found, before)
    if (kept := pages.get(key)) is not None:
        return stored(kept)
    page = snapshot(found, before)
    if page is None:
        return None
    html = render_to_string("conversations/share_messages.html", {"share": found, "page": page, "before": before})
    if page.is_rendered and len(html) <= KEPT_LENGTH:
        pages.set(key, str(html), KEPT_SECONDS)
    return html


def _key(found: Share, before: str) -> str:
    parts = (found.token, get_language(), before, *hidden_in(found))
    return "share:" + sha256(repr(parts).encode()).hexdigest()


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def conversation_share(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The links of a conversation, as a dialog for htmx; POST makes another one."""
    conversation = _shareable(request, conversation_id)
    if request.method != "POST":
        return _links(request, conversation, "share_dialog.html", {"form": ShareForm(), "is_opening": True})
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _links(request, conversation, "share_body.html", {"form": form}, status=422)
    made = share(conversation, form.days)
    if not request.htmx:
        messages.success(request, _("The link is ready. Copy it and pass it on."))
        return redirect("conversation-share", conversation.pk)
    notice = _("The link is ready. Copy it and pass it on.")
    return _links(request, conversation, "share_body.html", {"form": ShareForm(), "made": made, "notice": notice})


def _shareable(request: MemberRequest, conversation_id: UUID) -> Conversation:
    """An own conversation that says something and is to stay. Raises Http404."""
    conversation = own_conversation(request.user, conversation_id)
    if not settings.SHARING or conversation.leaf_id is None or conversation.expires_at is not None:
        raise Http404
    return conversation


def _links(
    request: MemberRequest, conversation: Conversation, fragment: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The form and the newest links of `conversation`: the fragment for htmx, else a page."""
    links = list(links_of(request.user).filter(conversation=conversation)[: NEWEST + 1])
    context |= {"conversation": conversation, "links": links[:NEWEST], "has_more": len(links) > NEWEST}
    template = f"conversations/{fragment if request.htmx else 'share_conversation.html'}"
    return render(request, template, context | {"origin": _origin(request)}, status=status)


@require_safe
@never_cache
@members_only
def share_list(request: MemberRequest) -> HttpResponse:
    """All links of a person that work."""
    if not settings.SHARING:
        raise Http404
    found = list(_before(request, links_of(request.user).select_related("conversation"))[: PAGE + 1])
    links = found[:PAGE]
    next_url = f"{reverse('share-list')}?before={links[-1].pk}" if len(found) > PAGE else ""
    context = {"links": links, "next_url": next_url, "origin": _origin(request)}
    return render(request, "conversations/share_list.html", context)


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").removesuffix("/")


def _before(request: MemberRequest, links: Any) -> Any:
    """Those after the cursor in the address. Raises Http404 for a broken one."""
    before = request.GET.get("before", "")
    if not before:
        return links
    if not before.isascii() or not before.isdigit() or len(before) > 18:
        raise Http404
    return links.filter(pk__lt=int(before))


@require_POST
@members_only
def share_revoke(request: MemberRequest, share_id: int) -> HttpResponse:
    """End a link, from the next request on; back to where the button was."""
    revoked = revoke(request.user, share_id) if settings.SHARING else None
    if revoked is None:
        raise Http404
    notice = _("The link is revoked. Nobody can open it any more.")
    if request.htmx:
        return _after(request, revoked, notice)
    messages.success(request, notice)
    if "list" in request.POST:
        return redirect("share-list")
    return redirect("conversation-share", revoked.conversation_id)


def _after(request: MemberRequest, revoked: Share, notice: str) -> HttpResponse:
    context = {"form": ShareForm(), "notice": notice, "has_revoked": True}
    return _links(request, revoked.conversation, "share_body.html", context)
