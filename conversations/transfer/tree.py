"""The one shape of all conversations that are read from files: a tree of questions and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from conversations.models.conversation import TITLE_LENGTH
from conversations.models.message import SOURCE_ID_LENGTH
from conversations.text import cut, one_line, title_of
from conversations.transfer.documents import Documents, Piece, Room, quoted, told
from conversations.transfer.problems import Unreadable

MESSAGES = 100_000
MESSAGE_CHARACTERS = 4_000_000
MODEL_LENGTH = 200

Role = Literal["user", "assistant", "system", "tool", "hidden"]
SHOWN = ("user", "assistant")


@dataclass(slots=True)
class Node:
    """A message as a file has it. Its ids are the file's; `place` says where it stands there.

    One without a parent hangs on what came before it, unless `is_first` says that it begins the conversation: many
    exports leave parents out, some only here and there, and a first message in the middle would hide all before it.
    Of the roles only questions and answers are kept: system messages ahead of all of them become the system prompt, the
    others fall out, and what hung on them hangs on what was before them. What somebody else said is `is_quoted`, with
    the name of the `speaker`: it stands in the place of an answer, as no words of the model.
    """

    key: str
    parent: str | None
    role: Role
    place: str
    pieces: Sequence[Piece] = ()
    reasoning: str = ""
    model: str = ""
    created_at: datetime | None = None
    children: Sequence[str] = ()  # ids of those that say no parent themselves
    is_first: bool = False
    is_quoted: bool = False
    speaker: str = ""
    origin: str = ""  # where the file is a copy of another product's, the id that the message had there


@dataclass(slots=True)
class Turn:
    """A message to be stored. `parent` is the index of another turn, further ahead in the list."""

    parent: int | None
    role: str
    content: str
    reasoning: str = ""
    model: str = ""
    created_at: datetime | None = None
    key: str = ""  # its id in the file


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
    place: str = ""  # where in the file it stands
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


def versions_of_first(nodes: list[Node]) -> list[Node]:
    """Several first messages are versions of one question, in a file that tells what follows what; elsewhere each
    message is marked as a first one, and means nothing by it."""
    is_tree = any(node.parent or node.children for node in nodes)
    for node in nodes:
        node.is_first = node.is_first and is_tree and node.role == "user"
    return nodes


def grow(
    parsed: Parsed, nodes: list[Node], leaf: str | None, *, joins_answers: bool = False, keeps_empty: bool = False
) -> Parsed:
    """Put `nodes` into `parsed` as turns, parents first. `leaf` is the id of the newest message of the branch shown.

    With `joins_answers` an answer that only goes on with another becomes part of it. Messages without any text fall out
    unless `keeps_empty`. A message whose parent is missing or not named, or which would be before itself, hangs on what
    came before it. Raises Unreadable: too many messages, one that is too long, none at all.
    """
    _Growth(parsed, _ordered(_each_once(nodes, parsed.notes)), joins_answers, keeps_empty).grow(leaf)
    if not parsed.turns:
        raise Unreadable("no_messages", place=nodes[0].place if nodes else parsed.place)
    _finish(parsed)
    return parsed


def _each_once(nodes: list[Node], notes: Counter[str]) -> list[Node]:
    """Without messages that stand twice; of two that only share their id, the second gets another."""
    if len(nodes) > MESSAGES:
        raise Unreadable("too_many", place=nodes[0].place, limit=MESSAGES)
    by_key: dict[str, Node] = {}
    for number, node in enumerate(nodes):
        same = by_key.get(node.key)
        if same is not None:
            notes["repeated"] += 1
            if (same.role, same.parent, list(same.pieces)) == (node.role, node.parent, list(node.pieces)):
                continue
            node.key, node.origin = f"{node.key}#{number}", node.origin or node.key
        by_key[node.key] = node
    return list(by_key.values())


def _ordered(nodes: list[Node]) -> list[Node]:
    """In the file's order, but no message before its parent, and each parent is there."""
    by_key = {node.key: node for node in nodes}
    adopted = {child: node.key for node in nodes for child in node.children if child != node.key}
    done: dict[str, Node] = {}
    for node in nodes:
        path: dict[str, Node] = {}
        current: Node | None = node
        while current is not None and current.key not in done:
            path[current.key] = current
            before = current.parent if current.parent in by_key else adopted.get(current.key)
            if before in path or (before is None and not current.is_first):
                before = next(reversed(done), None)
            current.parent = before
            current = by_key[before] if before is not None else None
        done.update(reversed(path.items()))
    return list(done.values())


class _Growth:
    """Where each node of a conversation has gone, and which documents there are after it."""

    def __init__(self, parsed: Parsed, order: list[Node], joins_answers: bool, keeps_empty: bool) -> None:
        self._parsed, self._order, self._keeps_empty = parsed, order, keeps_empty
        self._alone = _only_children(order) if joins_answers else set[str]()
        self._gone_to: dict[str, int | None] = {}  # index of a turn; of a left-out node that of what was before it
        self._documents: dict[str, Documents | None] = {}
        self._joined: dict[int, _Joined] = {}  # answers that go on, by their index
        self._room = Room()
        self._prompts: dict[str, None] = {}

    def grow(self, leaf: str | None) -> None:
        for node in self._order:
            before = self._gone_to.get(node.parent) if node.parent else None
            self._gone_to[node.key] = self._place(node, before)
        for index, joined in self._joined.items():
            joined.write(self._parsed.turns[index])
        prompt = self._parsed.system_prompt
        more = [one for one in self._prompts if one not in prompt]
        if more:
            self._parsed.system_prompt = "\n\n".join([prompt, *more] if prompt.strip() else more)
        found = self._gone_to.get(leaf) if leaf else None
        self._parsed.leaf = len(self._parsed.turns) - 1 if found is None else found

    def _place(self, node: Node, before: int | None) -> int | None:
        """Where `node` has gone: to a turn of its own, into the answer before it, or nowhere."""
        content = self._told(node)
        if node.role == "system" and content.strip():
            self._hear(content.strip(), before)
        if node.role == "tool":
            self._parsed.notes["tools"] += 1
        if node.role not in SHOWN or not (content.strip() or node.reasoning or self._keeps_empty):
            return before
        turns = self._parsed.turns
        if node.role == "assistant" and node.key in self._alone and before is not None:
            answer = turns[before]
            if answer.role == "assistant":
                joined = self._joined.setdefault(before, _Joined([answer.content], [answer.reasoning]))
                joined.add(node, content)
                answer.model = answer.model or node.model[:MODEL_LENGTH]
                return before
        key = node.origin or node.key
        key = key if len(key) <= SOURCE_ID_LENGTH and not key.startswith("#") else ""  # "#3": its number, no id
        turns.append(Turn(before, node.role, content, node.reasoning, node.model[:MODEL_LENGTH], node.created_at, key))
        return len(turns) - 1

    def _told(self, node: Node) -> str:
        """Its text. Documents that it has worked on are known to those that follow it."""
        before = self._documents.get(node.parent) if node.parent else None
        content, self._documents[node.key] = told(node.pieces, before, self._room)
        if self._keeps_empty and not content:
            content = "".join(piece for piece in node.pieces if isinstance(piece, str))  # blanks, as they stand
        if node.is_quoted and content.strip():
            content = quoted(content, node.speaker)
        if len(content) + len(node.reasoning) > MESSAGE_CHARACTERS:
            raise Unreadable("long_message", place=node.place, limit=MESSAGE_CHARACTERS)
        return content

    def _hear(self, prompt: str, before: int | None) -> None:
        """A system message: instructions where nothing was said before, a remark of the product in the middle."""
        if before is None:
            self._prompts[prompt] = None
        else:
            self._parsed.notes["system"] += 1


def _only_children(nodes: list[Node]) -> set[str]:
    """Those without siblings, up to the question or answer that they follow."""
    count, roles = Counter(node.parent for node in nodes), {node.key: node.role for node in nodes}
    alone: set[str] = set()
    for node in nodes:
        if count[node.parent] == 1 and (node.parent in alone or roles.get(node.parent or "") in SHOWN):
            alone.add(node.key)
    return alone


@dataclass(slots=True)
class _Joined:
    """An answer in pieces, which become one text when all are there: each is copied once."""

    contents: list[str]
    reasonings: list[str]
    characters: int = 0

    def __post_init__(self) -> None:
        self.characters = sum(map(len, [*self.contents, *self.reasonings]))

    def add(self, node: Node, content: str) -> None:
        """Raises Unreadable where it becomes too long."""
        self.characters += len(content) + len(node.reasoning)
        if self.characters > MESSAGE_CHARACTERS:
            raise Unreadable("long_message", place=node.place, limit=MESSAGE_CHARACTERS)
        self.contents.append(content)
        self.reasonings.append(node.reasoning)

    def write(self, turn: Turn) -> None:
        turn.content = "\n\n".join(filter(None, self.contents))
        turn.reasoning = "\n\n".join(filter(None, self.reasonings))


def _finish(parsed: Parsed) -> None:
    """A title where there is none, and dates."""
    parsed.notes = +parsed.notes
    first = next((turn.content for turn in parsed.turns if turn.role == "user"), parsed.turns[0].content)
    parsed.title = cut(one_line(parsed.title) or title_of(first), TITLE_LENGTH)
    dates = list(_dates(parsed))
    parsed.created_at = parsed.created_at or min(dates, default=None)
    parsed.updated_at = max(filter(None, (parsed.updated_at, parsed.created_at)), default=None)


def _dates(parsed: Parsed) -> Iterator[datetime]:
    return (turn.created_at for turn in parsed.turns if turn.created_at)
