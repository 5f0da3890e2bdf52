"""What all of these ask: a page as a person sees it, in English."""

import pytest
from django.test import Client

from conversations.models import Conversation, Message

ENGLISH = {"Accept-Language": "en"}
HTMX = {"HX-Request": "true"} | ENGLISH
NOTICE = "A moderator has hidden this message."


def shown(client: Client, path: str, headers: dict[str, str] = ENGLISH) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


@pytest.fixture
def question(conversation: Conversation) -> Message:
    return Message.objects.get(conversation=conversation, role="user")


@pytest.fixture
def answer(conversation: Conversation) -> Message:
    return Message.objects.get(conversation=conversation, role="assistant")
