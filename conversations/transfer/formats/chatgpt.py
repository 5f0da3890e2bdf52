"""ChatGPT: conversations.json of the data export, or conversations-000.json and so on in newer ones.

Described at https://whychose.com/seo/chatgpt-conversations-json-format,
https://difegam.github.io/chatgpt-to-markdown/explanation/export-format and .../reference/data-models, and
https://portable-ai-memory.org/providers/openai; looked at in api/server/utils/import/__data__/chatgpt-export.json and
chatgpt-modern-export.json of github.com/danny-avila/LibreChat.

A list of conversations, each with `mapping`: id to node, a tree by `parent`. A node without `message` is the root.
An answer that uses tools is several assistant messages in a row, with the tools' between them; `thoughts` come first.
"""

from __future__ import annotations

import re

from conversations.transfer.formats.common import moment, names_of, source_id, with_attachments
from conversations.transfer.tree import Node, Parsed, Role, grow
from conversations.transfer.values import Value

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system", "tool": "tool"}
_LEFT_OUT = frozenset({"user_editable_context", "model_editable_context", "reasoning_recap", "system_error"})
_CITATION = re.compile("\ue200.*?\ue201", re.DOTALL)  # marks that only ChatGPT's own page can show


def recognises(value: Value) -> bool:
    return value.has("mapping") or value.has("default_model_slug") or value.has("conversation_template_id")


def parse(value: Value) -> Parsed:
    parsed = Parsed("chatgpt", source_id(value.get("conversation_id"), value.get("id")), value.get("title").text())
    parsed.created_at = moment(value.get("create_time"), parsed.notes)
    parsed.updated_at = moment(value.get("update_time"), parsed.notes)
    parsed.is_archived = value.get("is_archived").flag()
    mapping = value.get("mapping")
    if mapping.data is None:
        raise mapping.wrong("object")
    slug = value.get("default_model_slug").text()
    nodes = [_node(key, entry, parsed, slug) for key, entry in mapping.entries()]
    return grow(parsed, nodes, value.get("current_node").key(), joins_answers=True)


def _node(key: str, entry: Value, parsed: Parsed, slug: str) -> Node:
    parent, message = entry.get("parent").key(), entry.get("message")
    if message.data is None:
        return Node(key, parent, "hidden", entry.place)
    node = Node(key, parent, _role(message), entry.place)
    if node.role in ("user", "assistant", "system"):
        content = message.get("content")
        node.content, node.reasoning = _text(content), _thoughts(content)
        node.content = with_attachments(node.content, _attachments(message), parsed.notes)
        node.created_at = moment(message.get("create_time"), parsed.notes)
    if node.role == "assistant":
        node.model = message.get("metadata").get("model_slug").text() if message.get("metadata").data else ""
        node.model = node.model or slug
    return node


def _role(message: Value) -> Role:
    role = _ROLES.get(message.get("author").get("role").text(), "hidden")
    metadata, content = message.get("metadata"), message.get("content")
    if metadata.data and metadata.get("is_visually_hidden_from_conversation").flag():
        return "hidden"
    if content.data is None or content.get("content_type").text() in _LEFT_OUT:
        return "hidden"
    if role == "assistant" and message.get("recipient").text() not in ("", "all"):
        return "tool"  # what it tells a tool to do
    return role


def _text(content: Value) -> str:
    kind = content.get("content_type").text()
    if kind == "code":
        language = content.get("language").text()
        return f"```{'' if language == 'unknown' else language}\n{content.get('text').text()}\n```"
    parts = [_part(part) for part in content.get("parts").items()]
    return _CITATION.sub("", "\n\n".join(filter(None, parts))).strip()


def _part(part: Value) -> str:
    """A text; of the other kinds only what was said aloud is text."""
    if isinstance(part.data, dict):
        return part.get("text").text() if part.get("content_type").text() == "audio_transcription" else ""
    return part.text()


def _thoughts(content: Value) -> str:
    thoughts = [thought.get("content").text() for thought in content.get("thoughts").items()]
    return "\n\n".join(filter(None, thoughts))


def _attachments(message: Value) -> list[str]:
    metadata = message.get("metadata")
    if metadata.data and metadata.get("attachments").data:
        return names_of(metadata.get("attachments"), "name", "id")
    parts = message.get("content").get("parts").items()
    return ["image" for part in parts if isinstance(part.data, dict) and part.has("asset_pointer")]
