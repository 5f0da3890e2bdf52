"""Messages for search, and a search as the page does it."""

import re
from collections.abc import Callable

import pytest

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.search.index import index_own
from conversations.search.query import parse
from conversations.search.results import Page, find
from tests.conversations.conftest import converse


def say(owner: User, *texts: str, title: str = "") -> Conversation:
    """A conversation of finished messages, whose title says nothing unless given."""
    made = converse(owner, *texts)
    Conversation.objects.filter(pk=made.pk).update(title=title)
    made.title = title
    return made


def look(user: User, text: str, after: str = "") -> Page:
    index_own(user)
    return find(user, parse(text), after)


def found(user: User, text: str) -> list[str]:
    """The texts of the hits, whole where they are short."""
    return ["".join(piece.text for piece in hit.pieces) for hit in look(user, text).hits]


def marked(user: User, text: str) -> list[list[str]]:
    return [[piece.text for piece in hit.pieces if piece.is_match] for hit in look(user, text).hits]


@pytest.fixture
def contents() -> Callable[[str], str]:
    """The visible text of a page."""
    return lambda html: re.sub(r"<[^>]+>", "", html)


def newest(conversation: Conversation) -> Message:
    return Message.objects.filter(conversation=conversation).latest("pk")
