"""How a question and its empty, queued answer get into a conversation: the parts that every way in is made of.

Called inside a transaction that has locked the conversation; `set_off` after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from conversations import events
from conversations.attachments import attach
from conversations.generation import engine, jobs, records
from conversations.generation.frames import Key
from conversations.limits import check_open_answers
from conversations.models import Attachment, Conversation, Generation, Message
from conversations.siblings import ALONE, Siblings
from providers import default_model, may_use, model_info

if TYPE_CHECKING:
    from accounts.models import User


class AnswerInProgress(Exception):
    """An answer in this conversation is still being written."""


class ConversationLocked(Exception):
    """A moderator has locked the conversation: nothing is asked in it."""


class ModelNotAllowed(Exception):
    """The person may not use this model."""


class NoModel(Exception):
    """There is no model to answer: no provider is set up."""


class NotYours(Exception):
    """The conversation's id belongs to somebody else, or to a deleted conversation."""


@dataclass(frozen=True, slots=True)
class Submission:
    """`is_branch`: the question does not follow the message that was the conversation's newest."""

    conversation: Conversation
    question: Message
    answer: Message
    generation: Generation
    is_new_conversation: bool = False
    is_branch: bool = False


def locked(user: User, conversation_id: UUID) -> Conversation:
    """The conversation as it is now; on PostgreSQL its row is locked, on SQLite the transaction holds the only pen.

    Raises ConversationLocked, NotYours.
    """
    mine = Conversation.objects.owned_by(user).select_for_update(of=("self",))
    conversation = mine.filter(pk=conversation_id).first()
    if conversation is None:
        raise NotYours
    if conversation.locked_at is not None:
        raise ConversationLocked
    conversation.owner = user  # whose instructions go with the question
    return conversation


def is_answering(conversation: Conversation) -> bool:
    return Generation.objects.open().filter(conversation=conversation).exists()


def model_of(conversation: Conversation) -> str:
    """The model that answers next in `conversation`. Raises ModelNotAllowed, NoModel."""
    model = conversation.model or default_model(conversation.owner)
    if not model:
        raise NoModel
    return allowed(conversation.owner, model)


def allowed(user: User, model: str) -> str:
    """`model`. Raises ModelNotAllowed: it may have been taken from `user` since they chose it."""
    if not may_use(user, model):
        raise ModelNotAllowed
    return model


def ask(
    conversation: Conversation,
    parent_id: int | None,
    content: str,
    client_id: UUID,
    model: str,
    files: Sequence[Attachment] = (),
) -> Submission:
    """A question below `parent_id` with its files, and the answer that is queued for it. Raises AlreadySent."""
    is_branch = parent_id != conversation.leaf_id
    question = Message.objects.create(
        conversation=conversation, parent_id=parent_id, role=Message.Role.USER, content=content, client_id=client_id
    )
    attach(files, message=question)
    question.has_attachments = bool(files)
    answer, generation = queue_answer(conversation, question.pk, model)
    return Submission(conversation, question, answer, generation, is_branch=is_branch)


def queue_answer(conversation: Conversation, question_id: int | None, model: str) -> tuple[Message, Generation]:
    answer = Message.objects.create(
        conversation=conversation, parent_id=question_id, role=Message.Role.ASSISTANT, model=model
    )
    conversation.leaf = answer
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["leaf", "updated_at"])
    return answer, queue(conversation, answer, model)


def queue(conversation: Conversation, answer: Message, model: str) -> Generation:
    """Queued for whoever is first; claimed at once where this process makes answers, which saves a second look.

    Every answer begins here. Raises LimitReached.
    """
    check_open_answers(conversation.owner)
    claim = records.claimed() | {"attempt": 1} if engine.takes_answers() else {}
    temperature, max_tokens = _within_limits(conversation, model)
    return Generation.objects.create(
        conversation=conversation,
        message=answer,
        model=model,
        temperature=temperature,
        max_tokens=max_tokens,
        streaming=conversation.streaming,
        **claim,
    )


def _within_limits(conversation: Conversation, model: str) -> tuple[float, int]:
    """The conversation's settings, brought within the limits of `model`: it may be asked for one answer only, and the
    settings may have been changed on two pages."""
    info = model_info(model)
    highest = conversation.temperature if info.max_temperature is None else info.max_temperature
    return min(conversation.temperature, highest), min(conversation.max_tokens, info.max_output)


def set_off(submission: Submission) -> None:
    """Have the answer to a new question made. It has no siblings, and in a new conversation its path is known."""
    branch = [submission.question, submission.answer] if submission.is_new_conversation else None
    start(submission.conversation, submission.generation, branch, ALONE)
    events.tell(events.question_stored, submission.question)


def start(
    conversation: Conversation,
    generation: Generation,
    branch: Sequence[Message] | None = None,
    siblings: Siblings | None = None,
) -> None:
    """Have the answer made, and tell the pages of it. What is known of it already need not be read."""
    key = Key(conversation.owner_id, conversation.pk)
    engine.announce(key, generation.message_id, generation.status)  # first: it is older than what the answer tells
    if generation.status == Generation.Status.RUNNING:
        # Rows of the engine's own: it writes the end into them, maybe while these are being drawn for the asker.
        engine.make(jobs.job_of(copy(generation), copy(generation.message), key, branch, siblings))
    else:
        engine.wake(generation.pk)
