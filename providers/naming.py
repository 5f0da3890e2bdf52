"""How models are written: "provider/model", or the bare name of a family that everybody knows."""

import re

_BARE = (
    (re.compile(r"(gpt-|chatgpt-|o\d(-|$))"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
)


def split_model(model: str) -> tuple[str, str]:
    """The provider's and the model's name; the provider is "" for a bare name that could be anybody's."""
    provider, slash, name = model.partition("/")
    if slash and provider:
        return provider, name
    for pattern, owner in _BARE:
        if pattern.match(model):
            return owner, model
    return "", model
