"""Loading the settings at the start of a process, which ends with one sentence where that cannot be done."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_VARIABLE = "DJANGO_SETTINGS_MODULE"


def load_settings() -> None:
    """Load the module that DJANGO_SETTINGS_MODULE names, or the site's own. Ends the process where that fails."""
    module = os.environ[_VARIABLE] = os.environ.get(_VARIABLE, "").strip() or "chatbot_site.settings"
    try:
        settings.INSTALLED_APPS  # noqa: B018 - the first look at any setting loads them all
    except ImproperlyConfigured as error:
        sys.exit(f"The settings are not in order: {error}")
    except ModuleNotFoundError as error:
        if not error.name or not f"{module}.".startswith(f"{error.name}."):
            raise
        wrong = f"{_VARIABLE} names no module; for example: {_VARIABLE}=chatbot_site.settings"
        sys.exit(f"The settings are not in order: {wrong}")
