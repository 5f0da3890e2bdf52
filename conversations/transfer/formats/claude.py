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

from conversations.text import one_line
from conversations.transfer.documents import Edit, Piece, Revision, block, language_of, language_of_file, titled
from conversations.transfer.formats.common import (
    files,
    from_json,
    is_starred,
    joined,
    moment,
    source_id,
)
from conversations.transfer.formats.parts import said, take_role
from conversations.transfer.formats.tags import tagged
from conversations.transfer.tree import Node, Parsed, grow, versions_of_first
from conversations.transfer.values import Value

NONE_BEFORE = ("00000000-0000-4000-8000-000000000000", "00000000-0000-0000-0000-000000000000")
_TEXTS = frozenset({"text", "voice_note"})
_SILENT = frozenset({"token_budget", "flag", "redacted_thinking"})
_FILES = frozenset({"image", "document"})
# What stands in `text` in place of a tool.
_NOT_SHOWN = re.compile(r"(?:```\s*)?This block is not supported on your current device yet\.(?:\s*```)?")


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
    parent = message.get("parent_message_uuid").key()
    node = Node(message.get("uuid").key() or f"#{number}", parent, "hidden", message.place)
    take_role(node, message.first("sender", "role").text(), parsed.notes, "sender")
    node.is_first = parent in NONE_BEFORE
    node.parent = None if node.is_first else parent
    pieces, node.reasoning = _told(message, parsed)
    node.pieces = [
        *pieces,
        *files(message.get("attachments"), parsed.notes),
        *files(message.get("files"), parsed.notes),
    ]
    node.created_at = moment(message.get("created_at"), parsed.notes)
    node.model = model if node.role == "assistant" and not node.is_quoted else ""
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
        elif kind.endswith("tool_use"):  # of the product itself, of a server ("mcp_tool_use")
            pieces += _of_tool(part, parsed)
        elif kind in _FILES:
            pieces += files(part, parsed.notes)
        elif kind not in _SILENT and not kind.endswith("tool_result"):
            text = said(part, _TEXTS, "block", parsed.notes)
            found, thought = tagged(text)
            pieces += found
            thoughts += thought
            is_said = is_said or bool(text.strip())
    if not is_said:
        text = said(message.get("text"), _TEXTS, "block", parsed.notes)
        found, thought = tagged(_NOT_SHOWN.sub("", text))
        pieces += found
        thoughts += thought
    return pieces, joined(thoughts)


def _of_tool(part: Value, parsed: Parsed) -> list[Piece]:
    """What a tool was told to write or to show; other tools are counted."""
    told = part.get("input")
    if isinstance(told.data, str):
        told = from_json(told.data, told.place)
    path = told.first("path", "file_path", "filename").text()
    key = told.get("id").text() or path
    edits = _edits(told) if key or told.has("title") or told.has("old_str") else []
    if edits:
        language = told.get("language").text() or language_of(told.get("type").text()) or language_of_file(path)
        return [Revision(key, told.get("title").text() or path, language, edits)]
    if told.get("insert_text").data and key:
        return [block(told.get("insert_text").text(), key, language_of_file(path))]
    cards = _cards(told)
    if not cards:
        parsed.notes["tools"] += 1
    return cards


def _edits(told: Value) -> list[Edit]:
    """A document as a whole, or changes of it, one or a list of them."""
    written = told.first("file_text", "content", "new_content")
    if isinstance(written.data, str):
        return [Edit(None, written.text())]
    changes = ((one.first("old_str", "old_string"), one) for one in (told, *told.get("edits").items()))
    return [Edit(old.text(), one.first("new_str", "new_string").text()) for old, one in changes if old.data]


def _cards(told: Value) -> list[Piece]:
    """What people see that is no document: drafts of a letter, a drawing, questions with answers to choose from."""
    cards = [_draft(draft) for draft in told.get("variants").items() if draft.get("body").data]
    drawn = told.get("widget_code").text()
    if drawn.strip():
        kind = "svg" if drawn.lstrip().startswith("<svg") else "html"
        cards.append(block(drawn, told.get("title").text(), kind))
    cards += [_question(question) for question in told.get("questions").items() if question.get("options").data]
    return list(cards)


def _draft(draft: Value) -> str:
    about = (draft.get(name).text().strip() for name in ("label", "subject"))
    return titled(draft.get("body").text(), " – ".join(filter(None, about)))


def _question(question: Value) -> str:
    choices = (f"- {one_line(choice.text())}" for choice in question.get("options").items())
    return titled("\n".join(choices), question.first("question", "text").text())
