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
    about = _table(tables, "sessions") | _table(tables, "topics")
    agents = _Agents(tables)
    for key, messages in found.items():
        head = about.get(key, Value(None, ""))
        known = head.data if isinstance(head.data, dict) else {}
        title = known.get("title") or head.get("meta").get("title").text()
        settings = agents.settings(head, Value(messages[0], ""))
        conversation = {**known, **settings, "id": key, "title": title, "messages": _by_date(messages)}
        yield Value({CONVERSATION: conversation}, tables.get("messages").place)


def _table(tables: Value, name: str) -> dict[str, Value]:
    """What a table has, by id; nothing of what is no table."""
    table = tables.get(name)
    return dict(table.entries()) if isinstance(table.data, list | dict) else {}


class _Agents:
    """How agents are told to answer: older exports have it in the session, newer ones in a table of agents."""

    def __init__(self, tables: Value) -> None:
        self._sessions, self._agents = _table(tables, "sessions"), _table(tables, "agents")
        self._links: dict[str, list[str]] = {}
        for link in tables.get("agentsToSessions").items():
            session, agent = link.get("sessionId").key(), link.get("agentId").key()
            if session and agent:
                self._links.setdefault(session, []).append(agent)

    def settings(self, head: Value, message: Value) -> dict[str, Any]:
        """Those of a conversation, a topic or a session, one of whose messages this is."""
        told = [head, *self._of_session(head, message)]
        told = [inner for one in told for inner in (one, one.get("config"))]
        prompts = [prompt for one in told if (prompt := one.get("systemRole").text().strip())]
        params = [inner for one in told for inner in (one.get("params"), one.get("chatConfig"), one)]
        return {
            "systemPrompt": "\n\n".join(dict.fromkeys(prompts)),
            "temperature": _first(params, "temperature"),
            "max_tokens": _first(params, "max_tokens"),
        }

    def _of_session(self, head: Value, message: Value) -> Iterator[Value]:
        """The session that it belongs to, and the agents of both."""
        session = head.get("sessionId").key() or message.get("sessionId").key() or head.get("id").key() or ""
        yield self._sessions.get(session, Value(None, ""))
        holders = (message, head, self._sessions.get(session, Value(None, "")))
        named = [key for one in holders if (key := one.get("agentId").key())]
        for key in dict.fromkeys([*named, *self._links.get(session, [])]):
            yield self._agents.get(key, Value(None, ""))


def _first(told: list[Value], name: str) -> Any:
    return next((one.get(name).data for one in told if one.get(name).data is not None), None)


def _by_date(messages: list[Any]) -> list[Any]:
    """As they were written; as they stand where one of them does not say when."""
    dates = [Value(message, "").get("createdAt").moment() for message in messages]
    known = [date for date in dates if date is not None]
    if len(known) < len(messages):
        return messages
    return [messages[number] for number in sorted(range(len(messages)), key=known.__getitem__)]
