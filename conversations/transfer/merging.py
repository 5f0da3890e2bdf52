"""A later, longer export of a conversation that is here already: what is new is added to its tree.

A message is known again by its id in the other product or, where it has none, by what it says at its place in the tree.
One that says something else now is added beside the old one. What people went on with here stays as it is, and so does
the branch that they see.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import MD5, Length
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.transfer.documents import Room
from conversations.transfer.rows import ROWS_AT_ONCE, dated, link, message
from conversations.transfer.tree import Parsed, Turn

JOINT = "\n\n"  # between the pieces of an answer, as conversations.transfer.tree puts them together


@dataclass(frozen=True, slots=True)
class _Said:
    """A message of a file without its text."""

    key: str
    role: str
    length: int
    digest: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A conversation of a file without its texts: its ids on sites of this product, and how often it has what."""

    own_ids: frozenset[str]
    said: Counter[_Said]

    @classmethod
    def of(cls, parsed: Parsed) -> Outline:
        said = (_Said(turn.key, turn.role, len(turn.content), _digest(turn.content)) for turn in parsed.turns)
        return cls(own_ids(parsed), Counter(said))


def own_ids(parsed: Parsed) -> frozenset[str]:
    """Its ids on the site that exported it, and on the one that it began on, where that is of this product."""
    return frozenset(filter(None, (parsed.own_id, parsed.source_id if parsed.source == "own" else "")))


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # as the database has it


def with_news(outlines: Iterable[tuple[UUID, Outline]]) -> set[UUID]:
    """Which of the conversations, by their ids here, have messages that are not here yet.

    It may be said of a few more. Of one conversation there may be several outlines.
    """
    wanted: dict[UUID, Outline] = {}
    for pk, one in outlines:
        other = wanted.get(pk, one)
        wanted[pk] = Outline(one.own_ids | other.own_ids, one.said | other.said)
    open_ids = set(_open().filter(pk__in=list(wanted)).values_list("pk", flat=True)) if wanted else set()
    here: dict[UUID, list[_There]] = {pk: [] for pk in open_ids}
    messages = Message.objects.filter(conversation__in=open_ids).annotate(length=Length("content"), md5=MD5("content"))
    columns = messages.values_list("conversation_id", "pk", "role", "source_id", "length", "md5", "hidden_at")
    for conversation, message_id, role, key, length, digest, hidden_at in columns.iterator():
        here[conversation].append(_There(message_id, role, key, length, digest, hidden_at is not None))
    return {pk for pk in open_ids if _is_any_news(wanted[pk].said, here[pk], str(pk) in wanted[pk].own_ids)}


def _open() -> QuerySet[Conversation]:
    """Conversations to which messages may be added: not locked, not on their way out."""
    return Conversation.objects.filter(locked_at=None, expires_at=None)


@dataclass(frozen=True, slots=True)
class _There:
    """A message that is here, without its text."""

    pk: int
    role: str
    key: str
    length: int
    digest: str
    is_hidden: bool

    def is_known_as(self, said: _Said) -> bool:
        """Whether it says the same, or began with it."""
        if self.role != said.role or self.length < said.length:
            return self.role == said.role and self.is_hidden
        if self.is_hidden or self.digest == said.digest:
            return True
        text = Message.objects.filter(pk=self.pk).values_list("content", flat=True).first() or ""
        return self.length > said.length and _digest(text[: said.length]) == said.digest


def _is_any_news(said: Counter[_Said], here: Sequence[_There], is_from_here: bool) -> bool:
    by_key: dict[str, list[_There]] = {}
    for one in here:
        if key := one.key or (str(one.pk) if is_from_here else ""):
            by_key.setdefault(key, []).append(one)
    without_key = Counter((one.role, one.digest) for one in here if not one.key)
    others = Counter[tuple[str, str]]()
    for this, count in said.items():
        if not any(one.is_known_as(this) for one in by_key.get(this.key, ())):
            others[this.role, this.digest] += count
    return not others <= without_key


@dataclass(frozen=True, slots=True)
class _Here:
    """A message that is here."""

    pk: int
    parent: int | None
    role: str
    key: str
    content: str
    is_hidden: bool


def add_news(conversation_id: UUID, parsed: Parsed) -> int:
    """Add the messages that are not here yet, and let answers grow that were not at their end; how many there were.

    Inside a transaction.
    """
    conversation = _open().select_for_update(of=("self",)).filter(pk=conversation_id).first()
    if conversation is None:
        return 0
    here = _messages(conversation)
    parsed = _joined_as_here(here, parsed)
    ids, new = _matched(here, dated(conversation, parsed), str(conversation_id) in own_ids(parsed))
    matched = set(ids.values())
    grown = _grow(here, parsed.turns, ids)
    created = Message.objects.bulk_create([message(conversation, turn) for turn in new.values()], ROWS_AT_ONCE)
    for index, one in zip(new, created, strict=True):
        ids[index] = one.pk
    link([(ids[turn.parent], ids[index]) for index, turn in new.items() if turn.parent is not None])
    if new or grown:
        _move_on(conversation, parsed, ids, matched)
    return len(new) + grown


def _messages(conversation: Conversation) -> list[_Here]:
    rows = conversation.messages.order_by("pk")
    columns = rows.values_list("pk", "parent_id", "role", "source_id", "content", "hidden_at")
    return [_Here(pk, parent, role, key, text, hidden is not None) for pk, parent, role, key, text, hidden in columns]


def _joined_as_here(here: Sequence[_Here], parsed: Parsed) -> Parsed:
    """Answers in pieces that were one when they came here stay one, also where the pieces have other versions now.

    Each of those becomes a version of the whole answer: the pieces ahead of it with itself.
    """
    turns, rest = parsed.turns, _rest_of_joined(here, parsed.turns)
    if not rest:
        return parsed
    room, kept, moved = Room(), list[Turn](), dict[int, int]()
    lengths: dict[int, int] = {}  # of each piece, with those ahead of it
    for index, turn in enumerate(turns):
        parent = turn.parent
        lengths[index] = len(turn.content) + len(turn.reasoning)
        if parent is not None and rest.get(parent) == index:
            lengths[index] += lengths[parent]
            moved[index] = moved[parent]
            continue
        if parent in rest and _answer_before(turns, turn) and room.take(lengths[parent]):
            ahead = _pieces_up_to(turns, rest, parent)
            turn, parent = _joined([*ahead, turn], turn.key), ahead[0].parent
        if index in rest:
            turn = _joined([turn, *_pieces_behind(turns, rest, index)], turn.key)
        moved[index] = len(kept)
        kept.append(replace(turn, parent=None if parent is None else moved[parent]))
    return replace(parsed, turns=kept, leaf=None if parsed.leaf is None else moved[parsed.leaf])


def _rest_of_joined(here: Sequence[_Here], turns: Sequence[Turn]) -> dict[int, int]:
    """Of answers that are here together with what goes on with them: the turn that is their rest, by their index."""
    by_key = {one.key: one.content for one in here if one.key and not one.is_hidden}
    behind: dict[int, str] = {}  # what follows on an answer in its message here
    rest: dict[int, int] = {}
    for index, turn in enumerate(turns):
        before, parent = _answer_before(turns, turn), turn.parent
        if before is None or parent is None or parent in rest or not turn.content or turn.key in by_key:
            continue
        if parent not in behind:
            head, whole = before.content + JOINT, by_key.get(before.key, "")
            behind[parent] = whole[len(head) :] if whole.startswith(head) else ""
        if behind[parent] and _goes_on(behind[parent], turn):
            rest[parent] = index
            head = turn.content + JOINT
            behind[index] = behind[parent][len(head) :] if behind[parent].startswith(head) else ""
    return rest


def _pieces_up_to(turns: Sequence[Turn], rest: dict[int, int], index: int) -> list[Turn]:
    """Of an answer in pieces: that piece, and all ahead of it."""
    pieces = [turns[index]]
    while (parent := turns[index].parent) is not None and rest.get(parent) == index:
        index = parent
        pieces.append(turns[index])
    return pieces[::-1]


def _pieces_behind(turns: Sequence[Turn], rest: dict[int, int], index: int) -> Iterator[Turn]:
    while index in rest:
        index = rest[index]
        yield turns[index]


def _answer_before(turns: Sequence[Turn], turn: Turn) -> Turn | None:
    """The answer that this one only goes on with."""
    before = turns[turn.parent] if turn.parent is not None and turn.role == Message.Role.ASSISTANT else None
    return before if before is not None and before.role == Message.Role.ASSISTANT else None


def _joined(pieces: Sequence[Turn], key: str) -> Turn:
    content, reasoning = (
        JOINT.join(filter(None, texts))
        for texts in ([piece.content for piece in pieces], [piece.reasoning for piece in pieces])
    )
    model = next((piece.model for piece in reversed(pieces) if piece.model), "")
    return replace(pieces[-1], content=content, reasoning=reasoning, key=key, model=model)


def _matched(
    here: Sequence[_Here], turns: Sequence[Turn], is_from_here: bool
) -> tuple[dict[int, int], dict[int, Turn]]:
    """Ids of the turns that are here, by their index; and those that are not. No message is two of them."""
    by_key: dict[str, list[_Here]] = {}
    by_place: dict[tuple[int | None, str], list[_Here]] = {}
    for one in here:
        if key := one.key or (str(one.pk) if is_from_here else ""):
            by_key.setdefault(key, []).append(one)
        by_place.setdefault((one.parent, one.role), []).append(one)
    ids: dict[int, int] = {}
    new: dict[int, Turn] = {}
    used: set[int] = set()
    for index, turn in enumerate(turns):
        found = _known(by_key.get(turn.key, ()), turn, used)
        if found is None and (turn.parent is None or turn.parent in ids):
            place = (ids[turn.parent] if turn.parent is not None else None, turn.role)
            found = _at_place(by_place.get(place, ()), turn, used)
        if found is None:
            new[index] = turn
        else:
            ids[index] = found.pk
            used.add(found.pk)
    return ids, new


def _known(same_key: Iterable[_Here], turn: Turn, used: set[int]) -> _Here | None:
    """The one that says the same, or is hidden, or of which one goes on with what the other says."""
    free = [one for one in same_key if one.role == turn.role and one.pk not in used]
    equal = (one for one in free if one.content == turn.content)
    return next(equal, None) or next((one for one in free if one.is_hidden or _goes_on(one.content, turn)), None)


def _at_place(siblings: Sequence[_Here], turn: Turn, used: set[int]) -> _Here | None:
    """The one that says the same; of answers without an id also the one that had only begun."""
    free = [one for one in siblings if one.pk not in used]
    found = next((one for one in free if one.content == turn.content), None)
    if found is not None or turn.role != Message.Role.ASSISTANT or not turn.content:
        return found
    nameless = (one for one in free if one.content and not (one.key and turn.key))
    return next((one for one in nameless if _goes_on(one.content, turn)), None)


def _goes_on(content: str, turn: Turn) -> bool:
    return turn.content.startswith(content) or content.startswith(turn.content)


def _grow(here: Sequence[_Here], turns: Sequence[Turn], ids: Mapping[int, int]) -> int:
    """Write the rest of answers that had only begun when they were exported the first time."""
    texts, count = {one.pk: one.content for one in here}, 0
    for index, pk in ids.items():
        old, new = texts[pk], turns[index].content
        if len(new) > len(old) and new.startswith(old):
            same = Message.objects.filter(pk=pk, content=old, hidden_at=None)
            count += same.update(content=new, html="", is_indexed=False)
    return count


def _move_on(conversation: Conversation, parsed: Parsed, ids: Mapping[int, int], matched: set[int]) -> None:
    """The newest message of the export is shown, unless somebody went on here with what is not in it."""
    if conversation.leaf_id is None or conversation.leaf_id in matched:
        conversation.leaf_id = ids[parsed.leaf if parsed.leaf is not None else len(parsed.turns) - 1]
    conversation.updated_at = max(conversation.updated_at, parsed.updated_at or conversation.updated_at)
    conversation.imported_at = timezone.now()
    conversation.save(update_fields=["leaf", "updated_at", "imported_at"])
