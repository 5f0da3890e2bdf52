"""System checks of the site: what must be right before strangers are let in, each with the command that puts it right.

Errors stop `manage.py serve`; they are raised with APP_ENV=production only, since development makes do with less.
"""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from chatbot_site.origin import first_name

TAG = "site"
ENVIRONMENTS = ("production", "development", "test")
CHOICES = {
    "MODERATION_API": ("auto", "all", "off"),
    "OPENINGS_SHOWN_TO_OWNER": ("off", "reason", "name"),
    "RUN_GENERATIONS": ("web", "worker"),
}
SECRET_KEY_CHARACTERS = 50
SECRET_KEY_VARIETY = 5

_NEW_SIGNER = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))" and set SECRET_KEY, in .env say.'
_NEW_FERNET = (
    'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    " and set ENCRYPTION_KEY. Keep a copy in a safe place: without it the stored API keys cannot be read."
)
_SET_HOSTS = "Name the addresses that people type: ALLOWED_HOSTS=chat.example.org,www.example.org"


@register(TAG, Tags.security)
def check_environment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """APP_ENV is one of the three names that the settings know."""
    if settings.APP_ENV in ENVIRONMENTS:
        return []
    hint = f"Set APP_ENV to one of: {', '.join(ENVIRONMENTS)}."
    return [Error(f"APP_ENV is {settings.APP_ENV!r}, which means nothing here.", hint=hint, id="chatbot_site.E001")]


@register(TAG, Tags.security)
def check_secret_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Sessions and reset links are signed with SECRET_KEY: in production it must be there and hard to guess."""
    if not settings.PRODUCTION:
        return []
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        return [Error("SECRET_KEY is missing.", hint=_NEW_SIGNER, id="chatbot_site.E002")]
    if _guessable(key):
        return [Error("SECRET_KEY is too easy to guess.", hint=_NEW_SIGNER, id="chatbot_site.E003")]
    return []


def _guessable(key: str) -> bool:
    placeholder = key.startswith("django-insecure-") or "change" in key.lower() or "development-only" in key
    return placeholder or len(key) < SECRET_KEY_CHARACTERS or len(set(key)) < SECRET_KEY_VARIETY


@register(TAG, Tags.security)
def check_encryption_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """ENCRYPTION_KEY (one Fernet key, or several separated by commas, the newest first) is there and well formed."""
    if not settings.ENCRYPTION_KEY:
        if not settings.PRODUCTION:
            return []
        return [Error("ENCRYPTION_KEY is missing.", hint=_NEW_FERNET, id="chatbot_site.E004")]
    if all(_is_fernet_key(key) for key in settings.ENCRYPTION_KEY.split(",")):
        return []
    text = "ENCRYPTION_KEY is not a Fernet key (32 bytes in URL-safe base64; several are separated by commas)."
    return [Error(text, hint=_NEW_FERNET, id="chatbot_site.E005")]


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key.strip())
    except ValueError:
        return False
    return True


@register(TAG, Tags.security)
def check_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """In production the site answers to its own names only."""
    if not settings.PRODUCTION:
        return []
    if not settings.ALLOWED_HOSTS:
        return [
            Error("ALLOWED_HOSTS is empty: every request would be refused.", hint=_SET_HOSTS, id="chatbot_site.E006")
        ]
    if "*" in settings.ALLOWED_HOSTS:
        text = "ALLOWED_HOSTS is *: links in password-reset mails could lead to any host."
        return [Error(text, hint=_SET_HOSTS, id="chatbot_site.E007")]
    if not settings.SITE_ORIGIN and not first_name(settings.ALLOWED_HOSTS):
        text = "ALLOWED_HOSTS has no whole name, so links in mails would have nowhere to lead."
        return [Error(text, hint="Say where the site is: SITE_ORIGIN=https://chat.example.org", id="chatbot_site.E009")]
    return []


@register(TAG, Tags.security)
def check_debug(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Error pages with source and settings are for the developer's own machine."""
    if settings.DEBUG and not settings.DEVELOPMENT:
        hint = "Remove DEBUG, or set APP_ENV=development on your own machine."
        return [Warning("DEBUG is on outside development.", hint=hint, id="chatbot_site.W001")]
    return []


@register(TAG)
def check_choices(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A misspelt word must not open what its owner meant to close."""
    return [
        Error(
            f"{name} is {value!r}, which means nothing here.",
            hint=f"Set it to one of: {', '.join(choices)}.",
            id="chatbot_site.E008",
        )
        for name, choices in CHOICES.items()
        if (value := getattr(settings, name)) not in choices
    ]


@register(TAG)
def check_worker_needs(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Answers made by other processes (RUN_GENERATIONS=worker) want a channel layer and a server database."""
    if settings.RUN_GENERATIONS != "worker":
        return []
    found: list[CheckMessage] = []
    if not settings.REDIS_URL:
        hint = "Set REDIS_URL=redis://localhost:6379/0, or RUN_GENERATIONS=web."
        text = "Answers are made by other processes, but without Redis their words arrive only about once a second."
        found.append(Warning(text, hint=hint, id="chatbot_site.W002"))
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        hint = "Set DATABASE_URL=postgres://user:password@host/name, or RUN_GENERATIONS=web."
        text = "Several processes write to one SQLite file and will wait for each other."
        found.append(Warning(text, hint=hint, id="chatbot_site.W003"))
    return found
