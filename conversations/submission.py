"""The one way in: stores a message and queues its answer in one transaction, then wakes a runner.

Whether the text may be sent at all is the form's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations.generation import engine, records
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message
from conversations.text import title_of
from providers import default_model

if TYPE_CHECKING:
    from accounts.models import User


class AnswerInProgress(Exception):
    """An answer in this conversation is still being written."""


class NoModel(Exception):
    """There is no model to answer: no provider is set up."""


class NotYours(Exception):
    """The conversation's id belongs to somebody else, or to a deleted conversation."""


@dataclass(frozen=True, slots=True)
class Submission:
    conversation: Conversation
    question: Message
    answer: Message
    is_new_conversation: bool


def submit_message(user: User, conversation: Conversation, content: str, client_id: UUID) -> Submission:
    """Store `content` as the next question of `conversation` (which may be unsaved) and queue its answer.

    The same `client_id` again returns the same messages. Raises AnswerInProgress, NoModel, NotYours.
    """
    try:
        with transaction.atomic():
            submission, generation = _store(user, conversation, content, client_id)
    except IntegrityError:
        # Two requests with one id ran side by side: the other has stored it.
        conversation._state.adding = False
        with transaction.atomic():
            submission, generation = _store(user, conversation, content, client_id)
    if generation is not None:
        _set_off(submission.conversation, generation)
    return submission


def _store(
    user: User, conversation: Conversation, content: str, client_id: UUID
) -> tuple[Submission, Generation | None]:
    is_new = conversation._state.adding
    if not is_new:
        conversation = _locked(user, conversation)
        if earlier := _already_stored(conversation, client_id):
            return earlier, None
        _refuse_while_open(conversation)
    model = _model_of(conversation)
    if is_new:
        conversation.title = title_of(content)
        conversation.save(force_insert=True)
    question = Message.objects.create(
        conversation=conversation,
        parent_id=conversation.leaf_id,
        role=Message.Role.USER,
        content=content,
        client_id=client_id,
    )
    answer, generation = _queue_answer(conversation, question.pk, model)
    return Submission(conversation, question, answer, is_new), generation


def _locked(user: User, conversation: Conversation) -> Conversation:
    """The conversation as it is now; on PostgreSQL its row is locked, on SQLite the transaction holds the only pen."""
    locked = Conversation.objects.owned_by(user).select_for_update(of=("self",)).filter(pk=conversation.pk).first()
    if locked is None:
        raise NotYours
    for field in ("model", "temperature", "max_tokens", "streaming"):
        setattr(locked, field, getattr(conversation, field))
    return locked


def _already_stored(conversation: Conversation, client_id: UUID) -> Submission | None:
    question = Message.objects.filter(conversation=conversation, client_id=client_id).first()
    if question is None:
        return None
    answer = question.children.filter(role=Message.Role.ASSISTANT).order_by("id").last()
    return Submission(conversation, question, answer, False) if answer else None


def _refuse_while_open(conversation: Conversation) -> None:
    if Generation.objects.open().filter(conversation=conversation).exists():
        raise AnswerInProgress


def _queue_answer(conversation: Conversation, question_id: int | None, model: str) -> tuple[Message, Generation]:
    answer = Message.objects.create(
        conversation=conversation, parent_id=question_id, role=Message.Role.ASSISTANT, model=model
    )
    conversation.leaf = answer
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["leaf", "updated_at", "model", "temperature", "max_tokens", "streaming"])
    return answer, _queue(conversation, answer, model)


def _queue(conversation: Conversation, answer: Message, model: str) -> Generation:
    return Generation.objects.create(
        conversation=conversation,
        message=answer,
        model=model,
        temperature=conversation.temperature,
        max_tokens=conversation.max_tokens,
        streaming=conversation.streaming,
    )


def _set_off(conversation: Conversation, generation: Generation) -> None:
    engine.wake(generation.pk)
    engine.announce(Key(conversation.owner_id, conversation.pk), generation.message_id)


def _ready(user: User, conversation: Conversation) -> tuple[Conversation, str]:
    """The conversation, locked and without an open answer, and the model that answers in it."""
    conversation = _locked(user, conversation)
    _refuse_while_open(conversation)
    return conversation, _model_of(conversation)


def _model_of(conversation: Conversation) -> str:
    model = conversation.model or default_model()
    if not model:
        raise NoModel
    return model


def regenerate(user: User, conversation: Conversation, answer: Message) -> Message:
    """Queue another answer to the same question, beside `answer`. Raises AnswerInProgress, NoModel, NotYours."""
    with transaction.atomic():
        conversation, model = _ready(user, conversation)
        sibling, generation = _queue_answer(conversation, answer.parent_id, model)
    _set_off(conversation, generation)
    return sibling


def continue_answer(user: User, conversation: Conversation, answer: Message) -> Message:
    """Queue a generation that goes on with `answer` in place. Raises AnswerInProgress, NoModel, NotYours."""
    with transaction.atomic():
        conversation, model = _ready(user, conversation)
        generation = _queue(conversation, answer, model)
    _set_off(conversation, generation)
    return answer


def stop_answer(conversation: Conversation, answer: Message) -> bool:
    """Ask whoever is making `answer` to stop; what is there stays. False when there is nothing to stop."""
    open_generation = Generation.objects.open().filter(message=answer).first()
    if open_generation is None:
        return False
    if records.stop_queued(open_generation.pk):
        engine.tell_stopped(Key(conversation.owner_id, conversation.pk), open_generation.pk, answer.pk)
    else:
        Generation.objects.open().filter(pk=open_generation.pk).update(stop_requested=True)
        engine.stop(open_generation.pk)
    return True


def stop_open_answers(conversation: Conversation) -> None:
    """Stop whatever is being written in `conversation`."""
    for generation in Generation.objects.open().filter(conversation=conversation).select_related("message"):
        stop_answer(conversation, generation.message)
