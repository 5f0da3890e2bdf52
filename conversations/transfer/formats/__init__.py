"""The products whose exports can be read: for each how its conversations are known and taken apart.

Every parser's docstring names where its format is described. `parse` raises Unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.transfer.formats import chatgpt, claude, deepseek, librechat, lobechat, open_webui, other, own
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value

ENVELOPES = 3  # lists and objects around a list of conversations, one in the other


@dataclass(frozen=True, slots=True)
class Format:
    name: str  # as stored in Conversation.source
    label: str | Promise
    recognises: Callable[[Value], bool]
    parse: Callable[[Value], Parsed]


FORMATS = (
    Format("own", _("this product"), own.recognises, own.parse),
    Format("deepseek", "DeepSeek", deepseek.recognises, deepseek.parse),  # ahead of ChatGPT: both have a mapping
    Format("chatgpt", "ChatGPT", chatgpt.recognises, chatgpt.parse),
    Format("claude", "Claude", claude.recognises, claude.parse),
    Format("open_webui", "Open WebUI", open_webui.recognises, open_webui.parse),
    Format("librechat", "LibreChat", librechat.recognises, librechat.parse),
    Format("lobechat", "LobeChat", lobechat.recognises, lobechat.parse),
    Format("other", _("another product"), other.recognises, other.parse),
)


def format_of(value: Value) -> Format | None:
    return next((known for known in FORMATS if isinstance(value.data, dict) and known.recognises(value)), None)


def conversations(value: Value, envelopes: int = ENVELOPES) -> Iterator[Value]:
    """The conversations in a value, which may be one, a list of them, or an object around such a list.

    What is none of these comes as it is.
    """
    tables = lobechat.conversations(value)
    if tables is not None:
        yield from tables
    elif envelopes and format_of(value) is None and (around := _around(value)) is not None:
        for inner in around:
            yield from conversations(inner, envelopes - 1)
    else:
        yield value


def _around(value: Value) -> list[Value] | None:
    """What stands in a list, or in the lists and objects of an object, where a conversation is among it."""
    if isinstance(value.data, list):
        if other.recognises(Value({"messages": value.data}, "")):  # a list of messages is one conversation
            return [Value({"messages": value.data}, value.place)]
        return list(value.items()) or None
    if not isinstance(value.data, dict):
        return None
    inner = [value.get(key) for key, data in value.data.items() if isinstance(data, list | dict) and data]
    found = [one for one in inner if _has_conversation(one.data)]
    return found or None


def _has_conversation(data: Any, envelopes: int = ENVELOPES) -> bool:
    value = Value(data, "")
    if format_of(value) is not None or lobechat.conversations(value) is not None:
        return True
    if not envelopes or not isinstance(data, list | dict):
        return False
    some = data[:3] if isinstance(data, list) else list(data.values())[:100]
    return any(_has_conversation(one, envelopes - 1) for one in some if isinstance(one, list | dict))
