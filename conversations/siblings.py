"""Where messages stand among their siblings: the other answers to a question, the other wordings of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from conversations.models import Message


@dataclass(frozen=True, slots=True)
class Siblings:
    """`position` counts from 1, in the order in which they were written. The ids are those of its neighbours."""

    position: int = 1
    total: int = 1
    previous_id: int | None = None
    next_id: int | None = None


ALONE = Siblings()


def siblings_of(messages: Sequence[Message]) -> dict[int, Siblings]:
    """The place of each of `messages`, which are of one conversation, by id. One query, however many they are."""
    families: dict[int | None, list[int]] = defaultdict(list)
    if messages:
        for message_id, parent_id in _families(messages).order_by("id").values_list("id", "parent_id"):
            families[parent_id].append(message_id)
    return {message.pk: _place(families[message.parent_id], message.pk) for message in messages}


def _families(messages: Sequence[Message]) -> QuerySet[Message]:
    parents = {message.parent_id for message in messages}
    wanted = Q(parent_id__in=parents - {None})
    if None in parents:
        wanted |= Q(conversation_id=messages[0].conversation_id, parent_id__isnull=True)
    return Message.objects.filter(wanted)


def _place(family: Sequence[int], message_id: int) -> Siblings:
    if len(family) < 2:
        return ALONE
    index = family.index(message_id)
    before = family[index - 1] if index else None
    after = family[index + 1] if index + 1 < len(family) else None
    return Siblings(index + 1, len(family), before, after)
