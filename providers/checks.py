"""System checks: settings that would only fail when somebody asks something are refused at the start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from providers.limits import Limits


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
