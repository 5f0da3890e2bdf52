"""A later, longer export of a conversation that is here already: what is new is added to its tree.

A message is known again by its id in the other product or, where it has none, by what it says at its place in the tree.
What people went on with here stays as it is, and so does the branch that they see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.transfer.rows import ROWS_AT_ONCE, dated, link, message
from conversations.transfer.tree import Parsed, Turn


@dataclass(frozen=True, slots=True)
class Outline:
    """A conversation of a file without its texts: the ids of its messages and how long they are."""

    own_id: str
    lengths: dict[str, int]

    @classmethod
    def of(cls, parsed: Parsed) -> Outline:
        return cls(parsed.own_id, {turn.key: len(turn.content) for turn in parsed.turns if turn.key})


def with_news(conversations: Mapping[UUID, Outline]) -> set[UUID]:
    """Which of the conversations, by their ids here, have messages that are not here yet."""
    open_ids = set(_open().filter(pk__in=list(conversations)).values_list("pk", flat=True)) if conversations else set()
    here: dict[UUID, dict[str, int]] = {pk: {} for pk in open_ids}
    messages = Message.objects.filter(conversation__in=open_ids).annotate(length=Length("content"))
    for pk, number, key, length in messages.values_list("conversation_id", "pk", "source_id", "length").iterator():
        is_export_from_here = conversations[pk].own_id == str(pk)
        here[pk][key or (str(number) if is_export_from_here else "")] = length
    return {pk for pk in open_ids if _is_any_news(conversations[pk].lengths, here[pk])}


def _open() -> QuerySet[Conversation]:
    """Imported conversations to which messages may be added: not locked, not on their way out."""
    return Conversation.objects.filter(locked_at=None, expires_at=None).exclude(source_id="")


def _is_any_news(lengths: Mapping[str, int], here: Mapping[str, int]) -> bool:
    return any(key not in here or length > here[key] for key, length in lengths.items())


@dataclass(frozen=True, slots=True)
class _Here:
    """A message that is here."""

    pk: int
    parent: int | None
    role: str
    key: str
    content: str


def add_news(conversation_id: UUID, parsed: Parsed) -> int:
    """Add the messages that are not here yet, and let answers grow that were not at their end; how many there were.

    Inside a transaction.
    """
    conversation = _open().select_for_update(of=("self",)).filter(pk=conversation_id).first()
    if conversation is None:
        return 0
    here = [_Here(*row) for row in _messages(conversation)]
    ids, new = _matched(here, dated(conversation, parsed))
    grown = _grow(here, parsed.turns, ids)
    created = Message.objects.bulk_create([message(conversation, turn) for turn in new.values()], ROWS_AT_ONCE)
    for index, one in zip(new, created, strict=True):
        ids[index] = one.pk
    link([(ids[turn.parent], ids[index]) for index, turn in new.items() if turn.parent is not None])
    if new or grown:
        _move_on(conversation, parsed, ids, here)
    return len(new) + grown


def _messages(conversation: Conversation) -> QuerySet[Message, tuple[int, int | None, str, str, str]]:
    return conversation.messages.order_by("pk").values_list("pk", "parent_id", "role", "source_id", "content")


def _matched(here: Sequence[_Here], turns: Sequence[Turn]) -> tuple[dict[int, int], dict[int, Turn]]:
    """Ids of the turns that are here, by their index; and those that are not."""
    by_key = {one.key: one.pk for one in here if one.key}
    by_text = {(one.parent, one.role, one.content): one.pk for one in here}
    ids: dict[int, int] = {}
    new: dict[int, Turn] = {}
    for index, turn in enumerate(turns):
        found = by_key.get(turn.key) if turn.key else None
        if found is None and (turn.parent is None or turn.parent in ids):
            found = by_text.get((ids[turn.parent] if turn.parent is not None else None, turn.role, turn.content))
        if found is None:
            new[index] = turn
        else:
            ids[index] = found
    return ids, new


def _grow(here: Sequence[_Here], turns: Sequence[Turn], ids: Mapping[int, int]) -> int:
    """Write the rest of answers that had only begun when they were exported the first time."""
    texts, count = {one.pk: one.content for one in here}, 0
    for index, pk in ids.items():
        old, new = texts[pk], turns[index].content
        if len(new) > len(old) and new.startswith(old):
            same = Message.objects.filter(pk=pk, content=old, hidden_at=None)
            count += same.update(content=new, html="", is_indexed=False)
    return count


def _move_on(conversation: Conversation, parsed: Parsed, ids: Mapping[int, int], here: Sequence[_Here]) -> None:
    """The newest message of the export is shown, unless somebody went on here."""
    imported = {one.pk for one in here if one.key}
    if conversation.leaf_id is None or conversation.leaf_id in imported:
        conversation.leaf_id = ids[parsed.leaf if parsed.leaf is not None else len(parsed.turns) - 1]
    conversation.updated_at = max(conversation.updated_at, parsed.updated_at or conversation.updated_at)
    conversation.imported_at = timezone.now()
    conversation.save(update_fields=["leaf", "updated_at", "imported_at"])
