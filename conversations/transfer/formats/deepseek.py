"""DeepSeek: conversations.json of the data export.

Described by what reads it: main.py of github.com/DavidShiang/DeepSeek2md.

A list of conversations, each with `mapping`: id to node, a tree by `parent`. A message has no role but `fragments`,
each of a kind: what was asked, the answer, the thoughts before it, searches and links that were read.
"""

from __future__ import annotations

from itertools import islice

from conversations.transfer.formats.common import files, is_starred, joined, moment, source_id
from conversations.transfer.formats.parts import TEXTS, name_of, said, take_role
from conversations.transfer.tree import Node, Parsed, grow
from conversations.transfer.values import Value

_TOOLS = frozenset({"SEARCH", "READ_LINK", "TOOL_SEARCH", "TOOL_OPEN"})
_SEEN = 5  # nodes that are looked at


def recognises(value: Value) -> bool:
    mapping = value.get("mapping").data
    nodes = islice(mapping.values(), _SEEN) if isinstance(mapping, dict) else ()
    return any(Value(node, "").get("message").has("fragments") for node in nodes)


def parse(value: Value) -> Parsed:
    parsed = Parsed("deepseek", source_id(value.get("id")), value.get("title").text(), place=value.place)
    parsed.created_at = moment(value.get("inserted_at"), parsed.notes)
    parsed.updated_at = moment(value.get("updated_at"), parsed.notes)
    parsed.is_pinned = is_starred(value)
    nodes = [_node(key, entry, parsed) for key, entry in value.get("mapping").entries()]
    return grow(parsed, nodes, value.first("current_message_id", "current_node").key())


def _node(key: str, entry: Value, parsed: Parsed) -> Node:
    message = entry.get("message")
    children = [child for item in entry.get("children").items() if (child := item.key())]
    node = Node(key, entry.get("parent").key(), "hidden", entry.place, children=children)
    if not message.has("fragments"):
        if message.data:
            take_role(node, name_of(message.first("role", "author")), parsed.notes)
            node.pieces = [said(message.first("content", "text", "parts"), TEXTS, "message", parsed.notes)]
        return node
    texts: list[str] = []
    thoughts: list[str] = []
    node.role = "assistant"
    for fragment in message.get("fragments").items():
        kind = fragment.get("type").text().upper()
        if kind == "REQUEST":
            node.role = "user"
        if kind == "THINK":
            thoughts.append(fragment.get("content").text())
        elif kind in _TOOLS:
            parsed.notes["tools"] += 1
        else:
            texts.append(said(fragment, ("REQUEST", "RESPONSE"), "fragment", parsed.notes, kind))
    node.pieces, node.reasoning = [joined(texts), *files(message.get("files"), parsed.notes)], joined(thoughts)
    node.created_at = moment(message.get("inserted_at"), parsed.notes)
    node.model = message.get("model").text() if node.role == "assistant" else ""
    return node
