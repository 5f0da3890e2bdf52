"""What moderators do to conversations: hide a message, lock a conversation, and take both back.

Each is compare-and-set: false means that it was so already. Nothing is deleted and no text is changed; open pages and
the search index follow once it is committed. Who may do this, and why, is asked by whoever calls.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from conversations.generation import engine
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message, Share, WaitingMessage
from conversations.submission import stop_generation, stop_open_answers
from conversations.text import title_of
from conversations.waiting import take_back


def hide(message: Message) -> bool:
    """Nobody but moderators reads `message` from now on, and no model; what is being written of it is stopped."""
    with transaction.atomic():
        if not _set_hidden(message, is_hidden=True):
            return False
        _retitle(message, old=title_of(message.content), new="")
        transaction.on_commit(partial(_after_hiding, message))
    return True


def show(message: Message) -> bool:
    """Take `hide` back."""
    with transaction.atomic():
        if not _set_hidden(message, is_hidden=False):
            return False
        _retitle(message, old="", new=title_of(message.content))
        transaction.on_commit(partial(_tell, message))
    return True


def _set_hidden(message: Message, *, is_hidden: bool) -> bool:
    moment = timezone.now() if is_hidden else None
    others = Message.objects.filter(pk=message.pk, hidden_at__isnull=is_hidden)
    if not others.update(hidden_at=moment, is_indexed=False):
        return False
    message.hidden_at = moment
    return True


def _retitle(message: Message, old: str, new: str) -> None:
    """A conversation is named after its first question: with it, the name goes and comes, unless it has another."""
    if message.parent_id is not None or message.role != Message.Role.USER or old == new:
        return
    Conversation.objects.filter(pk=message.conversation_id, title=old).update(title=new, title_is_indexed=False)
    Share.objects.filter(conversation_id=message.conversation_id, title=old).update(title=new)


def _after_hiding(message: Message) -> None:
    """The answer itself, or the answers to the question: they were made of what is hidden now."""
    conversation = message.conversation
    written = Generation.objects.open().filter(message__in=[message.pk, *message.children.values_list("pk", flat=True)])
    for generation in written:
        stop_generation(conversation, generation)
    _tell(message)


def _tell(message: Message) -> None:
    engine.announce_renewed(_key(message.conversation), message.pk)


def lock(conversation: Conversation) -> bool:
    """Nothing is asked in `conversation` any more; what is being written is stopped, what waits is not asked.

    Its owner can still read, export and delete it.
    """
    return _set_locked(conversation, is_locked=True)


def unlock(conversation: Conversation) -> bool:
    """Take `lock` back; questions that wait there are asked."""
    return _set_locked(conversation, is_locked=False)


def _set_locked(conversation: Conversation, *, is_locked: bool) -> bool:
    moment = timezone.now() if is_locked else None
    with transaction.atomic():
        others = Conversation.objects.filter(pk=conversation.pk, locked_at__isnull=is_locked)
        if not others.update(locked_at=moment):
            return False
        conversation.locked_at = moment
        transaction.on_commit(partial(_after_locking, conversation, is_locked))
    return True


def _after_locking(conversation: Conversation, is_locked: bool) -> None:
    if is_locked:
        stop_open_answers(conversation)
    engine.announce_locked(_key(conversation), is_locked)


def stop_answers_of(user_id: int) -> None:
    """Stop everything that is being written for a person, and take back what they have queued or left to wait."""
    waiting = WaitingMessage.objects.filter(conversation__owner_id=user_id).select_related("conversation")
    for one in waiting:  # first: the end of an answer would ask the next
        take_back(one.conversation, one.pk)
    written = Generation.objects.open().filter(conversation__owner_id=user_id).select_related("conversation")
    for generation in written.defer("draft", "draft_reasoning"):
        stop_generation(generation.conversation, generation)


def _key(conversation: Conversation) -> Key:
    return Key(conversation.owner_id, conversation.pk)
