"""Search over titles and messages: a page, or for htmx its results, or some more of them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.search.index import index_own
from conversations.search.query import MAX_CHARACTERS, parse
from conversations.search.results import Page, find
from conversations.views.access import MemberRequest, members_only


@require_safe
@never_cache
@members_only
def search(request: MemberRequest) -> HttpResponse:
    """`q`: what is looked for, as far as it is typed. `after`: where the page before ended."""
    text, after = request.GET.get("q", "")[:MAX_CHARACTERS], request.GET.get("after", "")
    query = parse(text)
    is_complete = after != "" or not query.tokens or index_own(request.user)
    page = find(request.user, query, after)
    context = {
        "q": text.replace("\0", ""),
        "hits": page.hits,
        "words": " ".join(page.words),
        "next_url": _next_url(text, page),
        "is_complete": is_complete,
        "is_blank": not text.strip(),
        "max_length": MAX_CHARACTERS,
    }
    return render(request, _template(request, after), context)


def _next_url(text: str, page: Page) -> str:
    return f"{reverse('search')}?{urlencode({'q': text, 'after': page.after})}" if page.after else ""


def _template(request: MemberRequest, after: str) -> str:
    if not request.htmx or request.htmx.history_restore_request:
        return "conversations/search.html"
    return "conversations/search_hits.html" if after else "conversations/search_results.html"
