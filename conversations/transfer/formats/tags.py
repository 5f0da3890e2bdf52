"""Documents and thoughts that stand in an answer as tags: of Claude in its oldest exports, and of LobeChat."""

from __future__ import annotations

import re

from conversations.transfer.documents import Edit, Piece, Revision, language_of

# Up to the next such tag: texts with thousands of them that never close are read as fast as others.
_ARTIFACT = re.compile(
    r'<(ant|lobe)Artifact\b(?P<about>(?:[^<>"]|"[^"\n]*+")*+)>'
    r"(?P<text>[^<]*+(?:<(?!/?(?:ant|lobe)Artifact\b)[^<]*+)*+)(?P<end></\1Artifact>|\Z)"
)
_THINKING = re.compile(r"<(ant|lobe)Thinking>([^<]*+(?:<(?!/?(?:ant|lobe)Thinking\b)[^<]*+)*+)</\1Thinking>\s*")
_ATTRIBUTE = re.compile(r'(?<!\w)(\w++)="([^"]*+)"')


def tagged(text: str) -> tuple[list[Piece], list[str]]:
    """The text with its documents, and the thoughts that stood in it. A document may be cut off at the text's end."""
    thoughts: list[str] = []

    def taken_out(found: re.Match[str]) -> str:
        thoughts.append(found[2].strip())
        return ""

    text = _THINKING.sub(taken_out, text) if "Thinking>" in text else text
    pieces: list[Piece] = []
    end = 0
    for found in _ARTIFACT.finditer(text) if "Artifact" in text else ():
        about: dict[str, str] = dict(_ATTRIBUTE.findall(found["about"]))
        if not found["end"] and "identifier" not in about:
            continue  # only talk of such a tag
        language, key = about.get("language") or language_of(about.get("type", "")), about.get("identifier", "")
        document = Revision(key, about.get("title", key), language, [Edit(None, found["text"])])
        pieces += [text[end : found.start()], document]
        end = found.end()
    return ([*pieces, text[end:]] if end else [text]), thoughts
