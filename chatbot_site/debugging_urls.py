"""Addresses of the debug panel and the profiler. chatbot_site.urls includes them with APP_ENV=development only.

Superusers find them. To everybody else who is logged in they are not there.
"""

import uuid
from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, path, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from chatbot_site.debugging import COOKIE, is_for, panel, reports


def superusers_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """404 for members, as if there were no such address; the log-in for whoever is not logged in."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not is_for(request):
            raise Http404
        return view(request)

    return login_required(guarded)


@require_safe
@never_cache
@superusers_only
def show_panel(request: HttpRequest) -> HttpResponse:
    """The panel, for `?conversation=<uuid>` or else for the page that asks."""
    return render(request, "debug/panel.html", {"panel": panel(request, _conversation_id(request))})


def _conversation_id(request: HttpRequest) -> uuid.UUID | None:
    given = request.GET.get("conversation")
    if not given:
        return _conversation_of_page(HtmxDetails(request))
    try:
        return uuid.UUID(given)
    except ValueError:
        raise Http404 from None


def _conversation_of_page(htmx: HtmxDetails) -> uuid.UUID | None:
    try:
        match = resolve((htmx.current_url_abs_path or "").partition("?")[0])
    except Resolver404:
        return None
    return next((value for value in match.kwargs.values() if isinstance(value, uuid.UUID)), None)


@require_safe
@never_cache
@superusers_only
def show_profile(request: HttpRequest) -> HttpResponse:
    """The last profiled requests, newest first."""
    return render(request, "debug/profile.html", {"reports": list(reports)})


@require_POST
@superusers_only
def switch_profiler(request: HttpRequest) -> HttpResponse:
    """Turn the profiler on or off for this browser, and go back to the page."""
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(back if safe else reverse("home"))
    if request.COOKIES.get(COOKIE) == "1":
        response.delete_cookie(COOKIE)
    else:
        response.set_cookie(COOKIE, "1", httponly=True, samesite="Lax")
    return response


urlpatterns = [
    path("panel/", show_panel, name="debug-panel"),
    path("profile/", show_profile, name="debug-profile"),
    path("profile/switch/", switch_profiler, name="debug-profile-switch"),
]
