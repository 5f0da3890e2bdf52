"""Which model answers when another one fails before its first word."""

from collections.abc import Mapping

from providers.naming import split_model
from providers.stored import stored

MAX_FALLBACKS = 3  # after the model that was asked


def fallback_of(model: str) -> str:
    """The model to ask next, written provider/model; "" when there is none. Never the model itself."""
    full = "/".join(split_model(model.strip()))
    override = stored().overrides.get(full)
    return override.fallback if override is not None and override.fallback != full else ""


def chain_through(model: str, fallbacks: Mapping[str, str]) -> list[str]:
    """The longest chain of fallbacks that `model` is a part of; it ends with a name met before if it is a circle."""
    chains = [_chain(start, fallbacks) for start in {model, *fallbacks}]
    return max((chain for chain in chains if model in chain), key=lambda chain: (is_circle(chain), len(chain)))


def is_circle(chain: list[str]) -> bool:
    """Whether a chain comes back to a model that it has been at."""
    return chain[-1] in chain[:-1]


def _chain(start: str, fallbacks: Mapping[str, str]) -> list[str]:
    chain = [start]
    while (following := fallbacks.get(chain[-1])) and chain[-1] not in chain[:-1]:
        chain.append(following)
    return chain
