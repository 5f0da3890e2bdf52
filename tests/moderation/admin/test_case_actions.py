"""The buttons of a case, and two moderators at once."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Message
from moderation.models import AuditEntry, Notice, Reason
from tests.moderation.admin.case_pages import act, html_of, path_of
from tests.moderation.admin.conftest import CaseMaker, client_of

pytestmark = pytest.mark.django_db


# --- What its buttons do --------------------------------------------------------------------------


def test_dismiss_goes_on_to_the_next_open_case_of_the_same_list(desk: Client, make_case: CaseMaker) -> None:
    following = make_case(reason=Reason.SPAM)
    make_case()
    case = make_case(reason=Reason.SPAM)
    response = act(desk, case, "dismiss", list="reason=spam")
    assert response.headers["Location"] == f"{path_of(following)}?reason=spam"
    case.refresh_from_db()
    assert case.resolution == "dismissed"


def test_after_the_last_case_comes_the_list(desk: Client, make_case: CaseMaker) -> None:
    response = act(desk, make_case(), "dismiss")
    assert response.headers["Location"] == "/admin/moderation/case/"


def test_hide_and_show_again(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    act(desk, case, "hide")
    case.refresh_from_db()
    assert case.resolution == "hidden"
    assert case.message
    assert case.message.hidden_at
    assert act(desk, case, "unhide").headers["Location"] == path_of(case)
    assert Message.objects.get(pk=case.message.pk).hidden_at is None


def test_lock_and_unlock(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    assert case.conversation
    act(desk, case, "lock")
    case.refresh_from_db()
    assert Conversation.objects.get(pk=case.conversation.pk).locked_at
    assert "Unlock the conversation" in html_of(desk, case)
    act(desk, case, "unlock")
    assert Conversation.objects.get(pk=case.conversation.pk).locked_at is None


def test_warn(desk: Client, make_case: CaseMaker, alice: User) -> None:
    case = make_case()
    act(desk, case, "warn", note="Please be kind")
    assert Notice.objects.filter(person=alice, kind="warning", text="Please be kind").exists()


def test_suspend_and_reinstate(desk: Client, make_case: CaseMaker, alice: User) -> None:
    case = make_case()
    act(desk, case, "suspend", note="Spam, again")
    alice.refresh_from_db()
    assert (alice.is_active, alice.suspension_reason) == (False, "Spam, again")
    case.refresh_from_db()
    assert "Spam, again" in html_of(desk, case)
    act(desk, case, "reinstate")
    alice.refresh_from_db()
    assert alice.is_active


def test_assign_release_and_reopen(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    case = make_case()
    assert act(desk, case, "assign").headers["Location"] == path_of(case)
    case.refresh_from_db()
    assert case.assignee == moderator
    assert "with you" in html_of(desk, case)
    act(desk, case, "release")
    case.refresh_from_db()
    assert case.assignee is None
    act(desk, case, "dismiss")
    case.refresh_from_db()
    act(desk, case, "reopen")
    case.refresh_from_db()
    assert case.is_open


def test_escalated_cases_are_for_administrators(desk: Client, make_case: CaseMaker, administrator: User) -> None:
    case = make_case()
    act(desk, case, "escalate")
    case.refresh_from_db()
    html = html_of(desk, case)
    assert "only administrators act on it" in html
    assert 'value="dismiss"' not in html
    assert act(desk, case, "dismiss").status_code == 422
    assert act(client_of(administrator), case, "dismiss").status_code == 302


def test_what_a_moderator_says_is_needed(desk: Client, make_case: CaseMaker, alice: User) -> None:
    case = make_case()
    for action, note in (("warn", "  "), ("suspend", "  "), ("warn", "\u3164" * 3), ("suspend", "\u200b.")):
        response = act(desk, case, action, note=note)
        assert response.status_code == 422
        assert 'role="alert"' in response.content.decode()
    response = act(desk, case, "suspend", note="x" * 501)
    assert response.status_code == 422
    assert "x" * 501 in response.content.decode()
    case.refresh_from_db()
    assert (case.is_open, case.version) == (True, 0)


def test_nobody_suspends_an_administrator(
    desk: Client, make_case: CaseMaker, administrator: User, second_moderator: User
) -> None:
    for person in (administrator, second_moderator):
        case = make_case(person=person)
        assert 'value="suspend"' not in html_of(desk, case)
        response = act(desk, case, "suspend", note="Because")
        assert response.status_code == 422
        assert "You may not suspend this person" in response.content.decode()
        person.refresh_from_db()
        assert person.is_active


def test_nobody_acts_on_a_case_about_themselves(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    case = make_case(person=moderator)
    assert "somebody else must look at it" in html_of(desk, case)
    assert act(desk, case, "dismiss").status_code == 422


@pytest.mark.parametrize(
    "data",
    [{}, {"action": "delete", "version": "0"}, {"action": "dismiss"}, {"action": "dismiss", "version": "9" * 20}],
)
def test_a_form_without_sense_changes_nothing(desk: Client, make_case: CaseMaker, data: dict[str, str]) -> None:
    case = make_case()
    assert desk.post(path_of(case) + "act/", data).status_code == 422
    case.refresh_from_db()
    assert case.is_open


@pytest.mark.parametrize("pk", ["999999", "9" * 30])
def test_no_such_case(desk: Client, pk: str) -> None:
    assert desk.get(f"/admin/moderation/case/{pk}/").status_code == 404
    assert desk.post(f"/admin/moderation/case/{pk}/act/", {}).status_code == 404


# --- Two moderators -------------------------------------------------------------------------------


def test_the_second_moderator_is_told_and_overwrites_nothing(
    desk: Client, second_desk: Client, make_case: CaseMaker, moderator: User
) -> None:
    case = make_case()
    act(desk, case, "dismiss")
    response = act(second_desk, case, "hide")
    assert response.status_code == 409
    html = response.content.decode()
    assert "bob has dismissed this case meanwhile." in html
    assert 'value="reopen"' in html
    case.refresh_from_db()
    assert (case.resolution, case.resolved_by) == ("dismissed", moderator)
    assert case.message
    assert case.message.hidden_at is None


def test_a_warning_that_came_too_late_is_not_lost(desk: Client, second_desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    act(desk, case, "warn", note="Bob's words")
    response = act(second_desk, case, "warn", note="Charlie's long and careful words")
    assert response.status_code == 409
    assert "bob has warned the person meanwhile." in response.content.decode()
    assert "Charlie&#x27;s long and careful words" in response.content.decode()
    assert Notice.objects.filter(kind="warning").count() == 1


def test_a_case_that_somebody_took(desk: Client, second_desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    act(desk, case, "assign")
    response = act(second_desk, case, "assign")
    assert response.status_code == 409
    assert "bob has taken this case meanwhile." in response.content.decode()
    case.refresh_from_db()
    assert act(second_desk, case, "assign").status_code == 302  # knowing it, one may


def test_the_same_button_twice(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    assert act(desk, case, "dismiss").status_code == 302
    assert act(desk, case, "dismiss").status_code == 409
    assert AuditEntry.objects.filter(action="case.dismissed").count() == 1
