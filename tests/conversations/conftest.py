"""Conversations for tests, and the engine that makes answers, against the scripted provider over real HTTP."""

import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from django.test import Client

from accounts.models import User
from conversations.generation import engine
from conversations.models import Conversation, Message
from conversations.rendering import render
from tests.scripted_provider.fixture import MODEL


@pytest.fixture
def alice_client(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def converse(owner: User, *texts: str, model: str = MODEL) -> Conversation:
    """A conversation of finished turns: `texts` are question, answer, question, ..."""
    conversation = Conversation.objects.create(owner=owner, title=texts[0] if texts else "", model=model)
    parent = None
    for index, text in enumerate(texts):
        role = Message.Role.ASSISTANT if index % 2 else Message.Role.USER
        parent = Message.objects.create(
            conversation=conversation, parent=parent, role=role, content=text, html=render(text) if index % 2 else ""
        )
    conversation.leaf = parent
    conversation.save()
    return conversation


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return converse(alice, "What is a queue?", "A *line* of things that wait.")


@pytest.fixture
def form() -> Callable[..., dict[str, str]]:
    """What the composer sends."""
    return lambda text, **extra: {"text": text, "client_id": str(uuid.uuid4()), **extra}


@pytest.fixture
async def running_engine(transactional_db: None) -> AsyncIterator[engine.Engine]:
    """This process's engine, on the test's loop."""
    yield engine.ensure(makes_answers=True)
    await engine.shut_down()
