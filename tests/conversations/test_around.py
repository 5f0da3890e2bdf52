"""A conversation opened at one of its messages: near the end, far up, on another branch."""

import pytest
from django.test import Client

from accounts.models import User
from conversations.around import BELOW
from conversations.models import Conversation, Message
from conversations.views.pages import PAGE
from tests.conversations.conftest import converse

pytestmark = pytest.mark.usefixtures("provider")
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def long(alice: User) -> Conversation:
    return converse(alice, *[f"message {n:03d}" for n in range(100)])


def _at(client: Client, conversation: Conversation, message_id: object) -> str:
    response = client.get(f"/c/{conversation.pk}/", {"at": message_id}, headers=ENGLISH)
    assert response.status_code == 200
    return response.content.decode()


def _number(conversation: Conversation, number: int) -> Message:
    return Message.objects.get(conversation=conversation, content=f"message {number:03d}")


def test_a_message_of_the_last_page_is_shown_on_it(alice_client: Client, long: Conversation) -> None:
    message = _number(long, 90)
    html = _at(alice_client, long, message.pk)
    assert f'id="message-{message.pk}"' in html
    assert "message 099" in html
    assert "hx-disable" not in html


def test_an_earlier_one_with_some_turns_below_it(alice_client: Client, long: Conversation) -> None:
    message = _number(long, 40)
    html = _at(alice_client, long, message.pk)
    shown = [n for n in range(100) if f"message {n:03d}" in html]
    assert shown == [0, *range(40 + BELOW - PAGE + 1, 40 + BELOW + 1)]  # the title says "message 000"
    last = _number(long, 40 + BELOW)
    assert f'href="/c/{long.pk}/?at={last.pk}#message-{last.pk}"' in html
    assert "hx-disable" in html
    assert "Go to the latest messages" in html


def test_the_first_message_has_nothing_above(alice_client: Client, long: Conversation) -> None:
    html = _at(alice_client, long, _number(long, 0).pk)
    assert "Earlier messages" not in html
    assert f"message {BELOW:03d}" in html


def test_one_of_another_branch_is_shown_on_its_branch(alice_client: Client, long: Conversation) -> None:
    fork = Message.objects.create(conversation=long, parent=_number(long, 50), role="assistant", content="other way")
    end = Message.objects.create(conversation=long, parent=fork, role="user", content="and on")
    html = _at(alice_client, long, fork.pk)
    assert f'id="message-{end.pk}"' in html
    assert "message 050" in html
    assert "message 051" not in html
    assert "Later messages" not in html


@pytest.mark.parametrize("at", ["x", "0", "-1", "9" * 30, "1'", "²"])
def test_what_is_no_message_is_not_found(alice_client: Client, long: Conversation, at: str) -> None:
    assert alice_client.get(f"/c/{long.pk}/", {"at": at}).status_code == 404


def test_her_message_is_not_in_his_conversation(alice: User, bob: User, client: Client) -> None:
    hers, his = converse(alice, "hers"), converse(bob, "his")
    client.force_login(bob)
    assert client.get(f"/c/{his.pk}/", {"at": hers.leaf_id}).status_code == 404
    assert client.get(f"/c/{hers.pk}/", {"at": hers.leaf_id}).status_code == 404


def test_a_constant_number_of_queries(alice: User, alice_client: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    longer = converse(alice, *[f"message {n:03d}" for n in range(400)])
    alice_client.get("/")
    for number in (0, 200, 399):
        with django_assert_max_num_queries(18):
            _at(alice_client, longer, _number(longer, number).pk)
