"""LibreChat: the JSON of "Export conversation", one conversation a file.

Described by client/src/hooks/Conversations/useExportConversation.ts (which writes it) and
api/server/utils/import/importers.js (which reads it) of github.com/danny-avila/LibreChat; looked at in
api/server/utils/import/__data__/librechat-export.json (recursive) and librechat-opts-nonr-branches.json (flat).

`messages` is a list whose members name their parent, or, exported as recursive, `messagesTree` has messages with
`children`. The parent of a first message is a uuid of zeros.
"""

from __future__ import annotations

from collections.abc import Iterator

from conversations.transfer.formats.common import moment, names_of, source_id, with_attachments
from conversations.transfer.tree import Node, Parsed, grow
from conversations.transfer.values import Value

_NONE_BEFORE = "00000000-0000-0000-0000-000000000000"


def recognises(value: Value) -> bool:
    return value.has("conversationId") and (value.has("messages") or value.has("messagesTree"))


def parse(value: Value) -> Parsed:
    parsed = Parsed("librechat", source_id(value.get("conversationId")), value.get("title").text())
    options = value.get("options")
    model = ""
    if options.data:
        model = options.get("model").text()
        parsed.system_prompt = options.get("promptPrefix").text()
        parsed.temperature = options.get("temperature").number(0, 2)
    tree = value.get("messagesTree")
    messages = tree if tree.data is not None else value.get("messages")
    nodes = [_node(message, index, parent, parsed, model) for index, (message, parent) in enumerate(_walk(messages))]
    return grow(parsed, nodes, None)


def _walk(messages: Value) -> Iterator[tuple[Value, str | None]]:
    """All messages with their parent's id, parents first: a tree may be deeper than Python's stack."""
    waiting: list[tuple[Value, str | None]] = [(message, _parent(message)) for message in messages.items()][::-1]
    while waiting:
        message, parent = waiting.pop()
        yield message, parent
        key = message.get("messageId").key()
        waiting += [(child, key) for child in message.get("children").items()][::-1]


def _parent(message: Value) -> str | None:
    key = message.get("parentMessageId").key()
    return None if key == _NONE_BEFORE else key


def _node(message: Value, index: int, parent: str | None, parsed: Parsed, model: str) -> Node:
    is_question = message.get("isCreatedByUser").flag()
    node = Node(message.get("messageId").key() or f"#{index}", parent, "user" if is_question else "assistant", "")
    node.place = message.place
    node.content, node.reasoning = _texts(message, parsed)
    files = [*names_of(message.get("files"), "filename", "type"), *names_of(message.get("attachments"), "filename")]
    node.content = with_attachments(node.content, files, parsed.notes)
    node.created_at = moment(message.get("createdAt"), parsed.notes)
    node.model = "" if is_question else (message.get("model").text() or model)
    return node


def _texts(message: Value, parsed: Parsed) -> tuple[str, str]:
    """The text and the thoughts: in parts, or, in older exports, one text."""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in message.get("content").items():
        if part.data is None:
            continue
        kind = part.get("type").text()
        if kind == "tool_call":
            parsed.notes["tools"] += 1
        elif kind in ("text", "error"):
            texts.append(_inner(part.get(kind if part.has(kind) else "text")))
        elif kind == "think":
            thoughts.append(_inner(part.get("think")))
    text = "\n\n".join(filter(None, texts)) or message.get("text").text()
    return text, "\n\n".join(filter(None, thoughts))


def _inner(part: Value) -> str:
    """A text, or an object with one."""
    return part.get("value").text() if isinstance(part.data, dict) else part.text()
