"""LobeChat: the JSON of its data export, tables of which messages name their topic or session.

Described by src/types/exportConfig.ts and src/database/repositories/dataExporter of github.com/lobehub/lobe-chat.
`state` (older) or `data` (newer) has `messages`, `topics` and `sessions`; a topic is a conversation, and what has none
is the conversation of its session.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conversations.transfer.formats import other
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value

CONVERSATION = "lobechat-conversation"  # one that `conversations` has put together


def recognises(value: Value) -> bool:
    return value.has(CONVERSATION)


def parse(value: Value) -> Parsed:
    return other.parse(value.get(CONVERSATION), "lobechat")


def conversations(value: Value) -> Iterator[Value] | None:
    """The conversations of an export as a whole; None where it is none of LobeChat."""
    around = (value.get(name) for name in ("state", "data") if value.has(name))
    tables = next((table for table in around if _is_export(table)), None)
    return None if tables is None else _of_tables(tables)


def _is_export(tables: Value) -> bool:
    messages = tables.get("messages").data
    return isinstance(messages, list) and any(
        isinstance(one, dict) and ("topicId" in one or "sessionId" in one) for one in messages[:3]
    )


def _of_tables(tables: Value) -> Iterator[Value]:
    found: dict[str, list[Any]] = {}
    for message in tables.get("messages").items():
        key = message.get("topicId").key() or message.get("sessionId").key() or ""
        found.setdefault(key, []).append(message.data)
    about = {key: item for name in ("sessions", "topics") for key, item in tables.get(name).entries()}
    for key, messages in found.items():
        head = about.get(key)
        known = head.data if head is not None and isinstance(head.data, dict) else {}
        title = known.get("title") or (head.get("meta").get("title").text() if head is not None else "")
        conversation = {**known, "id": key, "title": title, "messages": _by_date(messages)}
        yield Value({CONVERSATION: conversation}, tables.get("messages").place)


def _by_date(messages: list[Any]) -> list[Any]:
    """As they were written; as they stand where one of them does not say when."""
    dates = [Value(message, "").get("createdAt").moment() for message in messages]
    known = [date for date in dates if date is not None]
    if len(known) < len(messages):
        return messages
    return [messages[number] for number in sorted(range(len(messages)), key=known.__getitem__)]
