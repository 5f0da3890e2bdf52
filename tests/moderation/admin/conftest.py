"""Moderators at their browsers, and cases for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Message
from moderation.models import Case, Flag, Reason
from moderation.roles import ADMINISTRATORS, MODERATORS

CaseMaker = Callable[..., Case]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def moderator(bob: User) -> User:
    """Bob, who moderates."""
    bob.groups.set([Group.objects.get(name=MODERATORS)])
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    return User.objects.get(pk=bob.pk)


@pytest.fixture
def second_moderator(charlie: User) -> User:
    charlie.groups.set([Group.objects.get(name=MODERATORS)])
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    return User.objects.get(pk=charlie.pk)


@pytest.fixture
def administrator(db: None) -> User:
    user = User.objects.create_user("dora", "dora@example.org", "correct horse battery staple")
    user.groups.set([Group.objects.get(name=ADMINISTRATORS)])
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def desk(moderator: User) -> Client:
    """Bob's browser, in English."""
    client = client_of(moderator)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def second_desk(second_moderator: User) -> Client:
    client = client_of(second_moderator)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def make_case(alice: User) -> CaseMaker:
    """An open case about an answer of alice's, with a conversation of its own."""

    def make(
        text: str = "A flagged answer", *, question: str = "A question", title: str = "A talk", **fields: Any
    ) -> Case:
        owner = fields.pop("person", alice)
        note = fields.pop("note", "Look at this")
        conversation = Conversation.objects.create(owner=owner, title=title)
        asked = Message.objects.create(conversation=conversation, role="user", content=question)
        answer = Message.objects.create(
            conversation=conversation, role="assistant", parent=asked, content=text, model=fields.get("model", "")
        )
        Conversation.objects.filter(pk=conversation.pk).update(leaf=answer)
        values = {"reason": Reason.OTHER, "score": 0.5, "flag_count": 1, "message": answer, **fields}
        case = Case.objects.create(person=owner, conversation=conversation, **values)
        Flag.objects.create(
            case=case, source=Flag.Source.REPORT, reason=values["reason"], score=values["score"], note=note
        )
        return case

    return make
