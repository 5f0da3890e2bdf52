"""LibreChat: the JSON of "Export conversation", one conversation a file.

Described by client/src/hooks/Conversations/useExportConversation.ts (which writes it) and
api/server/utils/import/importers.js (which reads it) of github.com/danny-avila/LibreChat; looked at in
api/server/utils/import/__data__/librechat-export.json (recursive) and librechat-opts-nonr-branches.json (flat).

`messages` is a list whose members name their parent, or, exported as recursive, `messagesTree` has messages with
`children`. The parent of a first message is a uuid of zeros; the first ones of a tree may do without.
"""

from __future__ import annotations

from collections.abc import Iterator

from conversations.transfer.formats.claude import NONE_BEFORE
from conversations.transfer.formats.common import files, is_starred, joined, moment, source_id
from conversations.transfer.formats.parts import role_named, said, take_role
from conversations.transfer.marks import shown
from conversations.transfer.tree import Node, Parsed, grow, versions_of_first
from conversations.transfer.values import Value

_SILENT = frozenset({"agent_update", "image_url", "image_file", "summary"})


def recognises(value: Value) -> bool:
    return value.has("conversationId") and (value.has("messages") or value.has("messagesTree"))


def parse(value: Value) -> Parsed:
    parsed = Parsed("librechat", source_id(value.get("conversationId")), value.get("title").text(), place=value.place)
    parsed.is_pinned, parsed.is_archived = is_starred(value), value.get("isArchived").flag()
    parsed.created_at = moment(value.get("createdAt"), parsed.notes)
    parsed.updated_at = moment(value.get("updatedAt"), parsed.notes)
    options = value.get("options")
    model = options.get("model").text()
    parsed.system_prompt = options.first("promptPrefix", "system", "instructions").text()
    parsed.temperature = options.get("temperature").number(0, 2)
    longest = options.first("max_tokens", "maxOutputTokens").number(0, 1_000_000)
    parsed.max_tokens = int(longest) if longest else None
    tree = value.get("messagesTree")
    messages = _walk(tree if tree.data else value.get("messages"))
    nodes = [_node(message, key, parent, parsed, model) for message, key, parent in messages]
    for node in nodes if tree.data else ():
        node.is_first = node.parent is None
    return grow(parsed, versions_of_first(nodes), None)


def _walk(messages: Value) -> Iterator[tuple[Value, str, str | None]]:
    """All messages with their id and their parent's, parents first: a tree may be deeper than Python's stack."""
    waiting, count = [(message, _parent(message)) for message in messages.items()][::-1], 0
    while waiting:
        message, parent = waiting.pop()
        key, count = message.get("messageId").key() or f"#{count}", count + 1
        yield message, key, parent
        waiting += [(child, key) for child in message.get("children").items()][::-1]


def _parent(message: Value) -> str | None:
    key = message.get("parentMessageId").key()
    return None if key in NONE_BEFORE else key


def _node(message: Value, key: str, parent: str | None, parsed: Parsed, model: str) -> Node:
    node = Node(key, parent, "assistant", message.place)
    _take_role(node, message, parsed)
    node.is_first = parent is None and message.get("parentMessageId").key() in NONE_BEFORE
    text, node.reasoning = _told(message, parsed)
    node.pieces = [
        shown(text, message.get("metadata"), parsed.notes),
        *files(message.get("files"), parsed.notes, "filename"),
        *files(message.get("attachments"), parsed.notes, "filename"),
    ]
    node.created_at = moment(message.get("createdAt"), parsed.notes)
    node.model = (message.get("model").text() or model) if node.role == "assistant" and not node.is_quoted else ""
    return node


def _take_role(node: Node, message: Value, parsed: Parsed) -> None:
    """Of what no person has written the sender is the name of a model."""
    if message.has("isCreatedByUser"):
        node.role = "user" if message.get("isCreatedByUser").flag() else "assistant"
    elif message.get("role").data:
        take_role(node, message.get("role").text(), parsed.notes)
    else:
        node.role = role_named(message.get("sender").text()) or "assistant"


def _told(message: Value, parsed: Parsed) -> tuple[str, str]:
    """The text and the thoughts: in parts, or, in older exports, one text."""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in message.get("content").items():
        kind = part.get("type").text()
        if kind == "tool_call":
            parsed.notes["tools"] += 1
        elif kind == "think":
            thoughts.append(part.first("think", "text").text())
        elif kind in _SILENT:
            parsed.notes["attachments"] += kind.startswith("image")
        else:
            text = part.first(kind, "text").text() if kind in ("text", "error") else ""
            texts.append(text or said(part, ("text", "error"), "part", parsed.notes))
    return joined(texts) or said(message.get("text"), ("text",), "part", parsed.notes), joined(thoughts)
