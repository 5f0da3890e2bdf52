import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from conversations.models import Conversation, Generation, Message
from tests.conversations.conftest import converse


def test_branch_is_the_end_of_the_path_to_the_leaf(alice: User) -> None:
    conversation = converse(alice, "one", "two", "three", "four")
    assert conversation.leaf
    branch = Message.objects.branch(conversation.pk, conversation.leaf_id, 3)
    assert [message.content for message in branch] == ["two", "three", "four"]


def test_branch_leaves_siblings_out(alice: User) -> None:
    conversation = converse(alice, "question", "first answer")
    question = conversation.messages.get(content="question")
    second = Message.objects.create(conversation=conversation, parent=question, role="assistant", content="second")
    branch = Message.objects.branch(conversation.pk, second.pk, 10)
    assert [message.content for message in branch] == ["question", "second"]


def test_branch_of_another_conversation_is_empty(alice: User, bob: User) -> None:
    mine, his = converse(alice, "mine"), converse(bob, "his")
    assert Message.objects.branch(mine.pk, his.leaf_id, 10) == []


def test_branch_costs_one_query_however_long_the_conversation(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    conversation = converse(alice, *[f"message {i}" for i in range(120)])
    with django_assert_num_queries(1):
        assert len(Message.objects.branch(conversation.pk, conversation.leaf_id, 25)) == 25


def test_a_client_id_is_once_in_a_conversation(conversation: Conversation) -> None:
    make = {"conversation": conversation, "role": "user", "client_id": "6b1c5ed9-0f2c-4f0e-9a2c-1f6d4f6f0001"}
    Message.objects.create(**make)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(**make)


def test_a_message_has_one_open_generation(conversation: Conversation) -> None:
    make = {"conversation": conversation, "message_id": conversation.leaf_id, "model": "m", "max_tokens": 1}
    Generation.objects.create(**make, status="running")
    Generation.objects.create(**make, status="complete")
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.create(**make, status="queued")


def test_the_gate_hides_what_is_not_mine_and_what_is_deleted(alice: User, bob: User) -> None:
    mine = converse(alice, "mine")
    converse(bob, "his")
    gone = converse(alice, "gone")
    Conversation.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)
    assert list(Conversation.objects.owned_by(alice)) == [mine]
    assert list(Conversation.objects.deleted_by(alice)) == [gone]
