"""This product's own format, as `conversations.transfer.exporting` writes it; docs/data-model.md describes it."""

from __future__ import annotations

import re

from conversations.transfer.formats.common import moment, source_id
from conversations.transfer.formats.parts import TEXTS, said, take_role
from conversations.transfer.tree import MODEL_LENGTH, SHOWN, Node, Parsed, grow
from conversations.transfer.values import Value

FORMAT = "chat-conversation"
VERSION = 1
SOURCES = frozenset({"own", "chatgpt", "claude", "deepseek", "open_webui", "librechat", "lobechat", "other"})
LONGEST_ANSWER = 1_000_000
_LEADING_NUMBER = re.compile(r"\s*v?(\d{1,300}(?:\.\d{1,300})?)", re.IGNORECASE)


def recognises(value: Value) -> bool:
    return bool(value.get("format").data == FORMAT)


def parse(value: Value) -> Parsed:
    _refuse_other_versions(value.get("version"))
    conversation = value.get("conversation")
    parsed = _frame(conversation)
    nodes = [_node(key, message, parsed) for key, message in conversation.get("messages").entries()]
    _quote_late_instructions(nodes)
    grow(parsed, nodes, conversation.get("leaf").key(), keeps_empty=True)
    return parsed


def _refuse_other_versions(version: Value) -> None:
    """Raises Unreadable. Later versions may be written otherwise: "2.1", "v2"."""
    found = _LEADING_NUMBER.match(version.text())
    number = float(found[1]) if found else 0
    if number != VERSION:
        raise version.problem("newer" if number > VERSION else "unknown")


def _quote_late_instructions(nodes: list[Node]) -> None:
    """Nothing here writes instructions in the middle of a conversation: whoever put them there wants to see them."""
    is_under_way = False
    for node in nodes:
        is_under_way = is_under_way or node.role in SHOWN
        if node.role == "system" and is_under_way:
            node.role, node.is_quoted, node.speaker = "assistant", True, "system"


def _frame(conversation: Value) -> Parsed:
    """All but the messages."""
    own_id = source_id(conversation.get("id"))
    origin, origin_id = conversation.get("source").text(), source_id(conversation.get("source_id"))
    if origin not in SOURCES or not origin_id:
        origin, origin_id = "own", own_id
    parsed = Parsed(origin, origin_id, conversation.get("title").text(), own_id=own_id, place=conversation.place)
    parsed.created_at = moment(conversation.get("created_at"), parsed.notes)
    parsed.updated_at = moment(conversation.get("updated_at"), parsed.notes)
    parsed.is_pinned, parsed.is_archived = conversation.get("pinned").flag(), conversation.get("archived").flag()
    parsed.folder = conversation.get("folder").text()
    _take_settings(parsed, conversation.get("settings"))
    return parsed


def _take_settings(parsed: Parsed, settings: Value) -> None:
    parsed.model = settings.get("model").text()[:MODEL_LENGTH]
    parsed.temperature = settings.get("temperature").number(0, 2)
    longest = settings.get("max_tokens").number(1, LONGEST_ANSWER)
    parsed.max_tokens = None if longest is None else int(longest)
    streaming = settings.get("streaming")
    parsed.streaming = streaming.data is None or streaming.flag()
    parsed.system_prompt = settings.get("system_prompt").text()
    parsed.cache_answers = settings.get("cache_answers").flag()


def _node(key: str, message: Value, parsed: Parsed) -> Node:
    node = Node(key, message.get("parent").key(), "hidden", message.place)
    take_role(node, message.get("role").text(), parsed.notes)
    node.pieces = [said(message.get("content"), TEXTS, "content", parsed.notes)]
    node.reasoning = message.get("reasoning").text()
    node.is_first = message.has("parent") and message.get("parent").data is None
    node.model, node.origin = message.get("model").text(), message.get("source_id").text()
    node.created_at = moment(message.get("created_at"), parsed.notes)
    parsed.notes["attachments"] += sum(1 for _file in message.get("attachments").items())
    return node
