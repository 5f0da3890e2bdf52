#!/usr/bin/env python
"""Django's command line."""

import sys


def main() -> None:
    try:
        from django.core.exceptions import ImproperlyConfigured

        from chatbot_site.commands import run
        from chatbot_site.environment import load_settings
    except ImportError:
        sys.exit("Django is not installed here. Run `make setup`, then use .venv/bin/python manage.py.")
    if not any(argument.startswith("--settings") for argument in sys.argv):
        load_settings()
    try:
        run(sys.argv)
    except ImproperlyConfigured as error:  # what only shows when it is used
        sys.exit(f"The settings are not in order: {error}")


if __name__ == "__main__":
    main()
