"""What the database says to whoever looks on: the newest message, checkpoints, ends.

Sync; called off the event loop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import translation

from conversations.generation.frames import Key
from conversations.generation.records import Ended
from conversations.generation.track import Checkpoint
from conversations.models import Conversation, Generation, Message
from conversations.presentation import footer_html, present


@dataclass(frozen=True, slots=True)
class Newest:
    """The end of the current branch; `open` is its generation while that is not finished."""

    message_id: int | None
    status: str | None
    open: Checkpoint | None


@dataclass(frozen=True, slots=True)
class End:
    is_final: bool
    html: str
    reasoning: str
    footers: dict[str, str]


def newest(key: Key) -> Newest:
    leaf_id = (
        Conversation.objects.filter(pk=key.conversation_id, owner_id=key.owner_id)
        .values_list("leaf_id", flat=True)
        .first()
    )
    if leaf_id is None:
        return Newest(None, None, None)
    generation = Generation.objects.select_related("message").filter(message_id=leaf_id).order_by("-id").first()
    if generation is None:
        return Newest(leaf_id, Generation.Status.COMPLETE, None)
    return Newest(leaf_id, generation.status, _checkpoint(generation) if generation.is_open else None)


def checkpoint(generation_id: int) -> Checkpoint | None:
    """The state of an open generation; None when it has ended."""
    generation = Generation.objects.open().select_related("message").filter(pk=generation_id).first()
    return _checkpoint(generation) if generation else None


def open_elsewhere(conversation_ids: Sequence[UUID], made_here: Collection[int]) -> list[Checkpoint]:
    """The checkpoints of what other processes are making in these conversations."""
    found = Generation.objects.open().filter(conversation_id__in=conversation_ids).exclude(pk__in=made_here)
    return [_checkpoint(generation) for generation in found.select_related("message")]


def status_of(generation_id: int) -> Ended | None:
    """How a generation stands now. None when it is gone."""
    generation = Generation.objects.select_related("conversation").filter(pk=generation_id).first()
    if generation is None:
        return None
    key = Key(generation.conversation.owner_id, generation.conversation_id)
    return Ended(generation_id, generation.message_id, key, generation.status)


def end_of(message_id: int, languages: Iterable[str]) -> End | None:
    """How the pages in these languages show a message whose generation has changed. None when it is gone."""
    message = Message.objects.filter(pk=message_id).select_related("conversation").first()
    if message is None:
        return None
    [view] = present([message])
    footers = {}
    for language in languages:
        with translation.override(language):
            [spoken] = present([message])  # its sentences are made in the language of the moment
            footers[language] = footer_html(spoken)
    return End(not view.is_open, view.html, view.reasoning, footers)


def _checkpoint(generation: Generation) -> Checkpoint:
    message = generation.message
    return Checkpoint(
        generation_id=generation.pk,
        message_id=message.pk,
        conversation_id=generation.conversation_id,
        seq=generation.seq,
        text=message.content + generation.draft,
        reasoning=message.reasoning + generation.draft_reasoning,
    )
