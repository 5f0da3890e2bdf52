"""What every template may ask about how the page looks."""

from django.http import HttpRequest

from accounts import sign_up
from accounts.models import Preferences, Theme
from accounts.naming import site_name


def appearance(request: HttpRequest) -> dict[str, str | bool]:
    """`theme`: "system", "light" or "dark" for <html data-theme>; `site_name`; `sign_up_open`. Costs no query."""
    user = getattr(request, "user", None)
    theme = Preferences.of(user).theme if user is not None else Theme.SYSTEM
    return {"theme": str(theme), "site_name": site_name(), "sign_up_open": sign_up.is_open()}
