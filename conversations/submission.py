"""The one way in: stores a message and queues its answer in one transaction, then wakes a runner.

Whether the text may be sent at all is the form's to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction

from conversations import attachments, limits, waiting
from conversations.attachments import AlreadySent
from conversations.generation import engine, records
from conversations.generation.frames import Key
from conversations.limits import LimitReached
from conversations.models import Attachment, Conversation, Generation, Message, WaitingMessage
from conversations.queueing import (
    AnswerInProgress,
    ConversationLocked,
    ModelNotAllowed,
    NoModel,
    NotYours,
    Submission,
    allowed,
    ask,
    is_answering,
    locked,
    model_of,
    queue,
    queue_answer,
    set_off,
    start,
)
from conversations.screening import refusal_of, refusal_of_files, refusal_of_prompt
from conversations.text import first_title
from conversations.waiting import TooManyWaiting

if TYPE_CHECKING:
    from accounts.models import User

__all__ = [
    "AlreadySent",
    "AnswerInProgress",
    "ConversationLocked",
    "LimitReached",
    "ModelNotAllowed",
    "NoModel",
    "NotYours",
    "Refused",
    "Submission",
    "TooManyWaiting",
    "continue_answer",
    "edit_question",
    "regenerate",
    "stop_answer",
    "stop_generation",
    "stop_open_answers",
    "submit_message",
]


class Refused(Exception):
    """The site's screen does not let this question pass; `sentence` says so, in the active language."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


def _screen(user: User, conversation: Conversation, content: str = "", files: Iterable[Attachment] = ()) -> None:
    """Everything of the person's that the model would be told now. Outside of a transaction: what is refused is kept.

    Raises ConversationLocked, Refused.
    """
    if conversation.locked_at is not None:
        raise ConversationLocked  # said first: nothing that cannot be asked is looked at
    sentence = refusal_of(user, conversation, content) if content else ""
    sentence = sentence or refusal_of_files(user, conversation, files) or refusal_of_prompt(user, conversation)
    if sentence:
        raise Refused(sentence)


def submit_message(
    user: User,
    conversation: Conversation,
    content: str,
    client_id: UUID,
    *,
    parent_id: int | None = None,
    files: Sequence[Attachment] = (),
    changed: Collection[str] = (),
) -> Submission | WaitingMessage:
    """Store `content` as the next question of `conversation` (which may be unsaved) and queue its answer.

    `parent_id`: the message that the sender saw as the newest. Where the conversation has gone on from there, or
    somewhere else, the question begins a branch below it. While an answer is being written, the question waits: it
    counts against the limits when it is sent, not when it is asked. `changed`: those of the settings that the sender
    has changed with it. The same `client_id` again returns the same messages. Raises AlreadySent, ConversationLocked,
    LimitReached, ModelNotAllowed, NoModel, NotYours, Refused, TooManyWaiting.
    """
    try:
        counted = limits.count(user, *_rates(conversation))
    except LimitReached:
        if earlier := _already_stored(conversation, client_id) or waiting.sent_as(conversation, client_id):
            return earlier
        raise
    _screen(user, conversation, content, files)  # what it refuses has been sent all the same: it counts
    with counted:
        sent = (content, client_id, parent_id, files, changed)
        try:
            with transaction.atomic():
                stored, is_known = _store(user, conversation, *sent)
        except IntegrityError:
            # Two requests with one id ran side by side: the other has stored it.
            conversation._state.adding = False
            with transaction.atomic():
                stored, is_known = _store(user, conversation, *sent)
        if is_known:
            counted.give_back()
    if isinstance(stored, WaitingMessage):
        waiting.announce(conversation)
        # The answer that it waits for may have ended before anybody could see it waiting.
        waiting.submit_next(Key(conversation.owner_id, conversation.pk))
    elif not is_known:
        set_off(stored)
    return stored


def _rates(conversation: Conversation) -> tuple[limits.Rate, ...]:
    return limits.MESSAGES + limits.CONVERSATIONS if conversation._state.adding else limits.MESSAGES


def _store(
    user: User,
    conversation: Conversation,
    content: str,
    client_id: UUID,
    parent_id: int | None,
    files: Sequence[Attachment],
    changed: Collection[str],
) -> tuple[Submission | WaitingMessage, bool]:
    """What is stored now, and whether it already was."""
    if conversation._state.adding:
        return _begin(conversation, content, client_id, files), False
    asked, conversation = conversation, locked(user, conversation.pk)
    ahead = list(waiting.waiting_in(conversation))
    known = (one for one in ahead if one.client_id == client_id)
    if earlier := _already_stored(conversation, client_id) or next(known, None):
        return earlier, True
    if changed:
        _take_settings(conversation, asked, changed)
    if ahead or is_answering(conversation):
        return waiting.keep(conversation, content, client_id, files), False
    parent_id = _parent(conversation, parent_id)
    if parent_id is None:  # it was empty, and could not be found by its title
        Conversation.objects.filter(pk=conversation.pk).update(title_is_indexed=False)
    return ask(conversation, parent_id, content, client_id, model_of(conversation), files), False


def _begin(conversation: Conversation, content: str, client_id: UUID, files: Sequence[Attachment]) -> Submission:
    model = model_of(conversation)
    conversation = copy(conversation)  # whoever asked still has a new one, should nothing come of it
    conversation.title = first_title(content, [file.name for file in files])
    conversation.save(force_insert=True)
    return replace(ask(conversation, None, content, client_id, model, files), is_new_conversation=True)


def _take_settings(conversation: Conversation, asked: Conversation, changed: Collection[str]) -> None:
    """Those that came with the message. The others stay what they are: another page may have changed them since."""
    for field in changed:
        setattr(conversation, field, getattr(asked, field))
    conversation.save(update_fields=changed)


def _parent(conversation: Conversation, shown_id: int | None) -> int | None:
    """What the next question follows: what its sender saw, if that is a message of this conversation."""
    if shown_id in (None, conversation.leaf_id):
        return conversation.leaf_id
    is_here = Message.objects.filter(conversation=conversation, pk=shown_id).exists()
    return shown_id if is_here else conversation.leaf_id


def _already_stored(conversation: Conversation, client_id: UUID) -> Submission | None:
    question = Message.objects.filter(conversation=conversation, client_id=client_id).first()
    if question is None:
        return None
    answer = question.children.filter(role=Message.Role.ASSISTANT).order_by("id").last()
    generation = Generation.objects.filter(message=answer).order_by("id").last()
    return Submission(conversation, question, answer, generation, is_branch=True) if answer and generation else None


def _ready(user: User, conversation: Conversation) -> Conversation:
    """The conversation, locked and without an open answer."""
    conversation = locked(user, conversation.pk)
    _refuse_while_answering(conversation)
    return conversation


def _refuse_while_answering(conversation: Conversation) -> None:
    if is_answering(conversation):
        raise AnswerInProgress


def edit_question(
    user: User, conversation: Conversation, question: Message, content: str, client_id: UUID
) -> Submission:
    """Ask `content` instead of `question`, beside it: nothing is overwritten, and its attachments come along.

    The same `client_id` again returns the same messages. Raises AnswerInProgress, ConversationLocked, LimitReached,
    ModelNotAllowed, NoModel, NotYours, Refused.
    """
    try:
        counted = limits.count(user, *limits.MESSAGES)
    except LimitReached:
        if earlier := _already_stored(conversation, client_id):
            return earlier
        raise
    _screen(user, conversation, content, question.attachments.all())
    with counted, transaction.atomic():
        conversation = locked(user, conversation.pk)
        if earlier := _already_stored(conversation, client_id):
            counted.give_back()
            return earlier
        _refuse_while_answering(conversation)
        submission = ask(conversation, question.parent_id, content, client_id, model_of(conversation))
        attachments.copy({question.pk: submission.question.pk})
        submission.question.has_attachments = None  # the prompt and the page look for themselves
    set_off(submission)
    return submission


def regenerate(user: User, conversation: Conversation, answer: Message, model: str = "") -> Message:
    """Queue another answer to the same question, beside `answer`; by `model`, or else the conversation's own.

    Raises AnswerInProgress, ConversationLocked, LimitReached, ModelNotAllowed, NoModel, NotYours, Refused.
    """
    _screen(user, conversation)
    with limits.count(user, *limits.MESSAGES), transaction.atomic():
        conversation = _ready(user, conversation)
        chosen = allowed(user, model) if model else model_of(conversation)
        sibling, generation = queue_answer(conversation, answer.parent_id, chosen)
    start(conversation, generation)
    return sibling


def continue_answer(user: User, conversation: Conversation, answer: Message) -> Message:
    """Queue a generation that goes on with `answer` in place.

    Raises AnswerInProgress, ConversationLocked, LimitReached, ModelNotAllowed, NoModel, NotYours, Refused.
    """
    _screen(user, conversation)
    with limits.count(user, *limits.MESSAGES), transaction.atomic():
        conversation = _ready(user, conversation)
        generation = queue(conversation, answer, model_of(conversation))
    start(conversation, generation)
    return answer


def stop_answer(conversation: Conversation, answer: Message) -> bool:
    """Ask whoever is making `answer` to stop; what is there stays, and a question that waits is asked now.

    False when there is nothing to stop.
    """
    open_generation = Generation.objects.open().filter(message=answer).first()
    if open_generation is None:
        return False
    if stop_generation(conversation, open_generation):
        waiting.submit_next(Key(conversation.owner_id, conversation.pk))
    return True


def stop_generation(conversation: Conversation, generation: Generation) -> bool:
    """Ask whoever makes an open generation to stop. True when it has ended with that: nobody had begun it."""
    if records.stop_queued(generation.pk):
        engine.tell_stopped(Key(conversation.owner_id, conversation.pk), generation.pk, generation.message_id)
        return True
    Generation.objects.open().filter(pk=generation.pk).update(stop_requested=True)
    engine.stop(generation.pk)
    return False


def stop_open_answers(conversation: Conversation) -> None:
    """Stop whatever is being written in `conversation`, which is on its way out: what waits is not asked."""
    for generation in Generation.objects.open().filter(conversation=conversation):
        stop_generation(conversation, generation)
