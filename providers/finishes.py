"""Why an answer ended, from what providers call it: every one has words of its own, in any case and of any type."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from providers.base import FinishReason

WORD_LENGTH = 40  # of a reason that nobody here knows
_LONGEST_WORD = 400  # characters that are looked at
_NOTHING = {"", "null", "none", "nil", "undefined", "unspecified"}
_WORDS: dict[str, str] = {
    "stop": (
        "stop stopped eos eostoken eosfound endturn endoftext endofsequence stopsequence stopstring stopstringfound "
        "stopword stoptoken stoptokenid stopstr naturalstop eot eotid imend matchedstop complete completed done end "
        "finish finished success normal true"
    ),
    "length": (
        "length maxlength maxlen modellength maxtokens maxtokensreached maxoutputtokens maxcompletiontokens "
        "maxnewtokens maxpredictedtokensreached tokenlimit maxcontext maxcontextlength contextlength "
        "contextlengthreached contextlengthexceeded contextwindowexceeded modelcontextwindowexceeded errorlimit"
    ),
    "content_filter": (
        "contentfilter contentfiltered safety recitation language blocklist prohibitedcontent spii imagesafety "
        "imageprohibitedcontent imagerecitation modelarmor sensitive errortoxic guardrailintervened blocked flagged "
        "moderation moderated contentpolicy contentpolicyviolation"
    ),
    "refusal": "refusal refused",
    "tool_call": (
        "toolcalls toolcall tooluse tool functioncall functioncalls malformedfunctioncall unexpectedtoolcall "
        "toomanytoolcalls malformedtooluse malformedtoolcall"
    ),
    "interrupted": (
        "networkerror insufficientsystemresource insufficientsystemresources insufficientresources abort aborted "
        "cancel canceled cancelled usercancel userstopped timeout timelimit unload modelunloaded failed failure "
        "internalerror servererror overloaded connectionerror disconnected preempted notfinished incomplete pauseturn"
    ),
    "error": "error",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
# Words that nobody has written down here are known by what they are made of.
_MOST, _SIZE = "(max|limit|exceed|reached|budget|capped)", "(token|length|context)"
_MADE_OF = (
    (re.compile(r"safety|filter|moderat|sensitive|polic|guardrail|prohibited|blocked|toxic|harm"), "content_filter"),
    (re.compile(r"tool|functioncall"), "tool_call"),
    (re.compile(f"{_MOST}.*{_SIZE}|{_SIZE}.*{_MOST}"), "length"),
    (re.compile(r"network|resource|timeout|timedout|abort|cancel|overload|unavailable|connection"), "interrupted"),
)
_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "refusal": "refusal",
    "tool_call": "tool_call",
}

# A call of a tool as models write it where no server reads it: all of the answer, or its last words.
_BEGINS_CALL = re.compile(
    r"\s*(?:<tool_calls?>\s*[\[{<]|<function(?:_calls?>|=\w)|\[TOOL_CALLS\]|<\|python_tag\|>"
    r"|<[|｜]tool[_▁]calls?(?:[_▁](?:section[_▁])?begin)?[|｜]>)"
)
_ENDS_WITH_CALL = re.compile(r"<tool_call>\s*\{[^`]*\}\s*</tool_call>\s*\Z")
_LONGEST_CALL, _PIECES = 20_000, 40


@dataclass(frozen=True, slots=True)
class Ending:
    """`reason` None: what went wrong elsewhere has cut the answer. `is_error`: the provider calls it just that."""

    reason: FinishReason | None
    word: str = ""
    is_error: bool = False


def ending(said: Any) -> Ending | None:
    """What a finish reason of any provider means; None where it says that there is none yet."""
    word = _word(said)
    key = re.sub(r"[\W_]+", "", word.rpartition(".")[2].lower())
    key = key.removeprefix("finishreason").removeprefix("stopreason")
    key = key if key in _KINDS else key.removeprefix("reason")
    if key in _NOTHING and not (word and key == ""):
        return None
    kind = _KINDS.get(key) or next((kind for made_of, kind in _MADE_OF if made_of.search(key)), "other")
    if kind == "other":
        return Ending("other", printable(word) or "?")
    return Ending(_REASONS.get(kind), is_error=kind == "error")


def calls_tool(pieces: Sequence[str]) -> bool:
    """Whether the text of an answer is a call of a tool, or ends with one."""
    if _BEGINS_CALL.match("".join(pieces[:_PIECES])):
        return True
    end = "".join(pieces[-_PIECES:]).rstrip()
    return end.endswith("</tool_call>") and bool(_ENDS_WITH_CALL.search("".join(pieces)[-_LONGEST_CALL:]))


def printable(word: str) -> str:
    """A word of a provider as a person may be shown it: one short line without signs that cannot be seen."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in word).split())
    return plain if len(plain) <= WORD_LENGTH else plain[: WORD_LENGTH - 1] + "…"


def _word(said: Any, depth: int = 0) -> str:
    """The word in it, whatever its type."""
    if said is None or said is False or said in ("", [], {}):
        return ""
    if isinstance(said, str):
        return said.strip()[:_LONGEST_WORD]
    if isinstance(said, bool | int | float):
        return str(said)
    if depth < 3 and isinstance(said, list):
        return next((word for one in said if (word := _word(one, depth + 1))), "")
    if depth < 3 and isinstance(said, dict):
        named = (said.get(name) for name in ("reason", "type", "value", "name", "finish_reason"))
        return next((word for one in named if (word := _word(one, depth + 1))), "unknown")
    return "unknown"
