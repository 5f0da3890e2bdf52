"""Claude: conversations.json of the data export.

Described at https://whychose.com/seo/claude-conversation-export-format and
https://portable-ai-memory.org/providers/anthropic (checked there against a real export).

A list of conversations, each with `chat_messages` in order. Newer ones name the message before
(`parent_message_uuid`, with a uuid of its own for "none") and the end of the current branch. `content` has the text
in blocks, beside thoughts and tools; `text` is what older exports have instead. Artifacts and files are written by
tools, in the oldest exports by a tag in the text. Pasted text is an attachment with `extracted_content`.
"""

from __future__ import annotations

import re

from conversations.transfer.documents import Edit, Piece, Revision, block, language_of, language_of_file
from conversations.transfer.formats.common import (
    files,
    from_json,
    is_starred,
    joined,
    moment,
    source_id,
    unknown,
)
from conversations.transfer.tree import Node, Parsed, Role, grow, versions_of_first
from conversations.transfer.values import Value

NONE_BEFORE = ("00000000-0000-4000-8000-000000000000", "00000000-0000-0000-0000-000000000000")
_ROLES: dict[str, Role] = {"human": "user", "user": "user", "assistant": "assistant", "system": "system"}
_TEXTS = frozenset({"text", "voice_note"})
_SILENT = frozenset({"tool_result", "token_budget", "flag", "redacted_thinking"})
# Up to the next such tag: texts with thousands of them that never close are read as fast as others.
_ARTIFACT = re.compile(r"<antArtifact\b([^<>]*+)>([^<]*+(?:<(?!/?antArtifact\b)[^<]*+)*+)</antArtifact>")
_ATTRIBUTE = re.compile(r'(?<!\w)(\w++)="([^"]*+)"')
# What stands in `text` in place of a tool.
_NOT_SHOWN = re.compile(r"(?:```\s*)?This block is not supported on your current device yet\.(?:\s*```)?")
_THINKING = re.compile(r"<antThinking>[^<]*+(?:<(?!/?antThinking\b)[^<]*+)*+</antThinking>\s*")


def recognises(value: Value) -> bool:
    return value.has("chat_messages")


def parse(value: Value) -> Parsed:
    parsed = Parsed("claude", source_id(value.get("uuid")), value.get("name").text(), place=value.place)
    parsed.created_at = moment(value.get("created_at"), parsed.notes)
    parsed.updated_at = moment(value.get("updated_at"), parsed.notes)
    parsed.is_pinned, parsed.is_archived = is_starred(value), value.get("is_archived").flag()
    parsed.folder = value.get("project").get("name").text()
    model = value.get("model").text()
    messages = [message for _, message in value.get("chat_messages").entries()]
    nodes = [_node(message, number, parsed, model) for number, message in enumerate(messages)]
    leaf = value.get("current_leaf_message_uuid").key() or (nodes[-1].key if nodes else None)
    return grow(parsed, versions_of_first(nodes), leaf)


def _node(message: Value, number: int, parsed: Parsed, model: str) -> Node:
    name, parent = message.get("sender").text(), message.get("parent_message_uuid").key()
    if name not in _ROLES:
        unknown(f"sender {name}", parsed.notes)
    role = _ROLES.get(name, "hidden")
    node = Node(message.get("uuid").key() or f"#{number}", parent, role, message.place)
    node.is_first = parent in NONE_BEFORE
    node.parent = None if node.is_first else parent
    pieces, node.reasoning = _told(message, parsed)
    node.pieces = [
        *pieces,
        *files(message.get("attachments"), parsed.notes),
        *files(message.get("files"), parsed.notes),
    ]
    node.created_at = moment(message.get("created_at"), parsed.notes)
    node.model = model if role == "assistant" else ""
    return node


def _told(message: Value, parsed: Parsed) -> tuple[list[Piece], str]:
    """What a message says and makes, and the thoughts before it."""
    pieces: list[Piece] = []
    thoughts: list[str] = []
    is_said = False
    for part in message.get("content").items():
        kind = part.get("type").text()
        if kind == "thinking":
            thoughts.append(part.first("thinking", "text").text() or part.get("summaries").text())
        elif kind == "tool_use":
            pieces += _of_tool(part, parsed)
        elif kind not in _SILENT:
            if kind not in _TEXTS and isinstance(part.data, dict):
                unknown(f"block {kind}", parsed.notes)
            pieces += _of_text(part.text())
            is_said = is_said or bool(part.text().strip())
    if not is_said:
        pieces += _of_text(_NOT_SHOWN.sub("", message.get("text").text()))
    return pieces, joined(thoughts)


def _of_text(text: str) -> list[Piece]:
    """A text, with the artifacts that stand in it."""
    pieces: list[Piece] = []
    text, end = _THINKING.sub("", text) if "<antThinking>" in text else text, 0
    for found in _ARTIFACT.finditer(text) if "<antArtifact" in text else ():
        about: dict[str, str] = dict(_ATTRIBUTE.findall(found[1]))
        language = about.get("language") or language_of(about.get("type", ""))
        key = about.get("identifier", "")
        pieces += [text[end : found.start()], Revision(key, about.get("title", key), language, [Edit(None, found[2])])]
        end = found.end()
    return [*pieces, text[end:]] if end else [text]


def _of_tool(part: Value, parsed: Parsed) -> list[Piece]:
    """What a tool was told to write; other tools are counted."""
    told = part.get("input")
    if isinstance(told.data, str):
        told = from_json(told.data, told.place)
    path = told.first("path", "file_path", "filename").text()
    key = told.get("id").text() or path
    written = told.first("file_text", "content", "new_content")
    edits = [Edit(None, written.text())] if isinstance(written.data, str) and (key or told.has("title")) else []
    if not edits and told.has("old_str"):
        edits = [Edit(told.get("old_str").text(), told.get("new_str").text())]
    if not edits and told.get("insert_text").data and key:
        return [block(told.get("insert_text").text(), key, language_of_file(path))]
    if not edits:
        parsed.notes["tools"] += 1
        return []
    language = told.get("language").text() or language_of(told.get("type").text()) or language_of_file(path)
    return [Revision(key, told.get("title").text() or path, language, edits)]
