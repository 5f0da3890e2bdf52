#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_site.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured

        from chatbot_site.commands import run
    except ImportError:
        sys.exit("Django is not installed here. Run `make setup`, then use .venv/bin/python manage.py.")
    try:
        run(sys.argv)
    except ImproperlyConfigured as error:  # a malformed variable, before any command could say so
        sys.exit(f"The settings are not in order: {error}")


if __name__ == "__main__":
    main()
