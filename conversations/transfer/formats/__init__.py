"""The products whose exports can be read: for each how its conversations are known and taken apart.

Every parser's docstring names where its format is described. `parse` raises Unreadable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conversations.transfer.formats import chatgpt, claude, librechat, open_webui, own
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value


@dataclass(frozen=True, slots=True)
class Format:
    name: str  # as stored in Conversation.source
    label: str
    recognises: Callable[[Value], bool]
    parse: Callable[[Value], Parsed]


FORMATS = (
    Format("own", "", own.recognises, own.parse),
    Format("chatgpt", "ChatGPT", chatgpt.recognises, chatgpt.parse),
    Format("claude", "Claude", claude.recognises, claude.parse),
    Format("open_webui", "Open WebUI", open_webui.recognises, open_webui.parse),
    Format("librechat", "LibreChat", librechat.recognises, librechat.parse),
)


def format_of(value: Value) -> Format | None:
    return next((known for known in FORMATS if isinstance(value.data, dict) and known.recognises(value)), None)
