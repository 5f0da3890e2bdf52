"""What moderators do to conversations: hide a message, lock a conversation, and take both back.

Each is compare-and-set: false means that it was so already. Nothing is deleted and no text is changed; open pages and
the search index follow once it is committed. Who may do this, and why, is asked by whoever calls.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from accounts.models import Preferences
from conversations.branching import branch_title
from conversations.generation import engine
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message, Share, WaitingMessage
from conversations.submission import stop_generation, stop_open_answers
from conversations.text import first_title
from conversations.waiting import take_back


def hide(message: Message) -> bool:
    """Nobody but moderators reads `message` from now on, and no model; what is being written of it is stopped.

    So it is with its copies: the same message in branches that were made of the conversation, or that it is a part of.
    """
    return _set_hidden(message, is_hidden=True)


def show(message: Message) -> bool:
    """Take `hide` back."""
    return _set_hidden(message, is_hidden=False)


def _set_hidden(message: Message, *, is_hidden: bool) -> bool:
    """Whether `message` itself was changed."""
    moment = timezone.now() if is_hidden else None
    with transaction.atomic():
        others = _copies_to_change(message, is_hidden=is_hidden)
        ids = [other.pk for other in others]
        Message.objects.filter(pk__in=ids).update(hidden_at=moment, is_indexed=False)
        for other in others:
            (_take_title if is_hidden else _give_title)(other)
            transaction.on_commit(partial(_after_hiding if is_hidden else _tell, other))
    if message.pk not in ids:
        return False
    message.hidden_at = moment
    return True


def _copies_to_change(message: Message, *, is_hidden: bool) -> list[Message]:
    """The message and its copies as far as they are to change; a branch that is being made now is waited for."""
    list(Message.objects.copies_of(message).select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    others = Message.objects.copies_of(message).filter(hidden_at__isnull=is_hidden)
    return list(others.select_related("conversation__owner__preferences").order_by("pk"))


# --- A conversation is named after its first question: with that, the name goes and comes, unless it has another -----


def _take_title(message: Message) -> None:
    if not (named := _title_from(message)):
        return
    # A branch is named after its conversation, with a word more; a branch of it with two.
    same = Q(title__startswith=named.rstrip("…")) if message.copied_from else Q(title=named)
    Conversation.objects.filter(same, pk=message.conversation_id).update(title="", title_is_indexed=False)
    Share.objects.filter(same, conversation_id=message.conversation_id).update(title="")


def _give_title(message: Message) -> None:
    if not (named := _title_from(message)):
        return
    with translation.override(Preferences.of(message.conversation.owner).language or translation.get_language()):
        title = branch_title(named) if message.copied_from else named
    nameless = Conversation.objects.filter(pk=message.conversation_id, title="")
    nameless.update(title=title, title_is_indexed=False)
    Share.objects.filter(conversation_id=message.conversation_id, title="").update(title=title)


def _title_from(message: Message) -> str:
    """What a conversation that begins with `message` is called; "" for one that none begins with."""
    if message.parent_id is not None or message.role != Message.Role.USER:
        return ""
    return first_title(message.content, message.attachments.order_by("created_at", "id").values_list("name", flat=True))


def _after_hiding(message: Message) -> None:
    """The answer itself, or the answers to the question: they were made of what is hidden now."""
    conversation = message.conversation
    written = Generation.objects.open().filter(message__in=[message.pk, *message.children.values_list("pk", flat=True)])
    for generation in written:
        stop_generation(conversation, generation)
    _tell(message)


def _tell(message: Message) -> None:
    engine.announce_renewed(_key(message.conversation), message.pk)


# --- Locks ------------------------------------------------------------------------------------------------------------


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
