"""How models are written: "provider/model", or the bare name of a family that everybody knows."""

import re
from functools import lru_cache

_BARE = (
    (re.compile(r"(gpt-|chatgpt-|o\d(-|$))"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
)
# What vendors put behind a model's name to say which state of it: a day, a number, or whatever is newest.
_STATE = re.compile(
    r"(?:[-@](?:\d{8}|\d{4}-\d\d-\d\d|\d\d-\d\d(?:-\d{2,4})?|\d\d-\d{4}|\d{3,4}|latest|default)|:latest)\Z"
)
# And what else leads to the same model: a preview of it, a revision, a tag that says how it is served.
_MARK = re.compile(r"(?:[-@](?:preview|exp|experimental|v\d+)|[:@][^:@/]*)\Z")
_TUNED = re.compile(r"ft:([^:]+)(?::.*)?\Z")


def split_model(model: str) -> tuple[str, str]:
    """The provider's and the model's name; the provider is "" for a bare name that could be anybody's."""
    provider, slash, name = model.partition("/")
    if slash and provider:
        return provider, name
    for pattern, owner in _BARE:
        if pattern.match(model):
            return owner, model
    return "", model


def is_another_name(name: str, model: str) -> bool:
    """Whether `name` leads to the same model as `model` at one provider, as far as names tell.

    A dated state, a tag, a tuned version of `model` is one; so is the undated name of a dated `model`, which may lead
    to just that state. Case does not count, and neither does what stands before a name as a path.
    """
    own, meant = _plain(name), _plain(model)
    own = _TUNED.sub(r"\1", own)
    shorter = any(_same(one, meant) for one in (own, *_without(own, (_STATE, _MARK))))
    return shorter or any(_same(own, one) for one in _without(meant, (_STATE,)))


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _same(one: str, other: str) -> bool:
    """The same, or the same behind a path: "models/gemini" is "gemini", and Bedrock's "us.anthropic.claude" Claude."""
    return one == other or one.endswith((f"/{other}", f".{other}")) or other.endswith((f"/{one}", f".{one}"))


@lru_cache(maxsize=4096)
def _without(name: str, endings: "tuple[re.Pattern[str], ...]") -> tuple[str, ...]:
    """`name` without one of these endings, then without the next, and so on."""
    found: list[str] = []
    while shorter := next((less for ending in endings if (less := ending.sub("", name)) not in ("", name)), ""):
        found.append(shorter)
        name = shorter
    return tuple(found)
