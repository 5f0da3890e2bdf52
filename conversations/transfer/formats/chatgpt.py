"""ChatGPT: conversations.json of the data export, or conversations-000.json and so on in newer ones.

Described at https://whychose.com/seo/chatgpt-conversations-json-format,
https://difegam.github.io/chatgpt-to-markdown/explanation/export-format and .../reference/data-models, and
https://portable-ai-memory.org/providers/openai; looked at in api/server/utils/import/__data__/chatgpt-export.json and
chatgpt-modern-export.json of github.com/danny-avila/LibreChat.

A list of conversations, each with `mapping`: id to node, a tree by `parent`. A node without `message` is the root.
An answer that uses tools is several assistant messages in a row, with the tools' between them; `thoughts` come first.
What is told to the tool `canmore` writes a document beside the conversation.
"""

from __future__ import annotations

from conversations.transfer.documents import Edit, Piece, Revision, block, language_of
from conversations.transfer.formats.common import files, from_json, is_starred, joined, moment, source_id, unknown
from conversations.transfer.formats.parts import everything, role_named, said, take_role
from conversations.transfer.marks import shown
from conversations.transfer.tree import Node, Parsed, Role, grow, versions_of_first
from conversations.transfer.values import Value

_INSTRUCTIONS = frozenset({"user_editable_context", "model_editable_context"})
_TEXTS = frozenset(
    {"", "text", "multimodal_text", "code", "thoughts", "system_error", "execution_output", "tether_quote"}
)
_FILES = {  # parts of a message that are no text
    "image_asset_pointer": "image",
    "audio_asset_pointer": "audio",
    "video_container_asset_pointer": "video",
    "real_time_user_audio_video_asset_pointer": "audio",
}
_SPOKEN = frozenset({"audio", "video"})  # whose words stand beside them
_CANVAS = "canmore."


def recognises(value: Value) -> bool:
    return value.has("mapping") or value.has("default_model_slug") or value.has("conversation_template_id")


def parse(value: Value) -> Parsed:
    key = source_id(value.get("conversation_id"), value.get("id"))
    parsed = Parsed("chatgpt", key, value.get("title").text(), place=value.place)
    parsed.created_at = moment(value.get("create_time"), parsed.notes)
    parsed.updated_at = moment(value.get("update_time"), parsed.notes)
    parsed.is_archived, parsed.is_pinned = value.get("is_archived").flag(), is_starred(value)
    mapping = value.get("mapping")
    if mapping.data is None:
        raise mapping.wrong("object")
    slug = value.get("default_model_slug").text()
    nodes = [_node(key, entry, parsed, slug) for key, entry in mapping.entries()]
    return grow(parsed, versions_of_first(nodes), value.get("current_node").key(), joins_answers=True)


def _node(key: str, entry: Value, parsed: Parsed, slug: str) -> Node:
    message = entry.get("message")
    children = [child for item in entry.get("children").items() if (child := item.key())]
    node = Node(key, entry.get("parent").key(), "hidden", entry.place, children=children)
    node.is_first = entry.has("parent") and entry.get("parent").data is None
    if not isinstance(message.data, dict):
        if message.data is not None or not isinstance(entry.data, dict):
            unknown("message", parsed.notes)
            node.role, node.is_quoted, node.pieces = "assistant", True, [said(message, (), "message", parsed.notes)]
        return node
    _take_role(node, message, parsed)
    if node.role in ("user", "assistant", "system"):
        node.pieces, node.reasoning = _pieces(message, parsed), _thoughts(message, parsed)
        node.created_at = moment(message.get("create_time"), parsed.notes)
    if node.role == "assistant":
        node.model = message.get("metadata").get("model_slug").text() or slug
    return node


def _take_role(node: Node, message: Value, parsed: Parsed) -> None:
    name = message.get("author").get("role").text()
    take_role(node, name, parsed.notes)
    node.role = _role(message, node.role, parsed)


def _role(message: Value, role: Role, parsed: Parsed) -> Role:
    """What has no place in the conversation as people saw it, or another one than its role has."""
    content, kind = message.get("content"), message.get("content").get("content_type").text()
    if kind in _INSTRUCTIONS:
        parsed.notes["instructions"] += 1
        return "hidden"
    if message.get("metadata").get("is_visually_hidden_from_conversation").flag() or kind == "reasoning_recap":
        return "hidden"
    if role == "assistant" and message.get("recipient").text() not in ("", "all"):
        return "assistant" if message.get("recipient").text().startswith(_CANVAS) else "tool"
    if role == "tool" and any(part.has("asset_pointer") for part in content.get("parts").items()):
        return "assistant"  # a picture that was drawn
    return role


def _pieces(message: Value, parsed: Parsed) -> list[Piece]:
    if message.get("recipient").text().startswith(_CANVAS):
        return _of_canvas(message)
    if role_named(message.get("author").get("role").text()) == "tool":
        return _files(message, parsed)  # what it says is meant for the model
    text = shown(_text(message.get("content"), parsed), message.get("metadata"), parsed.notes).strip()
    return [text, *_files(message, parsed)]


def _text(content: Value, parsed: Parsed) -> str:
    kind = content.get("content_type").text()
    if not isinstance(content.data, dict):
        return joined([_part(part, parsed) for part in content.items()])
    if kind == "code":
        language = content.get("language").text()
        return block(content.get("text").text(), language="" if language == "unknown" else language)
    text = joined([_part(part, parsed) for part in content.get("parts").items()])
    around = Value({key: data for key, data in content.members().items() if key != "parts"}, content.place)
    if kind in _TEXTS:
        text = text or content.first("text", "result", "content", "summary").text()
        return text or ("" if kind == "thoughts" else everything(around))
    unknown(f"content {kind}", parsed.notes)
    return joined([text, everything(around)])


def _part(part: Value, parsed: Parsed) -> str:
    """A text, or what has one; what is known to be a file is dealt with elsewhere."""
    kind = part.get("content_type").text()
    return "" if kind in _FILES else said(part, ("text", "audio_transcription"), "part", parsed.notes, kind)


def _thoughts(message: Value, parsed: Parsed) -> str:
    thoughts = message.get("content").get("thoughts")
    text = joined([thought.first("content", "summary").text() for thought in thoughts.items()])
    return shown(text, message.get("metadata"), parsed.notes).strip()


def _files(message: Value, parsed: Parsed) -> list[Piece]:
    attachments = message.get("metadata").get("attachments")
    if attachments.data:
        return files(attachments, parsed.notes, "name", "id")
    kinds = [part.get("content_type").text() for part in message.get("content").get("parts").items()]
    found = [_FILES[kind] for kind in kinds if kind in _FILES]
    if _SPOKEN.issuperset(found) and "audio_transcription" in kinds:
        parsed.notes["attachments"] += len(found)
        return []
    return files(Value(found, message.place), parsed.notes)


def _of_canvas(message: Value) -> list[Piece]:
    """What a message makes of a document; where it is no call that can be read, as it stands."""
    raw = message.get("content").first("text", "parts").text()
    call = from_json(raw, message.place)
    if not isinstance(call.data, dict):
        return [block(raw)] if raw.strip() else []
    comments = [f"> {comment.get('comment').text()}" for comment in call.get("comments").items()]
    title, key = call.first("name", "title").text(), call.get("textdoc_id").text()
    edits = [_edit(update) for update in call.get("updates").items()]
    if call.has("content"):
        edits = [Edit(None, call.get("content").text())]
    revision = Revision(key or title, title, language_of(call.get("type").text()), edits)
    return [*([revision] if edits else []), *comments]


def _edit(update: Value) -> Edit:
    """An update by pattern. Patterns are expressions; those that exports have are nearly all `.*` or plain text."""
    pattern, new = update.get("pattern").text(), update.get("replacement").text()
    return Edit(None if pattern in (".*", "") else pattern, new, update.get("multiple").flag())
