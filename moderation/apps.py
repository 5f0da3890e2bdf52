"""The app of what people report and rules find, of the moderators who look at it, and of the record of what they do."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    name = "moderation"
    verbose_name = _("Moderation")

    def ready(self) -> None:
        from moderation import receivers, roles

        receivers.connect()
        roles.connect()
