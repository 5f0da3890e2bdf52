from datetime import timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation
from conversations.sidebar import PAGE, listing


def _make(owner: User, count: int, *, days_ago: float = 0) -> None:
    now = timezone.now()
    moments = [now - timedelta(days=days_ago, seconds=i) for i in range(count)]
    Conversation.objects.bulk_create([Conversation(owner=owner, title=f"{m}", updated_at=m) for m in moments])


def test_groups_by_date(alice: User) -> None:
    noon = timezone.localtime().replace(hour=12)
    for days, title in ((0, "now"), (1, "before"), (5, "this week"), (20, "this month"), (400, "long ago")):
        Conversation.objects.create(owner=alice, title=title, updated_at=noon - timedelta(days=days))
    found = {group.key: [c.title for c in group.conversations] for group in listing(alice).groups}
    assert found == {
        "today": ["now"],
        "yesterday": ["before"],
        "week": ["this week"],
        "month": ["this month"],
        "older": ["long ago"],
    }


def test_pages_join_without_gap_or_repeat_even_at_one_moment(alice: User) -> None:
    moment = timezone.now()
    count = 2 * PAGE + 3
    Conversation.objects.bulk_create([Conversation(owner=alice, updated_at=moment) for _ in range(count)])
    seen, before = [], ""
    while True:
        page = listing(alice, before)
        seen += [c.pk for group in page.groups for c in group.conversations]
        if page.next_url is None:
            break
        before = page.next_url.partition("before=")[2]
    assert len(seen) == len(set(seen)) == count


def test_one_query_a_page_and_two_for_what_stands_above(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    _make(alice, PAGE * 2)
    with django_assert_num_queries(3):
        first = listing(alice)
    assert first.next_url
    with django_assert_num_queries(1):
        listing(alice, first.next_url.partition("before=")[2])


@pytest.mark.parametrize("cursor", ["x", "1.2-3", "9" * 30, "999999999999.000000-" + "0" * 32, "%00"])
def test_a_broken_cursor_is_not_found(alice: User, alice_client: Client, cursor: str) -> None:
    with pytest.raises(Http404):
        listing(alice, cursor)
    assert alice_client.get("/c/", {"before": cursor}).status_code == 404


def test_lists_only_mine(alice: User, bob: User) -> None:
    _make(bob, 2)
    assert not any(group.conversations for group in listing(alice).groups)
