"""The demo's people and all that is theirs, away again, in transactions that hold nobody up."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from chatbot_site.database import is_unreadable
from conversations.models import Conversation, Message
from moderation.models import Rule
from operations.cleanup.conversations import remove_at_once
from operations.demo import texts

CONVERSATIONS_AT_ONCE = 100
PEOPLE_AT_ONCE = 50


def demo_people() -> QuerySet[User]:
    return User.objects.filter(email__endswith=f"@{texts.DOMAIN}")


def demo_rules() -> QuerySet[Rule]:
    return Rule.objects.filter(name__in=[rule.name for rule in texts.RULES])


def counts() -> dict[str, int]:
    """What there is to take away."""
    people = demo_people()
    return {
        "people": people.count(),
        "conversations": Conversation.objects.filter(owner__in=people).count(),
        "messages": Message.objects.filter(conversation__owner__in=people).count(),
        "rules": demo_rules().count(),
    }


def remove(done: Callable[[int], object]) -> list[str]:
    """`done` hears how many conversations went. May be stopped at any time, and begun again.

    What stays, since its rows cannot be read: conversations go by sets, without a look into them, but people do not.
    """
    ids = list(demo_people().values_list("pk", flat=True))
    conversations = Conversation.objects.filter(owner_id__in=ids).order_by("pk")
    while keys := list(conversations.values_list("pk", flat=True)[:CONVERSATIONS_AT_ONCE]):
        remove_at_once(keys)
        done(len(keys))
    stays: list[str] = []
    for start in range(0, len(ids), PEOPLE_AT_ONCE):
        stays += _remove_people(ids[start : start + PEOPLE_AT_ONCE])
    for rule in demo_rules():
        rule.delete()
    return stays


def _remove_people(ids: list[int]) -> list[str]:
    try:
        with transaction.atomic():
            User.objects.filter(pk__in=ids).delete()
    except Exception as error:
        if not is_unreadable(error):
            raise
        if len(ids) == 1:
            return [f"account {ids[0]} ({type(error).__name__})"]
    else:
        return []
    return [one for pk in ids for one in _remove_people([pk])]
