"""The lines of IN: one JSON object each, a question or something that is none. Read lazily, never all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

import orjson

from providers import Role, Turn

MAX_LINE_BYTES = 10 * 2**20
ID_LENGTH = 500
SKIP_BYTES = 2**20
LineId = str | int

SENTENCES = {
    "empty_line": "The line is empty.",
    "line_too_long": "The line is longer than 10 MB.",
    "not_utf8": "The line is not UTF-8.",
    "not_json": "The line is not JSON.",
    "not_an_object": "The line is JSON, but not an object.",
    "no_id": "The line has no id.",
    "bad_id": "The id must be a number without a fraction, or a text of 1 to 500 characters.",
    "no_question": "The line has neither a prompt nor messages, or nothing is said in them.",
    "prompt_and_messages": "The line has both a prompt and messages; which one is meant?",
    "bad_messages": "messages must be a list of objects with a role (system, user or assistant) and a text as content.",
    "bad_prompt": "prompt must be a text.",
    "bad_model": "model must be a text of 1 to 200 characters.",
    "bad_system": "system must be a text.",
    "bad_temperature": "temperature must be a number from 0 to 2.",
    "bad_max_tokens": "max_tokens must be a number without a fraction from 1 to 1,000,000.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One line to ask. `model` "": the one given on the command line; None: so are the others."""

    number: int
    id: LineId
    turns: tuple[Turn, ...]
    model: str = ""
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that cannot be asked. `code` is one of SENTENCES; `id` None where none could be read."""

    number: int
    id: LineId | None
    code: str

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code]


class _Wrong(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(file: IO[bytes], taken: Callable[[bytes], object] = len) -> Iterator[Question | BadLine]:
    """The lines from where `file` stands. `taken` gets all its bytes, piece by piece, in their order."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        taken(raw)
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            _skip(file, taken)
            yield BadLine(number, None, "line_too_long")
        else:
            yield parse(number, raw)


def _skip(file: IO[bytes], taken: Callable[[bytes], object]) -> None:
    """To the end of a line of which nothing is wanted."""
    while piece := file.readline(SKIP_BYTES):
        taken(piece)
        if piece.endswith(b"\n"):
            return


def parse(number: int, raw: bytes) -> Question | BadLine:
    """One line, which may begin with a byte order mark."""
    found: Any = None
    try:
        found = _object(raw.removeprefix(b"\xef\xbb\xbf").strip())
        return _question(number, found)
    except _Wrong as wrong:
        return BadLine(number, _id_or_none(found), wrong.code)


def _object(raw: bytes) -> dict[str, Any]:
    if not raw:
        raise _Wrong("empty_line")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _Wrong("not_json" if _is_utf8(raw) else "not_utf8") from None
    if not isinstance(found, dict):
        raise _Wrong("not_an_object")
    return found


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _question(number: int, found: dict[str, Any]) -> Question:
    if found.get("id") is None:
        raise _Wrong("no_id")
    line_id = _id_or_none(found)
    if line_id is None:
        raise _Wrong("bad_id")
    said, turns = _conversation(found)
    system = _text(found, "system")
    return Question(
        number,
        line_id,
        turns,
        _model(found),
        "\n\n".join(filter(None, (system, *said))) if said else system,
        _temperature(found),
        _max_tokens(found),
    )


def _id_or_none(found: Any) -> LineId | None:
    line_id = found.get("id") if isinstance(found, dict) else None
    if isinstance(line_id, str) and 0 < len(line_id) <= ID_LENGTH:
        return line_id
    return line_id if isinstance(line_id, int) and not isinstance(line_id, bool) else None


def _conversation(found: dict[str, Any]) -> tuple[list[str], tuple[Turn, ...]]:
    """What system messages say, and the turns."""
    prompt, messages = _text(found, "prompt"), found.get("messages")
    if prompt is not None and messages is not None:
        raise _Wrong("prompt_and_messages")
    said, turns = ([], (Turn("user", prompt or ""),)) if messages is None else _messages(messages)
    if not any(turn.role == "user" and turn.content.strip() for turn in turns):
        raise _Wrong("no_question")
    return said, turns


def _messages(messages: Any) -> tuple[list[str], tuple[Turn, ...]]:
    if not isinstance(messages, list):
        raise _Wrong("bad_messages")
    said: list[str] = []
    turns: list[Turn] = []
    for message in messages:
        role, content = (message.get("role"), message.get("content")) if isinstance(message, dict) else (None, None)
        if role not in ("system", "user", "assistant") or not isinstance(content, str):
            raise _Wrong("bad_messages")
        if role == "system":
            said.append(content)
        else:
            turns.append(Turn(cast(Role, role), content))
    return said, tuple(turns)


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise _Wrong(f"bad_{name}")
    return value


def _model(found: dict[str, Any]) -> str:
    model = found.get("model")
    if model is None:
        return ""
    if not isinstance(model, str) or not 0 < len(model) <= 200:
        raise _Wrong("bad_model")
    return model


def _temperature(found: dict[str, Any]) -> float | None:
    value = found.get("temperature")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
        raise _Wrong("bad_temperature")
    return float(value)


def _max_tokens(found: dict[str, Any]) -> int | None:
    value = found.get("max_tokens")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise _Wrong("bad_max_tokens")
    return value
