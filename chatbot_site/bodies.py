"""How much may be sent to this site: a form by anybody, long texts and files by people who are logged in, and only to
the addresses that take them."""

from __future__ import annotations

from functools import cache
from urllib.parse import unquote

from django.conf import settings
from django.http import parse_cookie
from django.urls import Resolver404, resolve, reverse

from chatbot_site.pages import HEADERS, bilingual
from chatbot_site.threads import in_thread
from chatbot_site.web_requests import BodyRules, Refusal

FORM_BYTES = 64 * 2**10  # what a form weighs beside its text or file


class SiteBodies(BodyRules):
    async def longest(self, method: str, path: str, cookies: str) -> tuple[int, int | None]:
        """For whoever has these cookies, asked of the database."""
        session_key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
        if method != "POST" or not session_key:
            return self.at_once, None
        return await in_thread(_longest, unquote(path), session_key)

    def too_large(self, limit: int, *, path: str, is_htmx: bool) -> Refusal:
        """The page in both languages. A script whose session has ended is sent to the login."""
        headers = dict(HEADERS)
        if is_htmx and limit <= self.at_once:
            headers["HX-Redirect"] = reverse("account_login")
        return Refusal(413, _too_large(limit), headers)

    def too_slow(self) -> Refusal:
        return Refusal(408, _too_slow(), HEADERS)


@cache
def _too_large(limit: int) -> bytes:
    return bilingual("413.html", {"limit": limit, "is_member": limit > BodyRules.at_once}).encode()


@cache
def _too_slow() -> bytes:
    return bilingual("408.html").encode()


def _longest(path: str, session_key: str) -> tuple[int, int | None]:
    from accounts.sessions import user_of

    user = user_of(session_key)
    if user is None:
        return BodyRules.at_once, None
    try:
        name = resolve(path).url_name
    except Resolver404:
        return BodyRules.at_once, None
    return _limits().get(name or "", settings.DATA_UPLOAD_MAX_MEMORY_SIZE + FORM_BYTES), user.pk


def _limits() -> dict[str, int]:
    """By the names of the addresses that take files."""
    from conversations.attachments import MAX_FILES
    from conversations.uploads import WITH_ATTACHMENTS

    files = MAX_FILES * settings.ATTACHMENT_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return dict.fromkeys(WITH_ATTACHMENTS, files) | {"import": settings.IMPORT_MAX_BYTES + FORM_BYTES}
