"""What every request of a signed-in person gets: their language, and a note that they were here."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from accounts import sessions
from accounts.models import Preferences


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


class SessionActivityMiddleware:
    """Keeps the list of signed-in sessions true, with at most one write a minute for each session and process."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session_key = request.session.session_key
        if session_key and request.user.is_authenticated and sessions.seen_lately.claim(session_key):
            sessions.record(request)
        return self.get_response(request)
