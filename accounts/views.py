"""The settings page, the list of signed-in devices, the language switch. allauth serves the rest: see the URLs."""

from typing import Any, cast

from allauth.account.views import EmailView as AllauthEmailView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language as set_language_cookie
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from accounts import sessions
from accounts.adapters import SUSPENDED_KEY
from accounts.devices import describe
from accounts.forms import PreferencesForm
from accounts.models import Language, Preferences, User
from accounts.models_menu import menu


class HtmxHttpRequest(HttpRequest):
    htmx: HtmxDetails


class EmailView(AllauthEmailView):  # type: ignore[misc]  # allauth ships no types
    """The e-mail address: claimed, asked for again, removed."""

    def _action_primary(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """allauth's would let an address count that nobody has confirmed."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HtmxHttpRequest) -> HttpResponseBase:
    """The settings: a page of its own, or for htmx the form alone."""
    if not request.user.is_authenticated:
        return _login_first(request)
    saved = Preferences.of(request.user)
    look = (saved.language, saved.theme)
    data = request.POST if request.method == "POST" else None
    form = PreferencesForm(data, instance=saved, groups=menu(request.user))
    if form.is_bound and form.is_valid():
        form.store()
        return _saved(request, form, look_changed=look != (form.instance.language, form.instance.theme))
    return _settings_page(request, form)


def _login_first(request: HtmxHttpRequest) -> HttpResponseBase:
    """To the login page: the whole page, also when htmx has asked for a part of it."""
    login = redirect_to_login(request.get_full_path())
    return HttpResponseClientRedirect(login.url) if request.htmx else login


def _saved(request: HtmxHttpRequest, form: PreferencesForm, look_changed: bool) -> HttpResponseBase:
    if request.htmx and not look_changed:
        return _settings_page(request, form, saved=True)
    messages.success(request, _("Saved."))
    # Language and colours are the whole page's.
    response = HttpResponseClientRefresh() if request.htmx else redirect("settings")
    if form.instance.language == Language.SYSTEM:
        # Else an older choice would go on speaking for the browser.
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


def _settings_page(request: HtmxHttpRequest, form: PreferencesForm, saved: bool = False) -> HttpResponse:
    template = "accounts/preferences.html" if request.htmx else "accounts/settings.html"
    return render(request, template, {"form": form, "saved": saved}, status=422 if form.errors else 200)


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's language switch by cookie; a signed-in person's preference follows it."""
    chosen = request.POST.get("language")
    if request.user.is_authenticated and chosen in (Language.KOREAN, Language.ENGLISH):
        saved = Preferences.of(request.user)
        saved.language = chosen
        saved.save(update_fields=None if saved._state.adding else ["language"])
    return set_language_cookie(request)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def signed_in_sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in. POST ends the session whose id is in `session`, or without it all the others."""
    user = cast(User, request.user)
    if request.method == "POST":
        return _end_sessions(request, user)
    rows = sessions.of(user)
    current = request.session.session_key
    listed = [{"row": row, "device": describe(row.user_agent), "is_here": row.session_key == current} for row in rows]
    return render(request, "usersessions/usersession_list.html", {"sessions": listed})


def _end_sessions(request: HttpRequest, user: User) -> HttpResponse:
    current = request.session.session_key
    if "session" in request.POST:
        if not sessions.end_one(user, request.POST["session"], but=current):
            raise Http404
        messages.success(request, _("That device is signed out."))
    else:
        sessions.end_all(user, but=current)
        messages.success(request, _("All other devices are signed out."))
    return redirect("usersessions_list")


@never_cache
@require_safe
def suspended(request: HttpRequest) -> HttpResponse:
    """Why somebody cannot log in, in their own language; only for whoever has just given their password."""
    person = User.objects.select_related("preferences").filter(pk=request.session.get(SUSPENDED_KEY, 0)).first()
    if person is None or person.is_active:
        return render(request, "account/account_inactive.html")
    language = Preferences.of(person).language or translation.get_language()
    with translation.override(language):
        return render(request, "account/account_inactive.html", {"reason": person.suspension_reason})
