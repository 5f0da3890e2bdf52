"""What every request gets: the reader's language and time zone, and a note that somebody signed in was here."""

import re
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.urls import reverse
from django.utils import timezone, translation

from accounts import sessions
from accounts.models import Preferences
from accounts.receivers import LOGGED_OUT

ZONE_COOKIE = "timezone"
LOGGED_OUT_COOKIE = "logged_out"
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)


class LanguageMiddleware(LocaleMiddleware):
    """Django's choice by cookie and Accept-Language, unless the signed-in person has chosen a language.

    Stands after AuthenticationMiddleware. Costs no query: the user comes with their preferences.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        chosen = Preferences.of(request.user).language
        if chosen:
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language()


class TimeZoneMiddleware:
    """Dates as the reader's clock has them: static/js/sidebar.js says in a cookie where that is.

    Without it, and where it says what is no time zone, they are the site's; in the administration always, so that those
    who work there speak of the same dates.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_admin = request.path.startswith(reverse("admin:index"))
        with timezone.override(None if is_admin else zone_named(request.COOKIES.get(ZONE_COOKIE, ""))):
            return self.get_response(request)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of that name, None where there is none."""
    if not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no such file, a folder, a file that describes no zone
        return None


class SessionActivityMiddleware:
    """Keeps the list of signed-in sessions true, with at most one write a minute for each session and process."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session_key = request.session.session_key
        if session_key and request.user.is_authenticated and sessions.seen_lately.claim(session_key):
            sessions.record(request)
        return self.get_response(request)


class LoggedOutMiddleware:
    """Tells the browser of a log-out, so that what was written and not sent does not stay there.

    The cookie names the person until somebody logs in: static/js/forget.js forgets their drafts on every page that has
    it, and box.js keeps no more of them in tabs that are still open. Over HTTPS the browser itself is asked, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        person_id = getattr(request, LOGGED_OUT, None)
        if person_id is not None and not request.user.is_authenticated:
            response.set_cookie(
                LOGGED_OUT_COOKIE, str(person_id), max_age=3600, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
            )
            if request.is_secure():
                response.headers["Clear-Site-Data"] = '"storage"'
        elif LOGGED_OUT_COOKIE in request.COOKIES and request.user.is_authenticated:
            response.delete_cookie(LOGGED_OUT_COOKIE, samesite="Lax")
        return response
