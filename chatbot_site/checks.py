"""System checks of the site: what must be right before strangers are let in, each with the command that puts it right.

What each setting may be is the reader's to say (chatbot_site.environment); here is what they are together.

Errors stop `manage.py serve`; they are raised with APP_ENV=production only, since development makes do with less.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from chatbot_site.origin import first_name

TAG = "site"
SECRET_KEY_CHARACTERS = 50
SECRET_KEY_VARIETY = 5
A_YEAR = 31_536_000  # seconds

_NEW_SIGNER = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))" and set SECRET_KEY, in .env say.'
_NEW_FERNET = (
    'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    " and set ENCRYPTION_KEY. Keep a copy in a safe place: without it the stored API keys cannot be read."
)
_SET_HOSTS = "Name the addresses that people type: ALLOWED_HOSTS=chat.example.org,www.example.org"


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
    """In production stored API keys can be encrypted."""
    if settings.ENCRYPTION_KEY or not settings.PRODUCTION:
        return []
    return [Error("ENCRYPTION_KEY is missing.", hint=_NEW_FERNET, id="chatbot_site.E004")]


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
def check_origin(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links in mails lead where the site answers."""
    parts = urlsplit(settings.SITE_ORIGIN)
    if not settings.PRODUCTION or not settings.SITE_ORIGIN or not settings.ALLOWED_HOSTS:
        return []
    if not validate_host(parts.hostname or "", settings.ALLOWED_HOSTS):
        text = f"Links would lead to {settings.SITE_ORIGIN}, a name that is not in ALLOWED_HOSTS."
        return [Error(text, hint="Correct SITE_ORIGIN, or add the name to ALLOWED_HOSTS.", id="chatbot_site.E010")]
    if (parts.scheme == "https") != settings.HTTPS:
        text = f"Links would lead to {settings.SITE_ORIGIN}, but HTTPS is {'on' if settings.HTTPS else 'off'}."
        return [Error(text, hint="Correct SITE_ORIGIN, or set HTTPS.", id="chatbot_site.E011")]
    return []


@register(TAG, Tags.security)
def check_debug(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Error pages with source and settings are for the developer's own machine."""
    if settings.DEBUG_IS_ASKED_FOR and not settings.DEVELOPMENT:
        hint = "Remove DEBUG, or set APP_ENV=development on your own machine."
        return [Warning("DEBUG does nothing outside development.", hint=hint, id="chatbot_site.W001")]
    return []


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


@register(TAG)
def check_names(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A variable that is nearly one of ours was meant for one of ours."""
    from chatbot_site.settings import env

    return [
        Warning(
            f"{name} is no setting of this site, and counts for nothing.",
            hint=f"Is {meant} meant? Correct its name.",
            id="chatbot_site.W004",
        )
        for name, meant in env.misspelt()
    ]


@register(TAG)
def check_preloading(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Browsers' makers preload only what holds for a year and for all subdomains."""
    whole = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS and settings.SECURE_HSTS_SECONDS >= A_YEAR
    if whole or not settings.SECURE_HSTS_PRELOAD:
        return []
    hint = "Set HSTS_SUBDOMAINS=true and HSTS_SECONDS=31536000, or HSTS_PRELOAD=false."
    return [Warning("HSTS_PRELOAD is on without what it takes.", hint=hint, id="chatbot_site.W005")]
