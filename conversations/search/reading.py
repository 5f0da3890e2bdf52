"""The text of a message as it is read: an answer without the HTML tags that its page shows as what they mean.

"H<sub>2</sub>O" is found as "H2O", `<br>` is a line end, and comments are not there (conversations/rendering/tags.py).
In code, and without a partner, tags are text.
"""

from __future__ import annotations

import re
from collections import Counter

from conversations.models import Message

# Runs of backticks are never given back in part: each would be tried at each of its lengths.
_TAGS = re.compile(
    r"(?P<code>^[ \t]*+(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n(?:.*?^[ \t]*+(?P=fence)|.*)"
    r"|(?<!`)(?P<ticks>`++)[^\n]{1,500}?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<line></?br[ \t]*/?>|<hr[ \t]*/?>)|<!--(?:(?!<!--).){0,4000}?-->"
    r"|<(?P<end>/?)(?P<name>sub|sup|kbd|u|mark|s|details|summary)(?:[ \t]+open)?[ \t]*>",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)


def text_of(message: Message) -> str:
    """What there is to find in a message."""
    return as_read(message.content) if message.role == Message.Role.ASSISTANT else message.content


def as_read(answer: str) -> str:
    """An answer without its tags."""
    if "<" not in answer:
        return answer
    balance = Counter[str]()
    for match in _TAGS.finditer(answer):
        if name := match["name"]:
            balance[name.lower()] += -1 if match["end"] else 1

    def shown(match: re.Match[str]) -> str:
        if match["code"] or (match["name"] and balance[match["name"].lower()]):
            return match[0]
        return "\n" if match["line"] or (match["name"] or "").lower() in ("details", "summary") else ""

    return _TAGS.sub(shown, answer)
