"""Moderators, something to report, and a clean slate: compiled rules and limits of a test must not reach the next."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Message
from moderation import rules
from moderation.models import Rule
from moderation.roles import ADMINISTRATORS, MODERATORS
from tests.conversations.conftest import converse


@pytest.fixture(autouse=True)
def _clean_slate(settings) -> Iterator[None]:
    settings.MODERATION_API = "off"
    cache.clear()
    rules.forget()
    yield
    cache.clear()
    rules.forget()


def with_role(person: User, name: str) -> User:
    person.groups.add(Group.objects.get(name=name))
    return User.objects.get(pk=person.pk)


@pytest.fixture
def moderator(bob: User) -> User:
    return with_role(bob, MODERATORS)


@pytest.fixture
def second_moderator(charlie: User) -> User:
    return with_role(charlie, MODERATORS)


@pytest.fixture
def administrator(db: None) -> User:
    return with_role(
        User.objects.create_user("dora", "dora@example.org", "correct horse battery staple"), ADMINISTRATORS
    )


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root", "root@example.org", "correct horse battery staple")


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A browser that asks for English, logged in."""

    def make(person: User, language: str = "en") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(person)
        return client

    return make


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return converse(alice, "How do I do it?", "Like *this*.")


@pytest.fixture
def answer(conversation: Conversation) -> Message:
    return Message.objects.select_related("conversation").get(pk=conversation.leaf_id)


@pytest.fixture
def rule(db: None) -> Callable[..., Rule]:
    def make(text: str = "forbidden", **fields: object) -> Rule:
        return Rule.objects.create(**{"name": f"rule {Rule.objects.count()}", "text": text, **fields})

    return make
