"""What a command is answered whose token is missing or too old, or whose session has ended."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

LONGEST = 100_000  # characters of a text that are given back
HEADER = "X-CSRF-Refused"  # tells scripts that this 403 means the token; see static/js/connection.js


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page that says what to do, and gives a text that was to be sent back, for pages without JavaScript."""
    if request.user.is_authenticated and request.path == reverse("account_login"):
        return redirect("home")  # logged in meanwhile, in another tab
    names = ("client_id", "parent", "temporary")
    context = {
        "action": request.path,
        "text": text_of(request),
        "fields": [(name, request.POST[name]) for name in names if name in request.POST],
        "login_url": f"{reverse('account_login')}?next={quote(page_of(request))}",
    }
    response = render(request, "403_csrf.html", context, status=403)
    response[HEADER] = "true"
    return response


def text_of(request: HttpRequest) -> str:
    """The text that one of our own pages was to send: no other site can put words into what is given back."""
    is_ours = bool(_path_here(request, "Origin"))  # browsers say it truly
    return request.POST.get("text", "")[:LONGEST] if is_ours and request.method == "POST" else ""


def page_of(request: HttpRequest) -> str:
    """The path of the page that a command was given on."""
    return _path_here(request, "Referer") or "/"


def _path_here(request: HttpRequest, header: str) -> str:
    """The path of the address in a header; empty where that is none of this site."""
    try:
        address = urlsplit(request.headers.get(header, ""))
    except ValueError:
        return ""
    return (address.path or "/") if address.netloc == request.get_host() else ""
