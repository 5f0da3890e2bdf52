"""This product's own format, as `conversations.transfer.exporting` writes it; docs/data-model.md describes it."""

from __future__ import annotations

from conversations.text import cut, one_line
from conversations.transfer.formats.common import moment, names_of, source_id
from conversations.transfer.tree import MODEL_LENGTH, Node, Parsed, grow
from conversations.transfer.values import Value

FORMAT = "chat-conversation"
VERSION = 1
SOURCES = frozenset({"own", "chatgpt", "claude", "open_webui", "librechat"})
LONGEST_ANSWER = 1_000_000
FOLDER_LENGTH = 60


def recognises(value: Value) -> bool:
    return bool(value.get("format").data == FORMAT)


def parse(value: Value) -> Parsed:
    version = value.get("version")
    if version.data != VERSION:
        raise version.problem("unknown")
    conversation = value.get("conversation")
    parsed = _frame(conversation)
    nodes = [_node(message, parsed) for message in conversation.get("messages").items()]
    grow(parsed, nodes, conversation.get("leaf").key(), keeps_empty=True)
    return parsed


def _frame(conversation: Value) -> Parsed:
    """All but the messages."""
    own_id = source_id(conversation.get("id"))
    origin, origin_id = conversation.get("source").text(), source_id(conversation.get("source_id"))
    if origin not in SOURCES or not origin_id:
        origin, origin_id = "own", own_id
    parsed = Parsed(origin, origin_id, conversation.get("title").text(), own_id=own_id)
    parsed.created_at = moment(conversation.get("created_at"), parsed.notes)
    parsed.updated_at = moment(conversation.get("updated_at"), parsed.notes)
    parsed.is_pinned, parsed.is_archived = conversation.get("pinned").flag(), conversation.get("archived").flag()
    parsed.folder = cut(one_line(conversation.get("folder").text()), FOLDER_LENGTH)
    settings = conversation.get("settings")
    if settings.data is not None:
        _take_settings(parsed, settings)
    return parsed


def _take_settings(parsed: Parsed, settings: Value) -> None:
    parsed.model = settings.get("model").text()[:MODEL_LENGTH]
    parsed.temperature = settings.get("temperature").number(0, 2)
    longest = settings.get("max_tokens").number(1, LONGEST_ANSWER)
    parsed.max_tokens = None if longest is None else int(longest)
    parsed.streaming = settings.get("streaming").data is not False
    parsed.system_prompt = settings.get("system_prompt").text()
    parsed.cache_answers = settings.get("cache_answers").data is True


def _node(message: Value, parsed: Parsed) -> Node:
    key, role = message.get("id").key(), message.get("role").text()
    if key is None or role not in ("user", "assistant"):
        raise message.get("id" if key is None else "role").problem("unknown" if key else "missing")
    node = Node(key, message.get("parent").key(), "user" if role == "user" else "assistant", message.place)
    node.content, node.reasoning = message.get("content").text(), message.get("reasoning").text()
    node.model = message.get("model").text()
    node.created_at = moment(message.get("created_at"), parsed.notes)
    parsed.notes["attachments"] += len(names_of(message.get("attachments"), "name"))
    return node
