"""Which of the models that a provider lists are offered for chats, and in which order."""

import re
from collections.abc import Iterable, Sequence

from providers.connections import Connection
from providers.listed_model import ListedModel

# OpenAI's and Anthropic's own names: not on Chat Completions, or no chat at all.
_NO_CHAT_OF_VENDORS = re.compile(
    r"embed|tts|whisper|transcri|realtime|audio|image|dall-e|moderation|davinci|babbage|^ada$|^curie$|codex|instruct$"
    r"|instruct-|deep-research|search|computer-use|live|translate|sora|^ft:|vision-preview|-pro(-|$)|cyber|rosalind|rerank"
)
# Anybody's: as whole words, since "research" and "alive" are parts of names too.
_NO_CHAT = frozenset(
    (
        "embed embedding embeddings embedder embeddinggemma minilm bge whisper tts rerank reranker reranking"
        " moderation moderations"
    ).split()
)
_DATED = re.compile(r"-(?:20\d\d-\d\d-\d\d|20\d{6}|\d{4})$")


def offered(connection: Connection, models: Sequence[ListedModel]) -> list[ListedModel]:
    """The models of a provider's list to choose from: never none of a list that has some."""
    by_name = {model.name: model for model in models}
    if connection.is_official:
        return [by_name[name] for name in menu_order(by_name)] or list(models)
    return [model for model in models if _may_chat(model)] or list(models)


def _may_chat(model: ListedModel) -> bool:
    """What the list says of a model counts; its name only where the list says nothing."""
    if model.chats is not None:
        return model.chats
    return _NO_CHAT.isdisjoint(re.findall(r"[a-z]+", model.name.lower()))


def is_vendors_chat_model(name: str) -> bool:
    """Whether a name in OpenAI's or Anthropic's own list looks like a model to chat with."""
    return _NO_CHAT_OF_VENDORS.search(name.lower()) is None


def without_date(name: str) -> str:
    """The name of a dated version without its date."""
    return _DATED.sub("", name)


def menu_order(names: Iterable[str]) -> list[str]:
    """Chat models of a vendor's own long list: without dated twins, newest first."""
    chat = [name for name in names if is_vendors_chat_model(name)]
    aliases = set(chat)
    kept = [name for name in chat if without_date(name) == name or without_date(name) not in aliases]
    return sorted(kept, key=lambda name: tuple(-part for part in version(name)))


def version(name: str) -> tuple[int, ...]:
    """The version in a model's name: (5, 4) of gpt-5.4-mini, (3, 5) of claude-3-5-haiku."""
    found = re.search(r"(\d{1,2})(?:[.-](\d{1,2})(?![\d]))?", without_date(name))
    return tuple(int(part) for part in found.groups(default="0")) if found else (0, 0)
