"""Django's flush, which on SQLite could not empty the audit log otherwise."""

from typing import Any

from django.core.management.commands import flush

from chatbot_site.commands import SiteCommand
from moderation.append_only import lifted


class Command(SiteCommand, flush.Command):
    def handle(self, **options: Any) -> None:
        with lifted(options["database"]):
            super().handle(**options)
