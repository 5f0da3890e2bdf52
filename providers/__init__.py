"""The LLM clients: one interface, adapters for the wire formats, a registry, a catalogue of models, stored keys.

Only what is listed here is for other apps. The names are looked up on first use, so importing this package costs
nothing and is safe while Django is still loading its apps.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from providers.base import (
        Answer,
        ChatRequest,
        Event,
        Finish,
        FinishReason,
        ModelGroup,
        ModelInfo,
        Provider,
        Reasoning,
        Role,
        Text,
        Turn,
        Usage,
    )
    from providers.catalogue import cost_of, model_info
    from providers.errors import (
        AnswerTooLarge,
        AuthenticationFailed,
        BadRequest,
        ConnectionLost,
        ContentRefused,
        ContextTooLong,
        ErrorText,
        InternalError,
        MalformedAnswer,
        ModelUnknown,
        Overloaded,
        PermissionDenied,
        ProviderError,
        ProviderNotConfigured,
        QuotaExceeded,
        RateLimited,
        TimedOut,
        describe,
    )
    from providers.menu import available_models, default_model, models_for_menu
    from providers.registry import close_providers, resolve, warm_up
    from providers.tokens import estimate_tokens

_HOMES = {
    "base": (
        "Answer ChatRequest Event Finish FinishReason ModelGroup ModelInfo Provider Reasoning Role Text Turn Usage"
    ),
    "catalogue": "cost_of model_info",
    "errors": (
        "AnswerTooLarge AuthenticationFailed BadRequest ConnectionLost ContentRefused ContextTooLong ErrorText "
        "InternalError MalformedAnswer ModelUnknown Overloaded PermissionDenied ProviderError ProviderNotConfigured "
        "QuotaExceeded RateLimited TimedOut describe"
    ),
    "menu": "available_models default_model models_for_menu",
    "registry": "close_providers resolve warm_up",
    "tokens": "estimate_tokens",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Answer",
    "AnswerTooLarge",
    "AuthenticationFailed",
    "BadRequest",
    "ChatRequest",
    "ConnectionLost",
    "ContentRefused",
    "ContextTooLong",
    "ErrorText",
    "Event",
    "Finish",
    "FinishReason",
    "InternalError",
    "MalformedAnswer",
    "ModelGroup",
    "ModelInfo",
    "ModelUnknown",
    "Overloaded",
    "PermissionDenied",
    "Provider",
    "ProviderError",
    "ProviderNotConfigured",
    "QuotaExceeded",
    "RateLimited",
    "Reasoning",
    "Role",
    "Text",
    "TimedOut",
    "Turn",
    "Usage",
    "available_models",
    "close_providers",
    "cost_of",
    "default_model",
    "describe",
    "estimate_tokens",
    "model_info",
    "models_for_menu",
    "resolve",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
