"""The app of the people: accounts, what they prefer, where they are signed in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from allauth.core.internal import ratelimit

        from accounts import receivers
        from chatbot_site.caches import limits

        receivers.connect()
        ratelimit.cache = limits  # it has no setting for that; anybody can fill the default cache
