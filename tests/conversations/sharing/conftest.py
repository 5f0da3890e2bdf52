"""A shared link, a guest who opens it, and what they see."""

import pytest
from django.test import Client

from conversations.models import Conversation, Share
from conversations.sharing import share

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def guest() -> Client:
    """Somebody without an account."""
    return Client(headers=ENGLISH)


@pytest.fixture
def link(conversation: Conversation) -> Share:
    return share(conversation, days=7)


def address(link: Share) -> str:
    return f"/share/{link.token}/"


def page(client: Client, link: Share, query: str = "") -> str:
    response = client.get(address(link) + query)
    assert response.status_code == 200
    return response.content.decode()


def shows_nothing(client: Client, link: Share) -> bool:
    response = client.get(address(link))
    return response.status_code == 404 and "This link shows nothing" in response.content.decode()
