"""A moderator, and conversations to review."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from conversations.models import Attachment, Conversation, Message
from conversations.search.index import index_own
from moderation.flagging import flag
from moderation.models import Case, Opening
from moderation.review.openings import record_opening
from moderation.roles import MODERATORS
from tests.conversations.conftest import converse
from tests.conversations.pictures import kept

LIST = "/admin/conversations/conversation/"
WHY = "Asked to by its owner"


def address(conversation: Conversation, more: str = "") -> str:
    return f"{LIST}{conversation.pk}/{more}"


def flagged(conversation: Conversation) -> Case:
    message = Message.objects.get(pk=conversation.leaf_id)
    return flag(conversation.owner, "spam", "provider", message=message, conversation=conversation)


@pytest.fixture
def moderator(charlie: User) -> User:
    charlie.is_staff = True
    charlie.save()
    charlie.groups.add(Group.objects.get(name=MODERATORS))
    return charlie


@pytest.fixture
def client(client: Client) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def desk(moderator: User, client: Client) -> Client:
    """Where the moderator sits."""
    client.force_login(moderator)
    return client


@pytest.fixture
def talk(alice: User) -> Conversation:
    """A conversation of alice, taken into the index."""
    made = converse(alice, "사과를 사고 싶어요", "과일 가게에 있습니다")
    index_own(alice)
    return made


@pytest.fixture
def opened(moderator: User) -> Callable[[Conversation], Opening]:
    return lambda conversation: record_opening(moderator, conversation, WHY)


@pytest.fixture
def image(alice: User, talk: Conversation) -> Attachment:
    made = kept(alice)
    made.message = Message.objects.filter(conversation=talk).earliest("pk")
    made.save()
    return made
