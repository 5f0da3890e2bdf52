"""Readable names of browsers. What a browser says of itself is a stranger's text: templates must escape it."""

from functools import lru_cache

from django.utils.translation import gettext as _

UNKNOWN = "Other"


def describe(user_agent: str) -> str:
    """ "Firefox on Linux", in the reader's language, from a User-Agent header."""
    browser, system = _families(user_agent)
    if browser != UNKNOWN and system != UNKNOWN:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    known = browser if browser != UNKNOWN else system
    return known if known != UNKNOWN else _("Unknown browser")


@lru_cache(maxsize=256)
def _families(user_agent: str) -> tuple[str, str]:
    from user_agents import parse  # here, since its tables cost memory that only this page needs

    parsed = parse(user_agent)
    return parsed.browser.family, parsed.os.family
