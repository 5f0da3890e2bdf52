"""What the site is called."""

from django.conf import settings
from django.utils.translation import gettext as _


def site_name() -> str:
    """SITE_NAME of the settings, or a plain word in the reader's language."""
    return str(getattr(settings, "SITE_NAME", "")) or _("Chat")
