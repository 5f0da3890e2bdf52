"""Django's migrate, which says in a sentence what is wrong with the database."""

from django.core.management.commands import migrate

from chatbot_site.commands import SiteCommand


class Command(SiteCommand, migrate.Command):
    """It asks the database at once, and not by way of the pool, which would try for long."""
