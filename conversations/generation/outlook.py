"""What the database says to whoever looks on: the newest message, checkpoints, ends.

Sync; called off the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import translation

from conversations.generation.frames import Key
from conversations.generation.records import Ended
from conversations.generation.track import Checkpoint
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.presentation import footer_html, message_fragment, view_of
from conversations.siblings import Siblings, siblings_of

HIDDEN_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Newest:
    """The end of the current branch; `open` is its generation while that is not finished.

    `waiting`: how many questions wait for their turn. `hidden`: the newest messages that a moderator has hidden.
    """

    message_id: int | None = None
    status: str | None = None
    open: Checkpoint | None = None
    waiting: int = 0
    is_locked: bool = False
    hidden: tuple[int, ...] = ()

    @property
    def hello(self) -> dict[str, Any]:
        """What every page compares itself with before it takes any frame."""
        return {"leaf": self.message_id, "s": self.status, "waiting": self.waiting, "locked": self.is_locked}


@dataclass(frozen=True, slots=True)
class End:
    status: str
    html: str
    reasoning: str
    footers: dict[str, str]

    @property
    def is_final(self) -> bool:
        return self.status not in Generation.OPEN


def newest(key: Key) -> Newest:
    mine = Conversation.objects.filter(pk=key.conversation_id, owner_id=key.owner_id)
    leaf_id, locked_at = mine.values_list("leaf_id", "locked_at").first() or (None, None)
    if leaf_id is None:
        return Newest()
    waiting = WaitingMessage.objects.filter(conversation_id=key.conversation_id).count()
    generation = Generation.objects.select_related("message").filter(message_id=leaf_id).order_by("-id").first()
    status = generation.status if generation else Generation.Status.COMPLETE
    open_one = _checkpoint(generation) if generation and generation.is_open else None
    hidden = Message.objects.filter(conversation_id=key.conversation_id, hidden_at__isnull=False).order_by("-id")
    ids = tuple(hidden.values_list("id", flat=True)[:HIDDEN_AT_MOST])
    return Newest(leaf_id, status, open_one, waiting, is_locked=locked_at is not None, hidden=ids)


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
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        return None
    generation = Generation.objects.filter(message_id=message_id).order_by("id").last()
    return end(message, generation, languages, siblings_of([message])[message_id])


def end(message: Message, generation: Generation | None, languages: Iterable[str], siblings: Siblings) -> End:
    """The same from what is known already. No query."""
    view = view_of(message, generation)
    footers = {}
    for language in languages:
        with translation.override(language):
            # Its sentences are made in the language of the moment.
            footers[language] = footer_html(view_of(message, generation, siblings))
    return End(view.status, view.html, view.reasoning, footers)


def message_html(message_id: int, languages: Iterable[str]) -> dict[str, str]:
    """A whole message for the pages in these languages; {} when it is gone."""
    message = Message.objects.select_related("conversation").filter(pk=message_id).first()
    if message is None:
        return {}
    return _in_each(languages, lambda: message_fragment(message))


def lock_html(is_locked: bool, languages: Iterable[str]) -> dict[str, str]:
    """What stands above, or instead of, the message box."""
    context = {"is_locked": is_locked, "oob": True}
    return _in_each(languages, lambda: render_to_string("conversations/lock.html", context))


def _in_each(languages: Iterable[str], draw: Callable[[], str]) -> dict[str, str]:
    drawn = {}
    for language in languages:
        with translation.override(language):
            drawn[language] = draw()
    return drawn


def _checkpoint(generation: Generation) -> Checkpoint:
    message = generation.message
    if message.hidden_at is not None:  # it is about to stop
        return Checkpoint(generation.pk, message.pk, generation.conversation_id, generation.seq, "", "")
    return Checkpoint(
        generation_id=generation.pk,
        message_id=message.pk,
        conversation_id=generation.conversation_id,
        seq=generation.seq,
        text=message.content + generation.draft,
        reasoning=message.reasoning + generation.draft_reasoning,
    )
