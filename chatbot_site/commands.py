"""What all commands of the site have in common: they speak English from end to end, whatever the language of the site
or of the terminal, and what is in their way is one sentence on stderr and an exit code that is not 0.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from django.core.management import ManagementUtility
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseTrouble
from django.utils import translation

from chatbot_site import database

STOPPED = 130


class SiteCommand(BaseCommand):
    """A command of this site. `asks_database`: it can do nothing where the database lets nobody in."""

    asks_database = True

    def execute(self, *args: Any, **options: Any) -> str | None:
        with translation.override(None):
            try:
                if self.asks_database:
                    database.require()
                return super().execute(*args, **options)
            except DatabaseTrouble as error:
                trouble = database.trouble_of(error)
                if trouble is None:
                    raise
                raise CommandError(str(trouble)) from error
            except OSError as error:
                if not error.filename or isinstance(error, BrokenPipeError):
                    raise
                raise CommandError(f"{error.filename}: {error.strerror}.") from error


class _Utility(ManagementUtility):
    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Django's own commands speak the site's language unless they are told otherwise."""
        command = super().fetch_command(subcommand)
        translation.deactivate_all()
        return command


def run(arguments: list[str]) -> None:
    """The command line. Raises ImproperlyConfigured for settings that are malformed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title in Korean, on a terminal that knows Latin letters
    try:
        _Utility(arguments).execute()
        sys.stdout.flush()
    except DatabaseTrouble as error:
        trouble = database.trouble_of(error)
        if trouble is None or "--traceback" in arguments:
            raise
        sys.exit(f"CommandError: {trouble}")
    except ModuleNotFoundError as error:
        wanted = os.environ.get("DJANGO_SETTINGS_MODULE", "")
        if not error.name or not f"{wanted}.".startswith(f"{error.name}."):
            raise
        sys.exit(f"There are no settings called {wanted!r} (--settings, DJANGO_SETTINGS_MODULE).")
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        sys.exit(STOPPED)
    except BrokenPipeError:  # whoever read the output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
