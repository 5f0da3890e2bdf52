"""Any other product's conversation that is a list of messages, each with a role and a text.

TypingMind's `data.chats` (`chatTitle`), chat-ui's conversations (`from`, `ancestors`), ShareGPT's (`conversations`, a
list of messages with `from` and `value`), LobeChat's tables (see `lobechat`), lists of messages as they are sent to a
model, and what scripts make of them.
"""

from __future__ import annotations

from conversations.transfer.documents import Piece
from conversations.transfer.formats.common import (
    file_parts,
    files,
    is_starred,
    joined,
    moment,
    source_id,
    transcript,
    without_files,
)
from conversations.transfer.formats.parts import TEXTS, name_of, role_named, said, take_role
from conversations.transfer.formats.tags import tagged
from conversations.transfer.tree import Node, Parsed, grow
from conversations.transfer.values import Value

_LISTS = ("messages", "turns", "chat", "history", "responses", "conversations", "conversation")
_WHO = ("role", "from", "sender", "author", "speaker", "type")
_WHAT = ("content", "text", "message", "parts", "value", "body", "markdown", "html")
_SEEN = 3  # messages that are looked at


def recognises(value: Value) -> bool:
    return _messages(value) is not None


def _messages(value: Value) -> Value | None:
    for name in filter(value.has, _LISTS):
        listed = value.get(name)
        if isinstance(listed.data, list) and any(_is_message(Value(one, "")) for one in listed.data[:_SEEN]):
            return listed
    return None


def _is_message(value: Value) -> bool:
    return role_named(_who(value)) is not None and any(value.has(key) for key in _WHAT)


def _who(message: Value) -> str:
    return name_of(message.first(*_WHO))


def parse(value: Value, source: str = "other") -> Parsed:
    title = value.first("title", "chatTitle", "name", "topic", "subject").text()
    parsed = Parsed(source, source_id(value.first("id", "_id", "uuid", "chatID", "chat_id")), title, place=value.place)
    parsed.created_at = moment(value.first("created_at", "createdAt", "create_time", "timestamp"), parsed.notes)
    parsed.updated_at = moment(value.first("updated_at", "updatedAt", "update_time"), parsed.notes)
    parsed.is_pinned, parsed.is_archived = is_starred(value), value.first("archived", "isArchived").flag()
    parsed.system_prompt = value.first("preprompt", "systemMessage", "systemPrompt", "system_prompt", "system").text()
    parsed.temperature = value.get("temperature").number(0, 2)
    longest = value.first("max_tokens", "maxTokens").number(0, 1_000_000)
    parsed.max_tokens = int(longest) if longest else None
    folder = value.first("folder", "folderName", "project")
    parsed.folder = folder.get("name").text() if isinstance(folder.data, dict) else folder.text()
    messages = _messages(value) or value.get("messages")
    nodes = [_node(key, message, parsed) for key, message in messages.entries()]
    return grow(parsed, nodes, value.first("currentId", "leaf").key())


def _node(key: str, message: Value, parsed: Parsed) -> Node:
    ancestors = list(message.get("ancestors").items())
    parent = ancestors[-1] if ancestors else message.first("parentId", "parent_id", "parentMessageId", "parent")
    node = Node(key, parent.key(), "hidden", message.place)
    take_role(node, _who(message), parsed.notes)
    text, node.reasoning = _told(message, parsed)
    pieces: list[Piece] = [text]
    if node.role == "assistant":
        pieces, thoughts = tagged(text)
        node.reasoning = joined([node.reasoning, *thoughts])
    attached = (file_parts(message.first(*_WHAT)), message.first("files", "attachments", "fileList"))
    node.pieces = [*pieces, *(piece for listed in attached for piece in files(listed, parsed.notes))]
    dated = message.first("created_at", "createdAt", "create_time", "timestamp", "time")
    node.created_at = moment(dated, parsed.notes)
    model = message.first("model", "fromModel")
    node.model = model.text() if node.role == "assistant" and not node.is_quoted else ""
    return node


def _told(message: Value, parsed: Parsed) -> tuple[str, str]:
    """The text, whole or in parts, and the thoughts."""
    texts: list[str] = []
    thoughts = [message.first("reasoning", "reasoning_content", "thinking").text()]
    for part in without_files(message.first(*_WHAT)).items():
        kind = part.get("type").text()
        if kind in ("thinking", "reasoning"):
            thoughts.append(part.first("thinking", "reasoning", "text").text())
        elif kind.startswith("tool"):
            parsed.notes["tools"] += 1
        else:
            texts.append(said(part, TEXTS, "part", parsed.notes))
    beside = (message.get("refusal").text(), transcript(message))
    return joined(texts) or next(filter(None, beside), ""), joined(thoughts)
