"""What is known of models without asking anyone: windows and prices (genai-prices, offline), families, overrides.

The price data is big (about 0.15 s and 5 MB beside the SDKs), so it is loaded at the first need and only for providers
that it knows.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from providers import families, local
from providers.base import ModelInfo, Usage
from providers.chat_models import is_vendors_chat_model, version, without_date
from providers.listed import listed_model
from providers.listed_model import ListedModel
from providers.naming import split_model
from providers.stored import stored

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo as Priced
    from genai_prices.types import Provider as PricedProvider

    from providers.models import ModelOverride

UNKNOWN_CONTEXT_WINDOW = 8192
UNKNOWN_MAX_OUTPUT = 4096
# What these read of a prompt unless told otherwise, whatever the model could.
_OWN_WINDOWS = {"ollama": 4096, "lmstudio": 8192}
_CURATED = 8


def model_info(model: str) -> ModelInfo:
    """All that is known of "provider/model" or a bare name, without any network. Never fails.

    An unknown model gets conservative defaults; a row of ModelOverride has the last word.
    """
    provider, name = split_model(model)
    return info_of(provider, ListedModel(name) if provider == local.NAME else listed_model(provider, name))


def info_of(provider: str, listed: ListedModel) -> ModelInfo:
    """The same for a model as the provider lists it."""
    info = _demo() if provider == local.NAME else _info(provider, listed)
    override = stored().overrides.get(info.id)
    return info if override is None else _overridden(info, override)


def cost_of(model: str, usage: Usage) -> Decimal | None:
    """What an answer cost in US dollars; None when the model's prices are not known."""
    provider, name = split_model(model)
    override = stored().overrides.get(f"{provider}/{name}")
    if override is None or (override.input_price is None and override.output_price is None):
        return _catalogue_cost(provider, name, usage)
    info = model_info(model)
    if info.input_price is None or info.output_price is None:
        return None
    return (info.input_price * usage.input_tokens + info.output_price * usage.output_tokens) / 1_000_000


def curated(provider: str) -> list[str]:
    """A provider's current chat models, newest first: of each family the newest, of the latest two generations."""
    priced = _priced_provider(provider)
    if priced is None:
        return []
    candidates = [model for model in priced.models if _is_current(model)]
    newest: dict[tuple[str, ...], Priced] = {}
    for model in candidates:
        family = _family(model.id)
        if family not in newest or version(model.id) > version(newest[family].id):
            newest[family] = model
    latest: dict[str, int] = {}
    for family, model in newest.items():
        latest[family[0]] = max(latest.get(family[0], 0), version(model.id)[0])
    kept = [model for family, model in newest.items() if version(model.id)[0] >= latest[family[0]] - 1]
    return [model.id for model in sorted(kept, key=_newest_first)][:_CURATED]


def _demo() -> ModelInfo:
    return ModelInfo(
        id=f"{local.NAME}/{local.MODEL}",
        provider=local.NAME,
        name=local.MODEL,
        label=str(local.LABEL),
        context_window=local.CONTEXT_WINDOW,
        max_output=local.CONTEXT_WINDOW // 2,
        max_temperature=families.OPENAI_MAX_TEMPERATURE,
        is_demo=True,
    )


@lru_cache(maxsize=1024)
def _info(provider: str, listed: ListedModel) -> ModelInfo:
    name, priced = listed.name, _priced(provider, listed.name)
    window = listed.context_window or _known_window(provider, name, priced)
    output = listed.max_output or families.max_output(name) or UNKNOWN_MAX_OUTPUT
    input_price, output_price = _prices(priced)
    return ModelInfo(
        id=f"{provider}/{name}" if provider else name,
        provider=provider,
        name=name,
        label=_label(provider, name, priced),
        context_window=window,
        max_output=min(output, window // 2),
        max_temperature=families.max_temperature(name),
        supports_reasoning=families.supports_reasoning(name),
        supports_images=families.supports_images(name) if listed.sees_images is None else listed.sees_images,
        input_price=input_price,
        output_price=output_price,
    )


def _known_window(provider: str, name: str, priced: "Priced | None") -> int:
    """In tokens, from the catalogue, or from the family's name, which says the same whoever serves the model."""
    known = priced.context_window if priced is not None else None
    return known or _OWN_WINDOWS.get(provider) or families.context_window(name) or UNKNOWN_CONTEXT_WINDOW


def _overridden(info: ModelInfo, override: "ModelOverride") -> ModelInfo:
    named = ("label", "context_window", "max_output", "input_price", "output_price", "supports_images")
    chosen = {field: getattr(override, field) for field in named if getattr(override, field) not in ("", None)}
    return replace(info, **chosen)


def _label(provider: str, name: str, priced: "Priced | None") -> str:
    """The maker's own spelling where the data has it ("GPT-6 Sol"), else the name as it is."""
    spelled = priced.name if priced is not None and priced.id == name and provider in ("openai", "anthropic") else None
    return spelled if spelled and not spelled.islower() and spelled[0].isupper() else name


def _priced(provider: str, name: str) -> "Priced | None":
    priced_provider = _priced_provider(provider)
    return priced_provider.find_model(name) if priced_provider is not None and name else None


@cache
def _priced_provider(provider: str) -> "PricedProvider | None":
    if provider not in _PRICED:
        return None
    from genai_prices.data_snapshot import get_snapshot

    return next((known for known in get_snapshot().providers if known.id == provider), None)


# Hosts whose names in OPENAI_COMPATIBLE_SERVERS are taken at their word; servers of one's own have no prices.
_PRICED = frozenset(
    "openai anthropic openrouter groq mistral deepseek together fireworks x-ai google perplexity cerebras".split()
)


def _prices(priced: "Priced | None") -> tuple[Decimal | None, Decimal | None]:
    """Dollars per million tokens of input and of output, the lowest tier."""
    if priced is None:
        return None, None
    prices = priced.get_prices(datetime.now(tz=UTC))
    return _base(prices.input_mtok), _base(prices.output_mtok)


def _base(price: object) -> Decimal | None:
    value = getattr(price, "base", price)
    return value if isinstance(value, Decimal) else None


def _catalogue_cost(provider: str, name: str, usage: Usage) -> Decimal | None:
    priced = _priced(provider, name)
    if priced is None or _prices(priced) == (None, None):
        return None
    import genai_prices

    tokens = genai_prices.Usage(
        input_tokens=max(usage.input_tokens, usage.cached_tokens),
        cache_read_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        return genai_prices.calc_price(tokens, model_ref=name, provider_id=provider).total_price
    except (LookupError, ValueError):
        return None


def _is_current(model: "Priced") -> bool:
    return (
        model.context_window is not None
        and is_vendors_chat_model(model.id)
        and not model.deprecated
        and "preview" not in model.id
        and "oss" not in model.id
        and without_date(model.id) == model.id
    )


def _family(name: str) -> tuple[str, ...]:
    """The name's words without its version: ("gpt", "mini") of gpt-5.4-mini."""
    words = re.split(r"[-.:]", name.removeprefix("chat"))
    return tuple(re.sub(r"\d", "", word) for word in words if re.sub(r"\d|latest", "", word))


def _newest_first(model: "Priced") -> tuple[float, ...]:
    price = _prices(model)[1] or Decimal(0)
    return (*(-part for part in version(model.id)), -float(price))
