"""Who may make an account: settings.SIGN_UP is "open", "closed" or a list of e-mail domains, separated by commas."""

from django.conf import settings


def is_open() -> bool:
    """False when only an administrator makes accounts."""
    return bool(settings.SIGN_UP != "closed")


def allowed_domains() -> frozenset[str]:
    """The e-mail domains whose people may sign up, in lower case; empty when anybody or nobody may."""
    if settings.SIGN_UP in ("open", "closed"):
        return frozenset()
    return frozenset(settings.SIGN_UP.split(","))


def is_allowed(email: str) -> bool:
    """Whether the owner of that address may sign up, as far as its domain says."""
    domains = allowed_domains()
    return not domains or email.lower().rpartition("@")[2] in domains
