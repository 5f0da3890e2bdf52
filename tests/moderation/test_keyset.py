"""Keyset pages: they join without gap or repeat, and no cursor from outside breaks them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations.models import Conversation
from moderation.keyset import KeysetPage, cursor_after, keyset_page
from moderation.models import Notice


@pytest.fixture
def notices(alice: User) -> list[Notice]:
    """Twelve; three share each moment. Newest first."""
    now = timezone.now()
    rows = [Notice(person=alice, kind="warning", created_at=now - timedelta(hours=n // 3)) for n in range(12)]
    Notice.objects.bulk_create(rows)
    return list(Notice.objects.order_by("-created_at", "-pk"))


def _page(cursor: str = "", size: int = 5) -> KeysetPage[Notice]:
    return keyset_page(Notice.objects.all(), "created_at", cursor, size)


def test_pages_join_forwards_and_backwards(notices: list[Notice]) -> None:
    first = _page()
    second = _page(first.next)
    third = _page(second.next)
    assert first.rows + second.rows + third.rows == notices
    assert not first.previous
    assert not third.next
    assert _page(third.previous).rows == second.rows
    assert _page(second.previous) == first


def test_by_the_key_alone(notices: list[Notice]) -> None:
    first = keyset_page(Notice.objects.all(), "pk", "", 7)
    rest = keyset_page(Notice.objects.all(), "pk", first.next, 7)
    assert [row.pk for row in first.rows + rest.rows] == sorted((row.pk for row in notices), reverse=True)


def test_keys_that_are_uuids(alice: User) -> None:
    now = timezone.now()
    Conversation.objects.bulk_create([Conversation(owner=alice, updated_at=now) for _ in range(9)])
    first = keyset_page(Conversation.objects.all(), "updated_at", "", 4)
    second = keyset_page(Conversation.objects.all(), "updated_at", first.next, 4)
    third = keyset_page(Conversation.objects.all(), "updated_at", second.next, 4)
    assert len({row.pk for page in (first, second, third) for row in page.rows}) == 9


def test_one_query_a_page_and_no_counting(
    notices: list[Notice], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cursor = _page().next
    with django_assert_num_queries(1) as queries:
        _page(cursor)
    sql = queries.captured_queries[0]["sql"]
    assert "COUNT" not in sql
    assert "OFFSET" not in sql


def test_a_row_that_came_meanwhile_shifts_nothing(notices: list[Notice], alice: User) -> None:
    first = _page()
    Notice.objects.create(person=alice, kind="warning")
    assert _page(first.next).rows == notices[5:10]


def test_a_page_whose_rows_are_gone_is_the_first_one(notices: list[Notice]) -> None:
    second = _page(_page().next)
    Notice.objects.filter(pk__in=[row.pk for row in notices[5:]]).delete()
    assert _page(second.next).rows == notices[:5]


def test_cursor_after_a_row(notices: list[Notice]) -> None:
    assert _page(cursor_after(notices[3], "created_at")).rows == notices[4:9]


@pytest.mark.parametrize(
    "cursor",
    [
        "after",
        "after~",
        "after~x~y",
        "after~2026-01-01T00:00:00+00:00",
        "after~2026-01-01T00:00:00+00:00~x",
        "after~2026-01-01T00:00:00+00:00~" + "9" * 40,
        "after~0001-01-01T00:00:00+09:00~1",
        "after~2026-99-01T00:00:00~1",
        "sideways~2026-01-01T00:00:00+00:00~1",
        "after~2026-01-01T00:00:00+00:00\0~1",
        "before~~",
        "2",
        "' OR 1=1 --",
        "after~" + "1" * 1000 + "~1",
    ],
)
def test_a_broken_cursor_means_the_first_page(notices: list[Notice], cursor: str) -> None:
    assert _page(cursor).rows == notices[:5]
