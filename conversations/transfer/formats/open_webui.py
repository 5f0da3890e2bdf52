"""Open WebUI: the JSON of "Export chats", or of a single chat.

Described by backend/open_webui/models/chats.py (what a chat has beside `chat`), src/lib/utils/index.ts (how other
products' chats are brought into this shape) and backend/open_webui/utils/middleware.py (`output`) of
github.com/open-webui/open-webui; looked at in api/server/utils/import/__data__/openwebui-export.json of
github.com/danny-avila/LibreChat.

A list of chats with `chat.history.messages`: id to message, a tree by `parentId`, and `currentId`, the end of the
current branch. Thoughts and tools stand inside the text, as <details>, or, in newer ones, as items of `output` beside
the text. Dates are seconds, milliseconds or nanoseconds.
"""

from __future__ import annotations

import re
from html import unescape

from conversations.transfer.documents import block
from conversations.transfer.formats.common import (
    file_parts,
    files,
    is_starred,
    joined,
    moment,
    source_id,
    without_files,
)
from conversations.transfer.formats.parts import TEXTS, said, take_role
from conversations.transfer.tree import Node, Parsed, grow, versions_of_first
from conversations.transfer.values import Value

# Up to the next such tag: texts with thousands of them that never close are read as fast as others.
_DETAILS = re.compile(r"<details\b([^<>]*+)>([^<]*+(?:<(?!/?details\b)[^<]*+)*+)</details>\s*")
# The same at the beginning of a line: in lines that are quoted there may be anything.
_LINE = r"[^<\n]*+(?:<(?!/?details\b)[^<\n]*+)*+"
_WITH_QUOTES = re.compile(
    rf"^<details\b([^<>]*+)>({_LINE}\n(?:(?:>|&gt;)[^\n]*+\n|{_LINE}\n)*+)</details>\s*", re.MULTILINE
)
_SUMMARY = re.compile(r"\A\s*+<summary>[^<]*+(?:<(?!/?summary\b)[^<]*+)*+</summary>")
_KIND = re.compile(r'\btype="(reasoning|tool_calls|code_interpreter)"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
_CALLS = ("function_call", "custom_tool_call", "code_interpreter", "open_webui:code_interpreter", "mcp_call")


def recognises(value: Value) -> bool:
    chat = _chat(value)
    return chat.get("history").has("messages") or (chat.has("messages") and (chat.has("models") or value.has("chat")))


def _chat(value: Value) -> Value:
    return value.get("chat") if isinstance(value.get("chat").data, dict) else value


def parse(value: Value) -> Parsed:
    chat = _chat(value)
    title = value.get("title").text() or chat.get("title").text()
    parsed = Parsed("open_webui", source_id(value.get("id"), chat.get("id")), title, place=value.place)
    created = value.get("created_at")
    parsed.created_at = moment(created if created.is_dated else chat.get("timestamp"), parsed.notes)
    parsed.updated_at = moment(value.get("updated_at"), parsed.notes)
    parsed.is_archived, parsed.is_pinned = value.get("archived").flag(), is_starred(value)
    folder = value.get("folder")
    parsed.folder = folder.get("name").text() if isinstance(folder.data, dict) else folder.text()
    tags = value.get("meta").get("tags")
    parsed.notes["tags"] += sum(1 for _ in (tags if tags.data else chat.get("tags")).items())
    _take_settings(parsed, chat)
    history = chat.get("history")
    messages = history.get("messages") if history.get("messages").data else chat.get("messages")
    nodes = versions_of_first([_node(key, message, parsed) for key, message in messages.entries()])
    return grow(parsed, nodes, history.get("currentId").key())


def _take_settings(parsed: Parsed, chat: Value) -> None:
    params = chat.get("params")
    parsed.system_prompt = params.get("system").text() or chat.get("system").text()
    parsed.temperature = params.get("temperature").number(0, 2)
    longest = params.get("max_tokens").number(0, 1_000_000)
    parsed.max_tokens = int(longest) if longest else None


def _node(key: str, message: Value, parsed: Parsed) -> Node:
    node = Node(key, message.get("parentId").key(), "hidden", message.place)
    take_role(node, message.get("role").text(), parsed.notes)
    node.is_first = message.has("parentId") and message.get("parentId").data is None
    node.children = [child for item in message.get("childrenIds").items() if (child := item.key())]
    text, node.reasoning = _told(message, parsed)
    attached = (file_parts(message.get("content")), message.get("files"))
    node.pieces = [text, *(piece for listed in attached for piece in files(listed, parsed.notes))]
    node.created_at = moment(message.get("timestamp"), parsed.notes)
    node.model = message.get("model").text() if node.role == "assistant" and not node.is_quoted else ""
    return node


def _told(message: Value, parsed: Parsed) -> tuple[str, str]:
    """The text and the thoughts, from wherever this version keeps them."""
    content = said(without_files(message.get("content")), TEXTS, "part", parsed.notes)
    text, thoughts = _texts(content, parsed)
    if not text.strip():
        text, more = _of_output(message.get("output"), parsed)
        thoughts = thoughts or more
    if not text.strip():
        text = message.get("merged").get("content").text()
    error = _error(message.get("error"))
    text = text if error in text else joined([text, error])
    return text, thoughts or message.first("reasoning_content", "reasoning").text()


def _error(error: Value) -> str:
    """What was said of what went wrong. `true` only says that the text is such a sentence."""
    said = error.first("content", "message", "detail") if isinstance(error.data, dict) else error
    return "" if isinstance(said.data, bool) else said.text()


def _texts(content: str, parsed: Parsed) -> tuple[str, str]:
    """The text, and the thoughts that stood in it."""
    thoughts: list[str] = []

    def taken_out(found: re.Match[str]) -> str:
        kind = _KIND.search(found[1])
        if kind is None:
            return found[0]
        if kind[1] == "reasoning":
            thoughts.append(_QUOTED.sub("", unescape(_SUMMARY.sub("", found[2])).strip()))
        else:
            parsed.notes["tools"] += 1
        return ""

    if "<details" not in content:
        return content, ""
    text = _DETAILS.sub(taken_out, _WITH_QUOTES.sub(taken_out, content)).strip()
    return text, joined(thoughts)


def _of_output(output: Value, parsed: Parsed) -> tuple[str, str]:
    """The same of an answer in items, as the Responses API has them."""
    texts: list[str] = []
    thoughts: list[str] = []
    for item in output.items():
        kind = item.get("type").text()
        if kind == "reasoning":
            thoughts.append(item.first("summary", "content").text())
        elif kind.endswith("interpreter") and item.get("code").data:
            texts.append(block(item.get("code").text(), language=item.first("lang", "language").text()))
        elif kind in _CALLS or kind.endswith("_call"):
            parsed.notes["tools"] += 1
        elif not kind.endswith("_output") or kind == "output_text":
            texts.append(said(item, ("message", *TEXTS), "output", parsed.notes))
    return joined(texts), joined(thoughts)
