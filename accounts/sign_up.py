"""Who may make an account: settings.SIGN_UP is "open", "closed" or a list of e-mail domains, separated by commas."""

from django.conf import settings


def is_open() -> bool:
    """False when only an administrator makes accounts."""
    return bool(_policy() != "closed")


def allowed_domains() -> frozenset[str]:
    """The e-mail domains whose people may sign up, in lower case; empty when anybody or nobody may."""
    if _policy() in ("open", "closed", ""):
        return frozenset()
    return frozenset(name.strip().removeprefix("@") for name in _policy().split(",") if name.strip())


def is_allowed(email: str) -> bool:
    """Whether the owner of that address may sign up, as far as its domain says."""
    domains = allowed_domains()
    return not domains or email.lower().rpartition("@")[2] in domains


def _policy() -> str:
    return str(settings.SIGN_UP).strip().lower()
