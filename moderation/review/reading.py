"""An opened conversation, a page of a branch at a time.

A page costs a constant number of queries. Pages join without gap or repeat: the one before ends with the message in
front of the first one shown, the one after goes on below the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.around import from_message
from conversations.models import Conversation, Message, WaitingMessage
from moderation.turns import Turn, turns_of, waiting_turns

PAGE = 30


@dataclass(frozen=True, slots=True)
class ReadPage:
    """`earlier`, `later`: the messages that the neighbouring pages end with, or begin after; None at the ends."""

    turns: list[Turn]
    earlier: int | None
    later: int | None
    waiting: Sequence[Turn] = ()


def last_page(conversation: Conversation) -> ReadPage:
    """The end of the branch that its owner sees, and what waits to be asked there."""
    page = page_to(conversation, conversation.leaf_id)
    waiting = WaitingMessage.objects.filter(conversation=conversation).prefetch_related("attachments")
    return ReadPage(page.turns, page.earlier, None, waiting_turns(waiting.order_by("created_at", "id")))


def page_to(conversation: Conversation, message_id: int | None) -> ReadPage:
    """The page that ends with a message; without turns where the conversation has no such one."""
    if message_id is None:
        return ReadPage([], None, None)
    later = from_message(conversation, message_id, 2) if message_id != conversation.leaf_id else []
    return _page(conversation, message_id, PAGE, message_id if len(later) > 1 else None)


def page_after(conversation: Conversation, message_id: int) -> ReadPage:
    """The page below a message: along the branch that its owner sees, else along the newest messages."""
    below = from_message(conversation, message_id, PAGE + 2)[1:]
    return _downwards(conversation, below)


def page_from(conversation: Conversation, message_id: int) -> ReadPage:
    """The page that begins with a message, which may be on another branch."""
    return _downwards(conversation, from_message(conversation, message_id, PAGE + 1))


def _downwards(conversation: Conversation, ids: Sequence[int]) -> ReadPage:
    shown = ids[:PAGE]
    if not shown:
        return ReadPage([], None, None)
    return _page(conversation, shown[-1], len(shown), shown[-1] if len(ids) > PAGE else None)


def _page(conversation: Conversation, last_id: int | None, size: int, later: int | None) -> ReadPage:
    branch = Message.objects.branch(conversation.pk, last_id, size + 1)
    shown = branch[-size:]
    return ReadPage(turns_of(shown), branch[0].pk if len(branch) > size else None, later)
