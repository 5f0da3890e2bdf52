"""The one shape of all conversations that are read from files: a tree of questions and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from conversations.models.conversation import TITLE_LENGTH
from conversations.text import cut, one_line, storable, storable_piece, title_of
from conversations.transfer.problems import Unreadable

MESSAGES = 100_000
MESSAGE_CHARACTERS = 4_000_000
MODEL_LENGTH = 200

Role = Literal["user", "assistant", "system", "tool", "hidden"]
SHOWN = ("user", "assistant")


@dataclass(slots=True)
class Node:
    """A message as a file has it. Its ids are the file's; `place` says where it stands there.

    Of the roles only questions and answers are kept: system messages become the system prompt, the others fall out,
    and what hung on them hangs on what was before them.
    """

    key: str
    parent: str | None
    role: Role
    place: str
    content: str = ""
    reasoning: str = ""
    model: str = ""
    created_at: datetime | None = None


@dataclass(slots=True)
class Turn:
    """A message to be stored. `parent` is the index of another turn, further ahead in the list."""

    parent: int | None
    role: str
    content: str
    reasoning: str = ""
    model: str = ""
    created_at: datetime | None = None


@dataclass(slots=True)
class Parsed:
    """A conversation read from a file. `leaf` is an index into `turns`; `notes` counts what was left out, by code."""

    source: str
    source_id: str
    title: str = ""
    turns: list[Turn] = field(default_factory=list)
    leaf: int | None = None
    system_prompt: str = ""
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    streaming: bool = True
    cache_answers: bool = False
    folder: str = ""
    is_pinned: bool = False
    is_archived: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    own_id: str = ""  # the conversation's id on the site of this product that exported it
    notes: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        plain = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return plain | {"turns": [_plain(asdict(turn)) for turn in self.turns], "notes": dict(self.notes)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Parsed:
        turns = [Turn(**_dated(turn)) for turn in data.pop("turns")]
        return cls(turns=turns, notes=Counter(data.pop("notes")), **_dated(data))


_DATES = frozenset(f.name for cls in (Parsed, Turn) for f in fields(cls) if f.name.endswith("_at"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value


def _dated(data: dict[str, Any]) -> dict[str, Any]:
    return {k: datetime.fromisoformat(v) if k in _DATES and v else v for k, v in data.items()}


def grow(
    parsed: Parsed, nodes: list[Node], leaf: str | None, *, joins_answers: bool = False, keeps_empty: bool = False
) -> Parsed:
    """Put `nodes` into `parsed` as turns, parents first. `leaf` is the id of the newest message of the branch shown.

    With `joins_answers` an answer that only goes on with another becomes part of it. Messages without any text fall out
    unless `keeps_empty`. Raises Unreadable: an id twice,
    a parent that is not there, a circle, too many messages, one that is too long, none at all.
    """
    by_key = _by_key(nodes)
    for node in () if keeps_empty else nodes:
        if not node.content.strip() and not node.reasoning and node.role in SHOWN:
            node.role = "hidden"
    order = _parents_first(nodes, by_key)
    _take_system_prompt(parsed, order)
    index: dict[str, int | None] = {}  # where a node has gone: a left-out one to what was before it
    alone = _only_children(order) if joins_answers else set()
    for node in order:
        index[node.key] = _place(parsed, node, index.get(node.parent) if node.parent else None, node.key in alone)
    if not parsed.turns:
        raise Unreadable("no_messages", place=nodes[0].place if nodes else "")
    parsed.leaf = index.get(leaf) if leaf in by_key and leaf else None
    if parsed.leaf is None:
        parsed.leaf = len(parsed.turns) - 1
    _finish(parsed)
    return parsed


def _by_key(nodes: list[Node]) -> dict[str, Node]:
    if len(nodes) > MESSAGES:
        raise Unreadable("too_many", place=nodes[0].place, limit=MESSAGES)
    by_key: dict[str, Node] = {}
    for node in nodes:
        if node.key in by_key:
            raise Unreadable("repeated_id", place=node.place)
        if len(node.content) + len(node.reasoning) > MESSAGE_CHARACTERS:
            raise Unreadable("long_message", place=node.place, limit=MESSAGE_CHARACTERS)
        by_key[node.key] = node
    for node in nodes:
        if node.parent is not None and node.parent not in by_key:
            raise Unreadable("no_parent", place=node.place)
    return by_key


def _parents_first(nodes: list[Node], by_key: dict[str, Node]) -> list[Node]:
    """In the file's order, but no message before its parent. Raises Unreadable for a circle."""
    done: dict[str, Node] = {}
    for node in nodes:
        path: dict[str, Node] = {}
        current: Node | None = node
        while current is not None and current.key not in done:
            if current.key in path:
                raise Unreadable("cycle", place=current.place)
            path[current.key] = current
            current = by_key[current.parent] if current.parent is not None else None
        done.update(reversed(path.items()))
    return list(done.values())


def _take_system_prompt(parsed: Parsed, nodes: Iterable[Node]) -> None:
    texts = [text for node in nodes if node.role == "system" and (text := node.content.strip())]
    if texts and not parsed.system_prompt:
        parsed.system_prompt = "\n\n".join(dict.fromkeys(texts))


def _only_children(nodes: list[Node]) -> set[str]:
    """Those without siblings, up to the question or answer that they follow."""
    count, roles = Counter(node.parent for node in nodes), {node.key: node.role for node in nodes}
    alone: set[str] = set()
    for node in nodes:
        if count[node.parent] == 1 and (node.parent in alone or roles.get(node.parent or "") in SHOWN):
            alone.add(node.key)
    return alone


def _place(parsed: Parsed, node: Node, before: int | None, is_alone: bool) -> int | None:
    """Where `node` has gone: to a turn of its own, into the answer before it, or nowhere."""
    if node.role not in SHOWN:
        if node.role == "tool":
            parsed.notes["tools"] += 1
        return before
    if node.role == "assistant" and is_alone and before is not None and parsed.turns[before].role == "assistant":
        _join(parsed.turns[before], node)
        return before
    parsed.turns.append(_turn(node, before))
    return len(parsed.turns) - 1


def _turn(node: Node, before: int | None) -> Turn:
    model = storable(node.model)[:MODEL_LENGTH]
    return Turn(before, node.role, storable_piece(node.content), storable_piece(node.reasoning), model, node.created_at)


def _join(turn: Turn, node: Node) -> None:
    turn.content = "\n\n".join(filter(None, (turn.content, storable_piece(node.content))))
    turn.reasoning = "\n\n".join(filter(None, (turn.reasoning, storable_piece(node.reasoning))))
    turn.model = turn.model or storable(node.model)[:MODEL_LENGTH]


def _finish(parsed: Parsed) -> None:
    """A title where there is none, and texts that a database can hold."""
    first = next((turn.content for turn in parsed.turns if turn.role == "user"), parsed.turns[0].content)
    parsed.title = cut(one_line(storable(parsed.title)) or title_of(first), TITLE_LENGTH)
    parsed.system_prompt = storable_piece(parsed.system_prompt)
    dates = list(_dates(parsed))
    parsed.created_at = parsed.created_at or min(dates, default=None)
    parsed.updated_at = max(filter(None, (parsed.updated_at, parsed.created_at)), default=None)


def _dates(parsed: Parsed) -> Iterator[datetime]:
    return (turn.created_at for turn in parsed.turns if turn.created_at)
