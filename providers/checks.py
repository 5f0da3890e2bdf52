"""System checks: settings that would only fail when somebody asks something are refused at the start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from providers.credentials import EncryptionKeyError, cipher
from providers.limits import Limits
from providers.local import NAME


@register()
def encryption_key(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Every part of a given ENCRYPTION_KEY is a Fernet key. Whether one must be given is the site's own check."""
    if not settings.ENCRYPTION_KEY:
        return []
    try:
        cipher()
    except EncryptionKeyError as error:
        return [Error(str(error), id="providers.E001")]
    return []


@register()
def limits(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """PROVIDER_LIMITS names limits that exist, with positive values."""
    try:
        chosen = Limits.from_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="providers.E002")]
    values = (chosen.connect_seconds, chosen.first_token_seconds, chosen.silence_seconds, chosen.total_seconds)
    if min(*values, chosen.answer_characters) <= 0:
        return [Error("Every one of PROVIDER_LIMITS must be greater than 0.", id="providers.E002")]
    return []


@register()
def servers(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """OPENAI_COMPATIBLE_SERVERS has proper addresses and no name that is taken."""
    found: list[CheckMessage] = []
    for name, base_url in settings.OPENAI_COMPATIBLE_SERVERS.items():
        if name in settings.PROVIDERS or name == NAME or "/" in name:
            found.append(Error(f"OPENAI_COMPATIBLE_SERVERS cannot name a server “{name}”.", id="providers.E003"))
        if not base_url.startswith(("http://", "https://")):
            found.append(
                Error(
                    f"The address of “{name}” in OPENAI_COMPATIBLE_SERVERS must begin with http:// or https://.",
                    id="providers.E003",
                )
            )
    return found


@register()
def local_model(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    if settings.LOCAL_MODEL not in ("auto", "on", "off"):
        return [Error("LOCAL_MODEL must be auto, on or off.", id="providers.E004")]
    return []
