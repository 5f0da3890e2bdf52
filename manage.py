#!/usr/bin/env python
"""Django's command line."""

import io
import os
import sys


def main() -> None:
    for stream in (sys.stdout, sys.stderr):  # a name may have letters that this terminal has not, or be no text at all
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_site.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Run `make setup`, then use .venv/bin/python manage.py.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a malformed variable, before any command could say so
        sys.exit(f"The settings are not in order: {error}")


if __name__ == "__main__":
    main()
