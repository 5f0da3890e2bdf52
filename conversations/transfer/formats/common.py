"""What the parsers share: dates and shapes that are counted when they cannot be read, and files beside a message."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from conversations.models.message import SOURCE_ID_LENGTH
from conversations.text import cut, one_line
from conversations.transfer.documents import Piece, block, language_of_file
from conversations.transfer.values import Value

UNKNOWN = "unknown:"  # notes that begin so count the shapes that no parser knows, by name
_SHAPE_LENGTH = 60
_STAR = re.compile(r"(?:is_?)?(?:pinned|starred|favou?rited?)(?:_?(?:at|time|on|date))?", re.IGNORECASE)
_FILE_PART = re.compile(r"(?:input_|output_)?(image|audio|video|file|document)(?:_url|_file|_asset\w*)?")
_EXTRACTED = ("extracted_content", "extractedContent", "content", "text")
_CAPTION = ("caption", "alt_text", "alt", "transcript", "transcription")
_TRANSCRIPT = ("transcript", "transcription")


def moment(value: Value, notes: Counter[str]) -> datetime | None:
    """A date; one that is there and cannot be true is left out and counted."""
    found = value.moment()
    if found is None and value.is_dated:
        notes["dates"] += 1
    return found


def unknown(kind: str, notes: Counter[str]) -> None:
    """Count a piece of a kind that nobody here has heard of."""
    notes[UNKNOWN + (cut(one_line(kind), _SHAPE_LENGTH) or "?")] += 1


def is_starred(value: Value) -> bool:
    """What people have put a star on, by whatever name."""
    names = (key for key in value.data if _STAR.fullmatch(key)) if isinstance(value.data, dict) else ()
    return any(value.get(key).flag() for key in names)


def joined(texts: Sequence[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def files(listed: Value, notes: Counter[str], *keys: str) -> list[Piece]:
    """What is said of files beside a message: their text, where the export has it, or else a mark with the name."""
    blocks: list[str] = []
    marks: list[str] = []
    captions: list[str] = []
    for item in listed.items():
        name, text = _name_of(item, *keys), _text_in(item)
        if text.strip():
            blocks.append(block(text, name, language_of_file(name)))
        else:
            marks.append(f"[{one_line(name) or 'file'}]")
        captions.append(item.first(*_CAPTION).text())
    notes["attachments"] += len(marks)
    return [*blocks, " ".join(marks), *captions]


def file_parts(content: Value) -> Value:
    """The parts of a message that are files: "image_url", "input_file"."""
    return Value([part.data for part in content.items() if _is_only_file(part)], content.place)


def without_files(content: Value) -> Value:
    """A content without those."""
    if isinstance(content.data, dict):
        return Value([] if _is_only_file(content) else content.data, content.place)
    if not isinstance(content.data, list):
        return content
    return Value([part.data for part in content.items() if not _is_only_file(part)], content.place)


def _is_only_file(part: Value) -> bool:
    return is_file(part) and not transcript(part)


def is_file(part: Value) -> bool:
    return _FILE_PART.fullmatch(part.get("type").text()) is not None


def transcript(part: Value) -> str:
    """What was said in a recording."""
    holders = (part, part.get(part.get("type").text()), part.get("audio"), part.get("input_audio"))
    return next((text for holder in holders if (text := holder.first(*_TRANSCRIPT).text()).strip()), "")


def _name_of(item: Value, *keys: str) -> str:
    if not isinstance(item.data, dict):
        return item.text()
    names = (*keys, "name", "filename", "file_name", "title")
    name = item.first(*names).text() or item.get("file").first(*names).text()
    kind = item.get("type").text()
    found = _FILE_PART.fullmatch(kind)
    return name or (found[1] if found else kind)


def _text_in(item: Value) -> str:
    """What was taken out of a file for the model to read. Not the file itself, encoded in a URL."""
    for holder in (item, item.get("file"), item.get("file").get("data"), item.get("data")):
        for key in _EXTRACTED:
            text = holder.get(key).data
            if isinstance(text, str) and text.strip() and not text.startswith("data:"):
                return holder.get(key).text()
    source = item.get("source")
    return source.get("data").text() if source.get("type").data == "text" else ""


def source_id(*candidates: Value) -> str:
    """The product's id of a conversation; "" where it has none that can be kept."""
    found = next((key for candidate in candidates if (key := candidate.key())), "")
    return found if len(found) <= SOURCE_ID_LENGTH and found.isprintable() else ""


def from_json(text: str, place: str) -> Value:
    """JSON that stands in a text, as tools are called; None where it is none."""
    try:
        data: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        data = None
    return Value(data, place)
