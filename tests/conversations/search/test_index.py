"""What is taken in, when, and what makes it be taken in anew."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from conversations.generation.records import _move_to_message
from conversations.models import Conversation, Generation, Message, SearchEntry
from conversations.search import index
from conversations.search.index import index_own, index_settled
from conversations.submission import submit_message
from tests.conversations.conftest import MODEL
from tests.conversations.search.conftest import found, newest, say


def _open(conversation: Conversation) -> Generation:
    return Generation.objects.create(
        conversation=conversation, message=newest(conversation), model=MODEL, max_tokens=1, status="running"
    )


def test_titles_and_messages_are_taken_in_once(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    say(alice, "사과", "배", title="과일")
    assert index_own(alice)
    assert SearchEntry.objects.count() == 3
    with django_assert_num_queries(2):
        assert index_own(alice)


def test_an_answer_is_found_when_it_has_ended(alice: User) -> None:
    conversation = say(alice, "질문", "쓰는 중")
    generation = _open(conversation)
    assert found(alice, "쓰는") == []
    Generation.objects.filter(pk=generation.pk).update(status="complete")
    assert found(alice, "쓰는") == ["쓰는 중"]


def test_what_was_continued_is_found(alice: User) -> None:
    conversation = say(alice, "질문", "앞부분")
    assert found(alice, "앞부분") == ["앞부분"]
    _move_to_message(newest(conversation), Generation(), "과 뒷이야기", "", SafeString(""))
    assert found(alice, "뒷이야기") == ["앞부분과 뒷이야기"]
    assert found(alice, "앞부분") == ["앞부분과 뒷이야기"]


@pytest.mark.usefixtures("provider")
def test_a_new_title_is_found_and_the_old_one_is_not(alice: User, alice_client: Client) -> None:
    conversation = say(alice, "?", title="오래된 이름")
    assert found(alice, "오래된") == ["오래된 이름"]
    alice_client.post(f"/c/{conversation.pk}/rename/", {"title": "새로운 이름"})
    assert found(alice, "새로운") == ["새로운 이름"]
    assert found(alice, "오래된") == []


def test_a_text_that_changes_meanwhile_is_taken_in_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = say(alice, "처음")
    whole = index.tokens_of

    def change(text: str) -> str:
        Message.objects.filter(conversation=conversation).update(content="처음과 나중", is_indexed=False)
        return whole(text)

    monkeypatch.setattr(index, "tokens_of", change)
    index._index_messages(index._messages())
    assert not SearchEntry.objects.filter(message__isnull=False).exists()
    monkeypatch.undo()
    assert found(alice, "나중") == ["처음과 나중"]


def test_the_background_takes_in_everybodys_but_not_what_is_fresh(alice: User, bob: User) -> None:
    say(alice, "하나", title="제목")
    say(bob, "둘", title="제목")
    assert index_settled() == 0
    before = timezone.now() - timedelta(minutes=1)
    Message.objects.update(created_at=before)
    Conversation.objects.update(created_at=before)
    assert index_settled() == 4
    assert index_settled() == 0
    assert SearchEntry.objects.count() == 4


def test_much_at_once_is_taken_in_by_portions_the_newest_first(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BATCH", 10)
    monkeypatch.setattr(index, "OWN_TEXTS", 20)
    say(alice, *[f"번호 {n}" for n in range(50)])
    assert not index_own(alice)
    left = Message.objects.filter(is_indexed=False).order_by("-pk")
    assert 0 < left.count() < 50
    assert left[0].content < max(Message.objects.filter(is_indexed=True).values_list("content", flat=True))
    for _ in range(10):
        index_own(alice)
    assert index_own(alice)


def test_what_says_nothing_has_no_entry(alice: User) -> None:
    say(alice, "???", "\u200b \ufe0f")
    index_own(alice)
    assert not SearchEntry.objects.exists()
    assert not Message.objects.filter(is_indexed=False).exists()


def test_a_huge_text_has_an_end(alice: User) -> None:
    text = " ".join(f"w{n}한글" for n in range(150_000))
    say(alice, "?", text)
    assert len(found(alice, "w1한글")) == 1
    [tokens] = SearchEntry.objects.values_list("tokens", flat=True)
    assert len(tokens.encode()) < 1_000_000


def test_a_deleted_account_leaves_nothing_in_the_index(alice: User) -> None:
    say(alice, "흔적")
    index_own(alice)
    scope = alice.pk
    Conversation.objects.update(leaf=None)
    alice.delete()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT COUNT(*) FROM conversations_search WHERE conversations_search MATCH %s", [f'"{scope}_흔적"']
            )
            assert cursor.fetchone() == (0,)
    assert not SearchEntry.objects.exists()


def test_looking_for_what_is_new_uses_the_partial_index(alice: User) -> None:
    conversation = say(alice, "old")
    Message.objects.bulk_create(
        Message(conversation=conversation, role="user", content="old", is_indexed=True) for _ in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a planner that knows nothing takes every table for a small one
    waiting = index._messages()
    for rows in (waiting, waiting.filter(conversation__owner=alice)):
        plan = rows.order_by(index._NEWEST_FIRST)[:100].explain()
        assert "message_to_index" in plan, plan


def test_an_empty_conversation_does_not_wait_for_ever(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    Conversation.objects.create(owner=alice, title="비어 있음")
    Conversation.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert index_settled() == 1
    assert SearchEntry.objects.count() == 0
    with django_assert_num_queries(2):
        assert index_settled() == 0


@pytest.mark.usefixtures("provider")
def test_the_title_of_what_was_empty_is_found_with_its_first_message(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="비어 있음", model=MODEL)
    assert index_own(alice)
    assert found(alice, "비어") == []
    submit_message(alice, conversation, "첫 질문", uuid.uuid4())
    assert found(alice, "비어") == ["비어 있음"]


def test_an_answer_is_found_as_it_is_read_and_a_question_as_it_was_written(alice: User) -> None:
    say(alice, "태그 <mark>어떻게</mark>", "물은 H<sub>2</sub>O<br>다음 줄 <!-- 비밀 --> `<kbd>`")
    assert found(alice, "h2o") == found(alice, "다음 줄") == found(alice, "kbd") == ["물은 H2O\n다음 줄 <kbd>"]
    assert found(alice, "비밀") == []
    assert found(alice, "mark") == ["태그 <mark>어떻게</mark>"]
