"""Questions that were sent while an answer was still being written: they wait, and go in one by one, oldest first.

Whoever ends an answer calls `submit_next`; the engine's poll does the same for conversations that were missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from conversations.attachments import attach, move_on
from conversations.generation import engine
from conversations.generation.frames import Key
from conversations.limits import LimitReached, at_their_limit
from conversations.models import Attachment, Conversation, Generation, WaitingMessage
from conversations.models.conversation import lasts
from conversations.queueing import (
    ConversationLocked,
    ModelNotAllowed,
    NoModel,
    NotYours,
    Submission,
    ask,
    is_answering,
    locked,
    model_of,
    set_off,
)

MOST = 10  # in one conversation


class TooManyWaiting(Exception):
    """As many messages wait in this conversation as may."""


def keep(conversation: Conversation, content: str, client_id: UUID, files: Sequence[Attachment] = ()) -> WaitingMessage:
    """Let a question wait. Raises AlreadySent, TooManyWaiting.

    Called in a transaction that has locked the conversation.
    """
    if waiting_in(conversation).count() >= MOST:
        raise TooManyWaiting
    kept = WaitingMessage.objects.create(conversation=conversation, content=content, client_id=client_id)
    attach(files, waiting=kept)
    return kept


def sent_as(conversation: Conversation, client_id: UUID) -> WaitingMessage | None:
    """The question that waits under this id: sent again, it is the same one."""
    return waiting_in(conversation).filter(client_id=client_id).first()


def waiting_in(conversation: Conversation) -> QuerySet[WaitingMessage]:
    """The questions that wait in a conversation, in their order."""
    return WaitingMessage.objects.filter(conversation=conversation).prefetch_related("attachments").order_by("id")


def announce(conversation: Conversation) -> None:
    """Tell the pages of the conversation how many wait now; after the transaction."""
    key = Key(conversation.owner_id, conversation.pk)
    engine.announce_waiting(key, WaitingMessage.objects.filter(conversation=conversation).count())


def submit_next(key: Key) -> Submission | None:
    """Ask the oldest waiting question of a conversation in which no answer is being written; None: there is none.

    However the answer before it ended, a stop or a failure too: the question was sent, it can be taken back by whoever
    sent it until now, and "enough of that, on to the next" is what a stop with a question behind it means.
    """
    person = User.objects.filter(pk=key.owner_id, is_active=True).first()
    if person is None:
        return None
    try:
        with transaction.atomic():
            submission = _submit_oldest(locked(person, key.conversation_id))
    except (NotYours, ConversationLocked, LimitReached, ModelNotAllowed, NoModel):
        return None  # it waits on: the conversation may be restored or unlocked, a provider set up, an answer end
    if submission:
        set_off(submission)
    return submission


def _submit_oldest(conversation: Conversation) -> Submission | None:
    if is_answering(conversation):
        return None
    waiting = waiting_in(conversation).select_for_update().first()
    if waiting is None:
        return None
    model = model_of(conversation)
    submission = ask(conversation, conversation.leaf_id, waiting.content, waiting.client_id, model)
    submission.question.has_attachments = bool(move_on(waiting, submission.question))
    take_back(conversation, waiting.pk)
    return submission


def take_back(conversation: Conversation, waiting_id: int) -> bool:
    """False when it does not wait any more: it was asked meanwhile, or taken back already. Its files may go again."""
    Attachment.objects.filter(waiting__conversation=conversation, waiting=waiting_id).update(waiting=None)
    deleted, _ = WaitingMessage.objects.filter(conversation=conversation, pk=waiting_id).delete()
    return bool(deleted)


def missed(limit: int = 50) -> list[Key]:
    """Conversations where questions wait although no answer is being written. Hardly ever any: the table is empty.

    Without those of people who have as many open answers as they may: they would be in the way of the others.
    """
    answering = Generation.objects.open().filter(conversation=OuterRef("conversation"))
    found = WaitingMessage.objects.filter(
        ~Exists(answering),
        lasts("conversation__"),
        conversation__deleted_at__isnull=True,
        conversation__locked_at__isnull=True,
        conversation__owner__is_active=True,
    )
    found = found.exclude(conversation__owner_id__in=at_their_limit())
    keys = found.values_list("conversation__owner_id", "conversation_id").distinct()[:limit]
    return [Key(owner_id, conversation_id) for owner_id, conversation_id in keys]
