"""Marks in the text of answers that only the page they come from can show, as what that page shows in their place.

A mark stands between U+E200 and U+E201, its kind and fields apart by U+E202: a link with its label, a name with a card
behind it, a formula. The metadata of the message say of some (`content_references`) what is shown for them. An answer
that was cut off may end within a mark. LibreChat has references alone, and writes each sign also as its escape.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from conversations.text import one_line
from conversations.transfer.documents import titled, unboxed
from conversations.transfer.formats.common import unknown
from conversations.transfer.formats.parts import everything, texts_in
from conversations.transfer.values import Value

_MARK = re.compile("\ue200([^\ue200-\ue202]*)((?:\ue202[^\ue200\ue201]*)?)\ue201")
_REFERENCES = r"(?:\ue202(?:turn\d++[a-z_]*+\d*+|search\d++)?+)*+"
_OPEN = re.compile("\ue200([a-z_]*+)" + _REFERENCES + r"((?:\ue202?[\[{][^\n\ue200\ue201]*+)?+\Z)?+")  # without an end
_ALONE = re.compile(r"\ue202turn\d++[a-z]++\d++")
_ESCAPED, _ESCAPE = re.compile(r"\\ue202turn\d"), re.compile(r"\\ue20([0-4])")
_STRAY = re.compile("[\ue200-\ue206]")
_REFERENCE = re.compile(r"(turn\d+[a-z_]+\d+|search\d+)([,\s]+|\Z)", re.IGNORECASE)  # of no use outside of that page
_SILENT = frozenset({"", "cite", "filecite", "memcite", "image_group", "i", "map", "businesses_map", "entity_metadata"})
_NAMED = frozenset(
    {"entity", "genui", "url", "link_title", "navlist", "product", "product_entity", "products", "video", "finance"}
)
_LETTERS = frozenset({"writing"})  # of one without its end, what is there is text


def shown(text: str, metadata: Value, notes: Counter[str]) -> str:
    """`text` with what people saw instead of the marks."""
    text = unboxed(text)
    if _ESCAPED.search(text):
        text = _ESCAPE.sub(lambda found: chr(0xE200 + int(found[1])), text)
    if not _STRAY.search(text):
        return text
    said = {mark: alt for mark, alt in map(_reference, metadata.get("content_references").items()) if alt}
    text = _MARK.sub(lambda found: said.get(found[0]) or _visible(found[1], found[2][1:].split("\ue202"), notes), text)
    return _STRAY.sub("", _ALONE.sub("", _OPEN.sub(_of_open, text)).replace("\ue202", " "))


def _of_open(found: re.Match[str]) -> str:
    """What follows its kind and its references is text; at the end of an answer the kind may be cut off too."""
    kind, is_last = found[1], found[2] is not None
    is_known = any(known == kind or (is_last and known.startswith(kind)) for known in _SILENT | _NAMED)
    return "" if is_known else found[0]


def _reference(reference: Value) -> tuple[str, str]:
    """A mark, and what is shown for it."""
    return reference.get("matched_text").text(), reference.get("alt").text().strip()


def _visible(kind: str, fields: list[str], notes: Counter[str]) -> str:
    kind = kind.strip()
    if kind in _SILENT:
        return ""
    if kind == "url" and len(fields) > 1 and re.match(r"https?://[^\s<>]+\Z", fields[1]):
        return _link(_label(fields[0]) or fields[1], fields[1])
    said = next((text for field in fields if (text := _of_json(field) or _label(field))), "")
    is_card = any(field.lstrip()[:1] in ("[", "{") for field in fields)
    if kind not in _NAMED | _LETTERS or (is_card and not said):
        unknown(f"mark {kind}", notes)
    return said


def _link(label: str, url: str) -> str:
    label = label.replace("[", "\\[").replace("]", "\\]")
    return f"[{label}](<{url}>)" if "(" in url or ")" in url else f"[{label}]({url})"


def _label(field: str) -> str:
    """A field that people can read: no reference, nothing of JSON."""
    return "" if _is_reference(field) or field.lstrip()[:1] in ("[", "{") else one_line(field)


def _of_json(field: str) -> str:
    """The name in a list of kind, name and description; what is in a widget, a formula as one."""
    try:
        data: Any = json.loads(field)
    except (ValueError, RecursionError):
        return ""
    if isinstance(data, list):
        names = [item for item in data[1:2] or data if isinstance(item, str)]
        return one_line(Value(names[0], "").text()) if names else _of_card(data)
    if not isinstance(data, dict):
        return ""
    widgets = "\n\n".join(filter(None, (_of_widget(name, Value(inner, "")) for name, inner in data.items())))
    return widgets or _of_card(data)


def _of_widget(name: str, inner: Value) -> str:
    text = inner.get("content").text().strip() if isinstance(inner.data, dict) else ""
    return f"\n$$\n{text}\n$$\n" if text and ("math" in name or "latex" in name) else text


def _of_card(data: Any) -> str:
    """A letter under its title; names in a line, of those that stand beside references to what they name."""
    value = Value(data, "")
    body = everything(value.first("body", "text", "content", "markdown"))
    title = value.first("title", "subject", "name", "label").text()
    if body and title:
        return f"\n\n{titled(body, title)}\n\n"
    texts = (one_line(Value(text, "").text()) for text in texts_in(_unreferred(data)) if not _is_reference(text))
    return body or ", ".join(dict.fromkeys(texts))


def _unreferred(data: Any) -> Any:
    """The same with the words beside a reference where words stand: [["turn0product1", "Kettle"]]."""
    if isinstance(data, dict):
        return {name: _unreferred(inner) for name, inner in data.items()}
    if not isinstance(data, list):
        return data
    if data and isinstance(data[0], str) and _is_reference(data[0]):
        return {"name": [item for item in data[1:2] if isinstance(item, str)]}
    return [_unreferred(item) for item in data]


def _is_reference(text: str) -> bool:
    return _REFERENCE.sub("", text).strip() == ""
