"""The list of conversations: what it finds, what it shows, and what it keeps to itself."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.search import everyone
from conversations.search.index import index_own
from moderation.flagging import flag
from moderation.models import AuditEntry, Opening
from moderation.review.filters import Filters
from moderation.review.listing import ReviewPage, review_page
from tests.conversations.conftest import converse
from tests.moderation.review.conftest import LIST

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def _index(owner: User) -> None:
    """A batch at a time, until all of it is found."""
    while not index_own(owner):
        continue


def found(moderator: User, **filters: object) -> list[Conversation]:
    page = review_page(moderator, Filters(**filters))  # type: ignore[arg-type]
    return [row.conversation for row in page.rows]


def walked(moderator: User, filters: Filters) -> list[Conversation]:
    """All conversations, page by page."""
    all_of_them: list[Conversation] = []
    page = ReviewPage([], next="begin")
    while page.next:
        page = review_page(moderator, filters, page.next)
        all_of_them += [row.conversation for row in page.rows]
    return all_of_them


def moved(conversation: Conversation, days: int) -> Conversation:
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=timezone.now() - timedelta(days=days))
    return conversation


def test_the_list_shows_who_and_when_and_how_many_but_not_what(desk: Client, talk: Conversation) -> None:
    html = desk.get(LIST).content.decode()
    assert "alice" in html
    assert "openai/scripted" in html
    assert "2 messages" in html
    assert "사과" not in html
    assert "과일" not in html


def test_the_newest_comes_first(moderator: User, alice: User, bob: User) -> None:
    old, new = moved(converse(alice, "a"), 2), converse(bob, "b")
    assert found(moderator) == [new, old]


def test_the_admin_leads_to_the_list(desk: Client) -> None:
    assert f'href="{LIST}"' in desk.get("/admin/").content.decode()


@pytest.mark.parametrize("text", ["사과", "과일 가게", "사과를 사고"])
def test_texts_are_found_and_not_shown(desk: Client, talk: Conversation, text: str) -> None:
    html = desk.get(LIST, {"text": text}).content.decode()
    assert str(talk.pk) in html
    assert "found in" in html
    assert "있습니다" not in html
    assert "싶어요" not in html


def test_a_conversation_that_says_it_twice_comes_once(moderator: User, alice: User) -> None:
    made = converse(alice, "배", "배", "배")
    index_own(alice)
    assert found(moderator, text="배") == [made]


def test_texts_of_everybody_are_found_the_newest_first(moderator: User, alice: User, bob: User) -> None:
    first, second = converse(alice, "포도 하나"), converse(bob, "포도 둘")
    index_own(alice)
    index_own(bob)
    assert found(moderator, text="포도") == [second, first]


def test_nothing_fits(desk: Client, talk: Conversation) -> None:
    assert "No conversation fits." in desk.get(LIST, {"text": "zebra"}).content.decode()
    assert "No conversation fits." in desk.get(LIST, {"person": "nobody"}).content.decode()


def test_words_without_letters_find_nothing(moderator: User, talk: Conversation) -> None:
    assert found(moderator, text="?!") == []


def test_an_ending_too_many_is_forgiven(moderator: User, talk: Conversation) -> None:
    assert found(moderator, text="가게에서는") == [talk]


def test_a_search_for_a_text_is_in_the_audit_log_without_the_text(
    desk: Client, moderator: User, alice: User, talk: Conversation
) -> None:
    desk.get(LIST, {"person": "alice"})
    assert not AuditEntry.objects.filter(action="conversations.searched").exists()
    desk.get(LIST, {"person": "alice", "text": "사과"})
    entry = AuditEntry.objects.get(action="conversations.searched")
    assert (entry.actor_id, entry.target_id, entry.details) == (moderator.pk, str(alice.pk), {})
    desk.get(LIST, {"text": "사과"})
    assert AuditEntry.objects.filter(action="conversations.searched", target_id="").count() == 1


def searches() -> int:
    return AuditEntry.objects.filter(action="conversations.searched").count()


@pytest.mark.parametrize(
    "cursor", ["x", "0-999999999999999999", "0-4611686018427387904", "1-9", "2-", "after~1", " ", "\0", "0-5:abc:def"]
)
def test_no_cursor_that_somebody_made_up_searches_unseen(desk: Client, talk: Conversation, cursor: str) -> None:
    page = desk.get(LIST, {"text": "사과", "p": cursor})
    assert str(talk.pk) in page.content.decode()
    assert searches() == 1
    desk.head(LIST, {"text": "사과", "p": cursor})
    assert searches() == 2


def test_the_next_page_of_a_search_is_the_same_search_and_nobody_else_s(
    desk: Client, moderator: User, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(30):
        converse(alice, "사과")
    _index(alice)
    given = desk.get(LIST, {"text": "사과"}).context["page"].next
    assert given
    assert desk.get(LIST, {"text": "사과", "p": given}).context["page"].rows
    assert searches() == 1
    for asked in ({"text": "가게"}, {"text": "사과", "person": "alice"}, {"text": "사과", "model": "x"}):
        desk.get(LIST, asked | {"p": given})
    assert searches() == 4
    later = time.time() + 3700
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    desk.get(LIST, {"text": "사과", "p": given})
    assert searches() == 5
    monkeypatch.undo()
    bob.is_staff = True
    bob.save()
    bob.groups.set(moderator.groups.all())
    desk.force_login(bob)
    desk.get(LIST, {"text": "사과", "p": given})
    assert searches() == 6


def test_a_person_is_found_by_the_beginning_of_the_name(moderator: User, alice: User, bob: User) -> None:
    hers, his = converse(alice, "감자"), converse(bob, "감자")
    index_own(alice)
    index_own(bob)
    assert found(moderator, person="Al") == [hers]
    assert found(moderator, person="bob", text="감자") == [his]
    assert found(moderator, person="lice") == []
    assert found(moderator, person="%") == []


def test_a_model_is_found(moderator: User, alice: User) -> None:
    small = converse(alice, "귤", model="openai/small")
    converse(alice, "귤", model="openai/large")
    index_own(alice)
    assert found(moderator, model="openai/small") == [small]
    assert found(moderator, model="openai/small", text="귤") == [small]


def test_days_are_both_included(moderator: User, alice: User) -> None:
    old, middle, new = (moved(converse(alice, "감"), days) for days in (20, 10, 0))
    index_own(alice)
    day = timezone.localdate() - timedelta(days=10)
    assert found(moderator, since=day) == [new, middle]
    assert found(moderator, until=day) == [middle, old]
    assert found(moderator, since=day, until=day, text="감") == [middle]


def test_all_filters_together(moderator: User, alice: User, bob: User, talk: Conversation) -> None:
    converse(bob, "사과")
    index_own(bob)
    today = timezone.localdate()
    wanted = {"text": "사과", "person": "a", "model": talk.model, "since": today, "until": today}
    assert found(moderator, **wanted) == [talk]


def test_five_hundred_conversations_are_walked_without_doubles(moderator: User, alice: User) -> None:
    now = timezone.now()
    same = [now - timedelta(minutes=n // 7) for n in range(500)]  # many of one moment
    Conversation.objects.bulk_create([Conversation(owner=alice, updated_at=moment) for moment in same])
    keys = [conversation.pk for conversation in walked(moderator, Filters())]
    assert len(keys) == len(set(keys)) == 500


def test_hits_of_many_conversations_are_walked_whole(moderator: User, alice: User) -> None:
    made = {converse(alice, f"수박 {n}").pk for n in range(60)}
    _index(alice)
    keys = [conversation.pk for conversation in walked(moderator, Filters(text="수박"))]
    assert len(keys) == 60
    assert set(keys) == made


def test_a_bounded_look_says_so_and_goes_on(
    moderator: User, desk: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = converse(alice, "망고 나무", model="openai/rare")
    for n in range(9):
        converse(alice, f"망고 {n}")
    _index(alice)
    for name, value in {"WINDOW": 4, "SELDOM": 1, "MOST": 1, "VERY_FEW": -1, "FEW": -1}.items():
        monkeypatch.setattr(everyone, name, value)
    page = review_page(moderator, Filters(text="망고", model="openai/rare"))
    assert page.is_partial
    assert not page.rows
    assert "Look further" in desk.get(LIST, {"text": "망고", "model": "openai/rare"}).content.decode()
    assert walked(moderator, Filters(text="망고", model="openai/rare")) == [first]
    assert len(walked(moderator, Filters(text="망고"))) == 10


def test_deleted_ones_are_found_and_marked(desk: Client, talk: Conversation) -> None:
    Conversation.objects.update(deleted_at=timezone.now())
    assert "Deleted" in desk.get(LIST, {"text": "사과"}).content.decode()


def test_temporary_ones_are_listed_and_marked(desk: Client, alice: User) -> None:
    made = converse(alice, "a")
    made.make_temporary()
    made.save()
    assert "Temporary" in desk.get(LIST).content.decode()


def test_the_title_of_a_flagged_one_is_shown(desk: Client, talk: Conversation, alice: User) -> None:
    flag(alice, "spam", "report", message=Message.objects.get(pk=talk.leaf_id), conversation=talk, reporter=alice)
    html = desk.get(LIST).content.decode()
    assert "사과를 사고 싶어요" in html
    assert "Flagged" in html


def test_the_title_of_one_that_is_open_is_shown(
    desk: Client, talk: Conversation, opened: Callable[[Conversation], Opening]
) -> None:
    opened(talk)
    assert "사과를 사고 싶어요" in desk.get(LIST).content.decode()


def test_a_page_costs_the_same_however_many_are_on_it(  # type: ignore[no-untyped-def]
    desk: Client, alice: User, django_assert_max_num_queries
) -> None:
    desk.get(LIST)
    for n in range(30):
        converse(alice, f"참외 {n}")
    _index(alice)
    with django_assert_max_num_queries(14):
        desk.get(LIST)
    with django_assert_max_num_queries(24):
        desk.get(LIST, {"text": "참외", "person": "ali", "model": "openai/scripted"})


def test_hostile_words_stay_words(desk: Client, alice: User) -> None:
    made = Conversation.objects.create(owner=alice, title=HOSTILE, model=HOSTILE)
    flag(alice, "spam", "report", conversation=made, reporter=alice)
    html = desk.get(LIST, {"text": "", "person": "", "model": ""}).content.decode()
    assert "&lt;script&gt;alert(1)" in html
    for name in ("text", "person", "model", "since", "until", "p"):
        html = desk.get(LIST, {name: HOSTILE}).content.decode()
        assert "<script>alert(1)" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize("cursor", ["after~x~y", "0-99999999999999999999", "3-1", "\0", "~" * 1000])
def test_a_broken_cursor_means_the_first_page(desk: Client, talk: Conversation, cursor: str) -> None:
    assert str(talk.pk) in desk.get(LIST, {"p": cursor}).content.decode()
    assert str(talk.pk) in desk.get(LIST, {"p": cursor, "text": "사과"}).content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "soon"])
def test_strange_days(desk: Client, talk: Conversation, day: str) -> None:
    assert desk.get(LIST, {"since": day, "text": "사과"}).status_code == 200
    assert desk.get(LIST, {"until": day}).status_code == 200
