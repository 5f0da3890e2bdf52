"""Open WebUI: the JSON of "Export chats", or of a single chat.

Described by backend/open_webui/models/chats.py (what a chat has beside `chat`) and src/lib/utils/index.ts (how other
products' chats are brought into this shape) of github.com/open-webui/open-webui; looked at in
api/server/utils/import/__data__/openwebui-export.json of github.com/danny-avila/LibreChat.

A list of chats with `chat.history.messages`: id to message, a tree by `parentId`, and `currentId`, the end of the
current branch. Thoughts and tools stand inside the text, as <details>. Dates are seconds or milliseconds.
"""

from __future__ import annotations

import re
from html import unescape

from conversations.transfer.formats.common import moment, names_of, source_id, with_attachments
from conversations.transfer.tree import Node, Parsed, Role, grow
from conversations.transfer.values import Value

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system", "tool": "tool"}
_DETAILS = re.compile(
    r'<details\s[^>]*?type="(reasoning|tool_calls|code_interpreter)"[^>]*>(.*?)</details>\s*', re.DOTALL
)
_SUMMARY = re.compile(r"<summary>.*?</summary>", re.DOTALL)
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def recognises(value: Value) -> bool:
    return _chat(value).has("history") or (_chat(value).has("messages") and _chat(value).has("models"))


def _chat(value: Value) -> Value:
    return value.get("chat") if value.has("chat") else value


def parse(value: Value) -> Parsed:
    chat = _chat(value)
    title = value.get("title").text() or chat.get("title").text()
    parsed = Parsed("open_webui", source_id(value.get("id"), chat.get("id")), title)
    parsed.created_at = moment(
        value.get("created_at") if value.has("created_at") else chat.get("timestamp"), parsed.notes
    )
    parsed.updated_at = moment(value.get("updated_at"), parsed.notes)
    parsed.is_archived, parsed.is_pinned = value.get("archived").flag(), value.get("pinned").flag()
    parsed.system_prompt = _system_prompt(chat)
    history = chat.get("history")
    if history.data is None:
        return grow(parsed, _in_a_row(chat, parsed), None)
    nodes = [_node(key, message, parsed) for key, message in history.get("messages").entries()]
    return grow(parsed, nodes, history.get("currentId").key())


def _system_prompt(chat: Value) -> str:
    params = chat.get("params")
    return (params.get("system").text() if params.data else "") or chat.get("system").text()


def _in_a_row(chat: Value, parsed: Parsed) -> list[Node]:
    """The messages of a chat from before there were branches."""
    nodes: list[Node] = []
    for index, message in enumerate(chat.get("messages").items()):
        node = _node(f"#{index}", message, parsed)
        node.parent = nodes[-1].key if nodes else None
        nodes.append(node)
    return nodes


def _node(key: str, message: Value, parsed: Parsed) -> Node:
    role = _ROLES.get(message.get("role").text(), "hidden")
    node = Node(key, message.get("parentId").key(), role, message.place)
    node.content, node.reasoning = _texts(_content(message), parsed)
    node.content = with_attachments(node.content, names_of(message.get("files"), "name", "type"), parsed.notes)
    node.created_at = moment(message.get("timestamp"), parsed.notes)
    node.model = message.get("model").text() if role == "assistant" else ""
    return node


def _content(message: Value) -> str:
    content = message.get("content")
    if not isinstance(content.data, list):
        return content.text()
    return "\n\n".join(filter(None, (part.get("text").text() for part in content.items())))


def _texts(content: str, parsed: Parsed) -> tuple[str, str]:
    """The text, and the thoughts that stood in it."""
    thoughts: list[str] = []

    def taken_out(found: re.Match[str]) -> str:
        if found[1] == "reasoning":
            thoughts.append(_QUOTED.sub("", unescape(_SUMMARY.sub("", found[2])).strip()))
        else:
            parsed.notes["tools"] += 1
        return ""

    if "<details" not in content:
        return content, ""
    text = _DETAILS.sub(taken_out, content).strip()
    return text, "\n\n".join(thoughts)
