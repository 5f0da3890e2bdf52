"""The queue: its tabs, filters, orders, pages; actions on several cases at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from moderation.admin.queue import Queue, queue_of
from moderation.models import Case, Reason
from tests.moderation.admin.conftest import CaseMaker

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/case/"
BULK = "/admin/moderation/case/bulk/"


def _shown(desk: Client, **query: str) -> list[int]:
    response = desk.get(QUEUE, query)
    assert response.status_code == 200
    return [case.pk for case in response.context["page"].rows]


def test_open_cases_newest_first(desk: Client, make_case: CaseMaker) -> None:
    older, newer = make_case("The first of two"), make_case("The second of two")
    done = make_case(resolved_at=timezone.now(), resolution="dismissed")
    response = desk.get(QUEUE)
    assert [case.pk for case in response.context["page"].rows] == [newer.pk, older.pk]
    html = response.content.decode()
    assert "The second of two" in html
    assert reverse("admin:moderation_case_change", args=[newer.pk]) in html
    assert f"/case/{done.pk}/" not in html


def test_tabs(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    plain = make_case()
    mine = make_case(assignee=moderator)
    grave = make_case(escalated_at=timezone.now())
    done = make_case(resolved_at=timezone.now(), resolution="dismissed", resolved_by=moderator)
    assert _shown(desk) == [grave.pk, mine.pk, plain.pk]
    assert _shown(desk, tab="mine") == [mine.pk]
    assert _shown(desk, tab="escalated") == [grave.pk]
    assert _shown(desk, tab="resolved") == [done.pk]
    assert _shown(desk, tab="no-such-tab") == [grave.pk, mine.pk, plain.pk]


def test_filters(desk: Client, make_case: CaseMaker, charlie: User) -> None:
    spam = make_case(reason=Reason.SPAM, score=0.95, model="openai/gpt-x")
    old = make_case(score=0.6, created_at=timezone.now() - timedelta(days=10))
    charlies = make_case(score=0.1, person=charlie)
    assert _shown(desk, reason="spam") == [spam.pk]
    assert _shown(desk, score="0.9") == [spam.pk]
    assert _shown(desk, score="0.5") == [spam.pk, old.pk]
    assert _shown(desk, model="gpt") == [spam.pk]
    assert _shown(desk, person="CHARLIE") == [charlies.pk]
    assert _shown(desk, age="7") == [charlies.pk, spam.pk]
    assert _shown(desk, age="old") == [old.pk]
    assert _shown(desk, reason="spam", person="charlie") == []


def test_gravest_first(desk: Client, make_case: CaseMaker) -> None:
    middle, high, low = make_case(score=0.5), make_case(score=0.9), make_case(score=0.1)
    assert _shown(desk, order="grave") == [high.pk, middle.pk, low.pk]


@pytest.mark.parametrize(
    "query", [{"score": "much"}, {"reason": "none"}, {"person": "\0"}, {"model": "x" * 999}, {"p": "z"}]
)
def test_a_filter_without_sense_filters_nothing(desk: Client, make_case: CaseMaker, query: dict[str, str]) -> None:
    case = make_case()
    assert _shown(desk, **query) == [case.pk]


def test_pages_keep_the_filters(desk: Client, alice: User) -> None:
    Case.objects.bulk_create([Case(person=alice, reason=Reason.SPAM, blocked_text=f"Text {n}") for n in range(55)])
    response = desk.get(QUEUE, {"reason": "spam", "order": "grave"})
    assert len(response.context["page"].rows) == 50
    following = desk.get(QUEUE + response.context["next_query"])
    assert len(following.context["page"].rows) == 5
    assert following.context["queue"].filters == {"reason": "spam", "order": "grave"}
    back = desk.get(QUEUE + following.context["previous_query"])
    assert back.context["page"].rows == response.context["page"].rows


def test_as_many_queries_for_fifty_cases_as_for_one(
    desk: Client, alice: User, make_case: CaseMaker, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_case()
    desk.get(QUEUE)
    with django_assert_max_num_queries(10) as one:
        desk.get(QUEUE)
    for number in range(12):
        make_case(f"Text {number}")
    with django_assert_max_num_queries(10) as many:
        desk.get(QUEUE)
    assert len(many) == len(one)
    assert not any("COUNT(" in query["sql"] or "OFFSET" in query["sql"] for query in many)


def test_every_empty_list_says_what_it_means(desk: Client, moderator: User) -> None:
    for tab, words in {
        "open": "Nothing is waiting",
        "mine": "You have no open cases",
        "escalated": "Nothing is escalated",
        "resolved": "Nothing has been resolved",
    }.items():
        assert words in desk.get(QUEUE, {"tab": tab}).content.decode()
    assert "No case fits" in desk.get(QUEUE, {"reason": "spam"}).content.decode()


def test_the_next_case_follows_the_list_and_begins_again_at_its_end(make_case: CaseMaker, moderator: User) -> None:
    last, middle, first = make_case(), make_case(), make_case()
    queue = Queue(moderator)
    assert queue.after(first) == middle
    assert queue.after(middle) == last
    assert queue.after(last) == first
    Case.objects.exclude(pk=last.pk).delete()
    assert queue.after(last) is None


def test_the_next_case_after_a_resolved_one_is_open(make_case: CaseMaker, moderator: User) -> None:
    case = make_case()
    done = make_case(resolved_at=timezone.now(), resolution="dismissed")
    queue, _form = queue_of(moderator, {"tab": "resolved"})
    assert queue.after(done) == case


# --- Several at once ------------------------------------------------------------------------------


def _bulk(desk: Client, action: str, *cases: Case, **more: str) -> str:
    data = {"action": action, "case": [f"{case.pk}:{case.version}" for case in cases], **more}
    response = desk.post(BULK, data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_dismiss_several(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    cases = [make_case() for _ in range(3)]
    html = _bulk(desk, "dismiss", *cases[:2])
    assert "2 cases are done." in html
    assert set(Case.objects.resolved()) == set(cases[:2])
    assert Case.objects.filter(resolved_by=moderator, resolution="dismissed").count() == 2


def test_hide_escalate_and_assign_several(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    cases = [make_case() for _ in range(2)]
    _bulk(desk, "assign", *cases)
    assert Case.objects.filter(assignee=moderator).count() == 2
    _bulk(desk, "hide", *Case.objects.all())
    assert all(case.message and case.message.hidden_at for case in Case.objects.select_related("message"))
    more = [make_case() for _ in range(2)]
    _bulk(desk, "escalate", *more)
    assert set(Case.objects.filter(escalated_at__isnull=False)) == set(more)


def test_cases_that_somebody_changed_meanwhile_stay_as_they_are(
    desk: Client, second_desk: Client, make_case: CaseMaker, second_moderator: User
) -> None:
    seen, taken = make_case(), make_case()
    _bulk(second_desk, "dismiss", taken)
    html = _bulk(desk, "hide", seen, taken)
    assert "1 case is done." in html
    assert "1 case was changed by somebody else meanwhile" in html
    taken.refresh_from_db()
    assert taken.resolved_by == second_moderator
    assert taken.message
    assert taken.message.hidden_at is None


def test_what_has_no_message_is_not_hidden(desk: Client, alice: User) -> None:
    blocked = Case.objects.create(person=alice, reason=Reason.OTHER, blocked_text="Blocked words")
    assert "1 case is left as it is. There is no message" in _bulk(desk, "hide", blocked)
    blocked.refresh_from_db()
    assert blocked.is_open


def test_nothing_chosen_is_said(desk: Client, make_case: CaseMaker) -> None:
    make_case()
    assert "Choose cases first." in _bulk(desk, "dismiss")


@pytest.mark.parametrize("value", ["", "1", "x:y", "1:2:3", "9" * 30 + ":0", "-1:0", "٣:٠", "999999:0"])
def test_a_choice_without_sense_does_nothing(desk: Client, make_case: CaseMaker, value: str) -> None:
    make_case()
    response = desk.post(BULK, {"action": "dismiss", "case": [value]}, follow=True)
    assert response.status_code == 200
    assert not Case.objects.resolved().exists()


@pytest.mark.parametrize("action", ["suspend", "warn", "delete", ""])
def test_no_other_action_in_bulk(desk: Client, make_case: CaseMaker, action: str) -> None:
    case = make_case()
    response = desk.post(BULK, {"action": action, "case": [f"{case.pk}:0"]})
    assert response.status_code == 404
    case.refresh_from_db()
    assert case.is_open


def test_bulk_comes_back_to_the_same_list(desk: Client, make_case: CaseMaker) -> None:
    case = make_case(reason=Reason.SPAM)
    data = {"action": "assign", "case": [f"{case.pk}:{case.version}"], "list": "reason=spam&evil=//x"}
    assert desk.post(BULK, data).headers["Location"] == QUEUE + "?reason=spam"
