"""Keeps the entries that search looks through in step with messages and titles, behind the scenes.

Nothing is done when a message is stored or an answer ends: both begin with `is_indexed` false, and whatever changes a
text sets it to false again. A person's search first takes in what is new of theirs; an engine's poll takes in the rest.
What is temporary is left out, and so is an answer that is still written, and what a moderator has hidden.

The ids of entries say how new they are, since both databases give hits in that order at no cost: twice the message's
id, and for a title one more than twice the id of its conversation's first message. A conversation without messages has
no entry: its title is to be taken in again when the first one is stored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from conversations.models import Conversation, Generation, Message, SearchEntry
from conversations.search.reading import text_of
from conversations.search.tokens import tokens_of

if TYPE_CHECKING:
    from accounts.models import User

BATCH = 100  # texts in one transaction: on SQLite nobody else can write meanwhile
OWN_TEXTS = 2000  # at most so many in one search,
OWN_SECONDS = 0.5  # and so long
SETTLE_SECONDS = 10  # the background leaves newer ones alone: their answers need the machine more
# Not by the bare key: SQLite would walk all messages from the last to the first instead of the few that wait.
_NEWEST_FIRST = (F("pk") + 0).desc()


def index_own(user: User) -> bool:
    """Take in what is new of `user`, the newest first. Whether that was all."""
    deadline = time.monotonic() + OWN_SECONDS
    titles = _titles().filter(owner=user)
    messages = _messages().filter(conversation__owner=user)
    for _ in range(OWN_TEXTS // BATCH):
        found = _index_titles(titles) + _index_messages(messages)
        if found < BATCH:
            return True
        if time.monotonic() > deadline:
            return False
    return False


def index_settled() -> int:
    """Take in some of what is new of anybody; how many texts there were."""
    before = timezone.now() - timedelta(seconds=SETTLE_SECONDS)
    return _index_titles(_titles().filter(created_at__lt=before)) + _index_messages(
        _messages().filter(created_at__lt=before)
    )


def _titles() -> QuerySet[Conversation]:
    """Conversations whose title is to be taken in."""
    return Conversation.objects.filter(title_is_indexed=False, expires_at__isnull=True)


def _messages() -> QuerySet[Message]:
    is_open = Exists(Generation.objects.open().filter(message=OuterRef("pk")))
    return Message.objects.filter(~is_open, is_indexed=False, conversation__expires_at__isnull=True)


def _index_titles(waiting: QuerySet[Conversation]) -> int:
    texts = dict(waiting.values_list("pk", "title")[:BATCH])
    if not texts:
        return 0
    tokens = {pk: tokens_of(title) for pk, title in texts.items()}
    with transaction.atomic():
        locked = _locked(Conversation.objects.filter(pk__in=texts, title_is_indexed=False))
        same = [c for c in locked.only("pk", "title", "owner_id") if c.title == texts[c.pk]]
        first = dict(
            Message.objects.filter(conversation__in=same).values_list("conversation_id").annotate(Min("pk")).order_by()
        )
        _replace(
            Q(conversation__in=same, message__isnull=True),
            [
                SearchEntry(pk=2 * first[c.pk] + 1, owner_id=c.owner_id, conversation=c, tokens=tokens[c.pk])
                for c in same
                if tokens[c.pk] and c.pk in first
            ],
        )
        Conversation.objects.filter(pk__in=[c.pk for c in same]).update(title_is_indexed=True)
    return len(texts)


def _index_messages(waiting: QuerySet[Message]) -> int:
    found = list(waiting.only("pk", "content", "role").order_by(_NEWEST_FIRST)[:BATCH])
    if not found:
        return 0
    texts = {message.pk: message.content for message in found}
    tokens = {message.pk: tokens_of(text_of(message)) for message in found}
    with transaction.atomic():
        locked = _locked(Message.objects.filter(pk__in=texts, is_indexed=False))
        locked = locked.only("pk", "content", "hidden_at", "conversation__owner").select_related("conversation")
        same = [message for message in locked if message.content == texts[message.pk]]
        _replace(
            Q(message__in=same),
            [
                SearchEntry(
                    pk=2 * message.pk,
                    owner_id=message.conversation.owner_id,
                    conversation_id=message.conversation_id,
                    message_id=message.pk,
                    tokens=tokens[message.pk],
                )
                for message in same
                if tokens[message.pk] and message.hidden_at is None
            ],
        )
        Message.objects.filter(pk__in=[message.pk for message in same]).update(is_indexed=True)
    return len(texts)


def _locked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Against a text that changes between being read and being marked; what another process holds is its business."""
    return rows.order_by("pk").select_for_update(of=("self",), skip_locked=True)


def _replace(old: Q, new: Sequence[SearchEntry]) -> None:
    SearchEntry.objects.filter(old).delete()
    SearchEntry.objects.bulk_create(new)
