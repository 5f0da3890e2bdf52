"""The products whose exports can be read: for each how its conversations are known and taken apart.

Every parser's docstring names where its format is described. `parse` raises Unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.transfer.formats import chatgpt, claude, deepseek, librechat, lobechat, open_webui, other, own
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value

ENVELOPES = 6  # lists and objects around conversations, one in the other


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


def conversations(value: Value) -> Iterator[Value]:
    """The conversations in a value, which may be one, or have them in lists and objects around them.

    Of a list around conversations everything comes, of an object only they: it has much else beside them. What is none
    of these comes as it is.
    """
    found = _inside(value, ENVELOPES)
    if found is not None:
        yield from found
    elif isinstance(value.data, list) and value.data:
        yield from value.items()
    else:
        yield value


def _inside(value: Value, envelopes: int) -> list[Value] | None:
    """The same up to so many lists and objects deep; None where no conversation is among them."""
    if not value.data or not isinstance(value.data, list | dict):
        return None
    if isinstance(value.data, dict):
        tables = lobechat.conversations(value)
        if tables is not None:
            return list(tables)
        if format_of(value) is not None:
            return [value]
    elif other.recognises(Value({"messages": value.data}, "")):
        return [Value({"messages": value.data}, value.place)]  # a list of messages is one conversation
    return _in_members(value, envelopes - 1) if envelopes else None


def _in_members(value: Value, envelopes: int) -> list[Value] | None:
    is_list = isinstance(value.data, list)
    members = value.items() if is_list else (value.get(key) for key in value.data)
    found: list[Value] = []
    is_any = False
    for member in members:
        inner = _inside(member, envelopes)
        is_any = is_any or inner is not None
        found += inner if inner is not None else [member] if is_list else []
    return found if is_any else None
