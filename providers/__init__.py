"""The LLM clients: one interface, adapters for the wire formats, a registry, a catalogue of models, stored keys.

Only what is listed here is for other apps. The names are looked up on first use, so importing this package costs
nothing and is safe while Django is still loading its apps.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from providers.access import may_use
    from providers.base import (
        Answer,
        ChatRequest,
        Event,
        Finish,
        FinishReason,
        Image,
        ModelGroup,
        ModelInfo,
        Provider,
        Reasoning,
        Rethought,
        Role,
        Text,
        Turn,
        Usage,
    )
    from providers.catalogue import cost_of, model_info
    from providers.errors import (
        AddressInside,
        AnswerTooLarge,
        AuthenticationFailed,
        BadRequest,
        ConnectionLost,
        ContentRefused,
        ContextTooLong,
        ErrorText,
        ImagesNotTaken,
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
    from providers.fallbacks import MAX_FALLBACKS, fallback_of
    from providers.health import Checked, check_all, known_problems
    from providers.menu import available_models, default_model, models_for_menu
    from providers.moderation import Moderation, moderate
    from providers.registry import close_providers, resolve, warm_up
    from providers.thoughts import move_to_reasoning
    from providers.tokens import estimate_tokens, estimate_turn

_HOMES = {
    "access": "may_use",
    "base": (
        "Answer ChatRequest Event Finish FinishReason Image ModelGroup ModelInfo Provider Reasoning Rethought Role "
        "Text Turn Usage"
    ),
    "catalogue": "cost_of model_info",
    "errors": (
        "AddressInside AnswerTooLarge AuthenticationFailed BadRequest ConnectionLost ContentRefused ContextTooLong "
        "ErrorText ImagesNotTaken InternalError MalformedAnswer ModelUnknown Overloaded PermissionDenied ProviderError "
        "ProviderNotConfigured QuotaExceeded RateLimited TimedOut describe"
    ),
    "fallbacks": "MAX_FALLBACKS fallback_of",
    "health": "Checked check_all known_problems",
    "menu": "available_models default_model models_for_menu",
    "moderation": "Moderation moderate",
    "registry": "close_providers resolve warm_up",
    "thoughts": "move_to_reasoning",
    "tokens": "estimate_tokens estimate_turn",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "MAX_FALLBACKS",
    "AddressInside",
    "Answer",
    "AnswerTooLarge",
    "AuthenticationFailed",
    "BadRequest",
    "ChatRequest",
    "Checked",
    "ConnectionLost",
    "ContentRefused",
    "ContextTooLong",
    "ErrorText",
    "Event",
    "Finish",
    "FinishReason",
    "Image",
    "ImagesNotTaken",
    "InternalError",
    "MalformedAnswer",
    "ModelGroup",
    "ModelInfo",
    "ModelUnknown",
    "Moderation",
    "Overloaded",
    "PermissionDenied",
    "Provider",
    "ProviderError",
    "ProviderNotConfigured",
    "QuotaExceeded",
    "RateLimited",
    "Reasoning",
    "Rethought",
    "Role",
    "Text",
    "TimedOut",
    "Turn",
    "Usage",
    "available_models",
    "check_all",
    "close_providers",
    "cost_of",
    "default_model",
    "describe",
    "estimate_tokens",
    "estimate_turn",
    "fallback_of",
    "known_problems",
    "may_use",
    "model_info",
    "models_for_menu",
    "moderate",
    "move_to_reasoning",
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
