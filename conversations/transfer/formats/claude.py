"""Claude: conversations.json of the data export.

Described at https://whychose.com/seo/claude-conversation-export-format and
https://portable-ai-memory.org/providers/anthropic (checked there against a real export).

A list of conversations, each with `chat_messages` in order. Newer ones name the message before
(`parent_message_uuid`, with a uuid of its own for "none") and the end of the current branch. `content` has the text
in blocks, beside thoughts and tools; `text` is what older exports have instead.
"""

from __future__ import annotations

from conversations.transfer.formats.common import moment, names_of, source_id, with_attachments
from conversations.transfer.tree import Node, Parsed, Role, grow
from conversations.transfer.values import Value

_NONE_BEFORE = ("00000000-0000-4000-8000-000000000000", "00000000-0000-0000-0000-000000000000")
_ROLES: dict[str, Role] = {"human": "user", "user": "user", "assistant": "assistant", "system": "system"}


def recognises(value: Value) -> bool:
    return value.has("chat_messages")


def parse(value: Value) -> Parsed:
    parsed = Parsed("claude", source_id(value.get("uuid")), value.get("name").text())
    parsed.created_at = moment(value.get("created_at"), parsed.notes)
    parsed.updated_at = moment(value.get("updated_at"), parsed.notes)
    messages = list(value.get("chat_messages").items())
    is_tree = any(message.has("parent_message_uuid") for message in messages)
    nodes: list[Node] = []
    for index, message in enumerate(messages):
        before = nodes[-1].key if nodes else None
        parent = _parent(message) if is_tree else before
        nodes.append(_node(message, index, parent, parsed, value.get("model").text()))
    leaf = value.get("current_leaf_message_uuid").key() or (nodes[-1].key if nodes else None)
    return grow(parsed, nodes, leaf)


def _parent(message: Value) -> str | None:
    key = message.get("parent_message_uuid").key()
    return None if key in _NONE_BEFORE else key


def _node(message: Value, index: int, parent: str | None, parsed: Parsed, model: str) -> Node:
    role = _ROLES.get(message.get("sender").text(), "hidden")
    node = Node(message.get("uuid").key() or f"#{index}", parent, role, message.place)
    node.content, node.reasoning = _texts(message, parsed)
    files = [*names_of(message.get("attachments"), "file_name"), *names_of(message.get("files"), "file_name")]
    node.content = with_attachments(node.content, files, parsed.notes)
    node.created_at = moment(message.get("created_at"), parsed.notes)
    node.model = model if role == "assistant" else ""
    return node


def _texts(message: Value, parsed: Parsed) -> tuple[str, str]:
    """The text and the thoughts of a message."""
    texts: list[str] = []
    thoughts: list[str] = []
    for block in message.get("content").items():
        kind = block.get("type").text()
        if kind == "text":
            texts.append(block.get("text").text())
        elif kind == "thinking":
            thoughts.append(block.get("thinking").text())
        elif kind == "tool_use":
            parsed.notes["tools"] += 1
    text = "\n\n".join(filter(None, texts)) or ("" if thoughts or texts else message.get("text").text())
    return text, "\n\n".join(filter(None, thoughts))
