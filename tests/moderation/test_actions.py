"""What moderators do with cases: each deed once, with its trace, and never two at a time."""

import threading

import pytest
from django.db import connection
from django.utils import translation

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.sharing import open_share, share
from moderation import actions, audit
from moderation.actions import Collision, Refused
from moderation.flagging import flag
from moderation.models import AuditEntry, Case, Flag, Notice, Reason
from moderation.roles import ADMINISTRATORS, MODERATORS
from tests.conversations.conftest import converse
from tests.moderation.conftest import with_role

pytestmark = pytest.mark.django_db
RESOLVING = {
    "dismiss": Case.Resolution.DISMISSED,
    "hide": Case.Resolution.HIDDEN,
    "lock": Case.Resolution.LOCKED,
    "warn": Case.Resolution.WARNED,
    "suspend": Case.Resolution.SUSPENDED,
}
ALL = [*RESOLVING, "assign", "release", "escalate", "reopen", "unhide", "unlock", "reinstate"]


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def case(alice, answer) -> Case:
    return flag(alice, Reason.HARASSMENT, Flag.Source.REPORT, message=answer)


def act(name: str, case: Case, actor: User, note: str = "Please stop.", version: int | None = None) -> Case:
    return getattr(actions, name)(case, actor, version=case.version if version is None else version, note=note)


@pytest.mark.parametrize("name", RESOLVING)
def test_a_case_is_resolved(case, moderator, name):
    done = act(name, case, moderator)
    assert done.resolution == RESOLVING[name]
    assert done.resolved_by == moderator
    assert not done.is_open
    assert done.version == case.version + 1
    assert AuditEntry.objects.filter(target_kind="moderation.case", actor_id=moderator.pk).count() == 1
    assert audit.verify().ok


@pytest.mark.parametrize("name", ALL)
def test_who_comes_second_is_told_and_changes_nothing(case, moderator, administrator, name):
    actions.assign(case, administrator, version=case.version)
    entries = AuditEntry.objects.count()
    with pytest.raises(Collision) as collision:
        act(name, case, moderator)
    assert collision.value.case.assignee == administrator
    assert collision.value.case.version == case.version + 1
    assert AuditEntry.objects.count() == entries
    assert not Notice.objects.exists()
    assert User.objects.get(pk=case.person_id).is_active


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_the_same_moment(alice, bob, charlie):
    conversation = converse(alice, "Question", "Answer")
    case = flag(alice, Reason.SPAM, Flag.Source.REPORT, message=Message.objects.get(pk=conversation.leaf_id))
    people = [with_role(bob, MODERATORS), with_role(charlie, MODERATORS)]
    ready = threading.Barrier(2, timeout=30)
    ended: list[object] = []

    def decide(name: str, moderator: User) -> None:
        try:
            ready.wait()
            ended.append(act(name, case, moderator).resolution)
        except Collision as collision:
            ended.append(collision)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=pair) for pair in zip(["dismiss", "warn"], people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collisions = [one for one in ended if isinstance(one, Collision)]
    assert len(ended) == 2
    assert len(collisions) == 1
    now = Case.objects.get()
    assert now.version == 1
    assert collisions[0].case.resolution == now.resolution
    assert Notice.objects.count() == (1 if now.resolution == Case.Resolution.WARNED else 0)


def test_hiding_hides_and_tells_the_owner(case, moderator, alice):
    act("hide", case, moderator)
    assert Message.objects.get(pk=case.message_id).hidden_at is not None
    notice = Notice.objects.get()
    assert (notice.person, notice.kind, notice.conversation) == (alice, Notice.Kind.HIDDEN, case.conversation)
    assert notice.text == ""  # what a moderator notes is not for the owner


def test_unhiding_takes_it_back(case, moderator):
    done = act("unhide", act("hide", case, moderator), moderator)
    assert Message.objects.get(pk=case.message_id).hidden_at is None
    assert done.resolution == Case.Resolution.DISMISSED


def test_locking_and_unlocking(case, moderator, alice):
    done = act("lock", case, moderator)
    assert Conversation.objects.get(pk=case.conversation_id).locked_at is not None
    assert Notice.objects.get().kind == Notice.Kind.LOCKED
    done = act("unlock", done, moderator)
    assert Conversation.objects.get(pk=case.conversation_id).locked_at is None
    assert done.resolution == Case.Resolution.DISMISSED


def test_warning_tells_the_person_the_words(case, moderator, alice):
    act("warn", case, moderator, note="Please keep to the rules.\x00")
    assert Notice.objects.get(person=alice).text == "Please keep to the rules.\ufffd"
    assert "keep to the rules" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_suspending_and_reinstating(case, moderator, alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        done = act("suspend", case, moderator, note="Threats.")
    alice.refresh_from_db()
    assert (alice.is_active, alice.suspension_reason) == (False, "Threats.")
    act("reinstate", done, moderator)
    alice.refresh_from_db()
    assert (alice.is_active, alice.suspension_reason) == (True, "")
    recorded = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert recorded[-4:] == ["person.suspended", "case.suspended", "person.reinstated", "case.reinstated"]
    assert "Threats" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


@pytest.mark.parametrize("name", ["warn", "suspend"])
def test_a_person_is_told_something_or_nothing_happens(case, moderator, name):
    with pytest.raises(Refused):
        act(name, case, moderator, note="  ")
    case.refresh_from_db()
    assert (case.is_open, case.version) == (True, 0)


@pytest.mark.parametrize("role", [MODERATORS, ADMINISTRATORS, "superuser"])
def test_a_moderator_suspends_nobody_of_the_same_rank_or_above(case, moderator, alice, role):
    if role == "superuser":
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
    else:
        with_role(alice, role)
    with pytest.raises(Refused, match="same rights"):
        act("suspend", Case.objects.get(pk=case.pk), moderator)
    assert User.objects.get(pk=alice.pk).is_active


def test_an_administrator_suspends_a_moderator(case, administrator, alice):
    with_role(alice, MODERATORS)
    act("suspend", Case.objects.get(pk=case.pk), administrator)
    assert not User.objects.get(pk=alice.pk).is_active


def test_nobody_acts_on_a_case_about_themselves(case, alice):
    with pytest.raises(Refused, match="yourself"):
        act("dismiss", case, with_role(alice, MODERATORS))


def test_members_act_on_nothing(case, charlie):
    with pytest.raises(Refused):
        act("dismiss", case, charlie)


def test_a_suspended_moderator_acts_on_nothing(case, moderator):
    moderator.is_active = False
    with pytest.raises(Refused):
        act("dismiss", case, moderator)


def test_an_escalated_case_is_for_administrators(case, moderator, administrator):
    escalated = act("escalate", act("assign", case, moderator), moderator)
    assert escalated.assignee is None
    assert escalated.escalated_at is not None
    assert escalated.is_open
    with pytest.raises(Refused, match="administrators"):
        act("dismiss", escalated, moderator)
    assert not act("dismiss", escalated, administrator).is_open


def test_assigning_and_releasing(case, moderator):
    taken = act("assign", case, moderator)
    assert taken.assignee == moderator
    assert act("release", taken, moderator).assignee is None


def test_reopening(case, moderator):
    opened = act("reopen", act("dismiss", case, moderator), moderator)
    assert opened.is_open
    assert (opened.resolution, opened.resolved_by) == ("", None)


def test_reopening_is_refused_beside_another_open_case(case, moderator, bob, alice, answer):
    done = act("dismiss", case, moderator)
    flag(alice, Reason.SPAM, Flag.Source.REPORT, message=answer, reporter=bob)
    with pytest.raises(Refused, match="another open case"):
        act("reopen", done, moderator)
    assert not Case.objects.get(pk=case.pk).is_open


def test_hiding_a_reported_link_revokes_it(alice, moderator, conversation):
    link = share(conversation, 7)
    case = flag(alice, Reason.PRIVACY, Flag.Source.REPORT, share=link)
    done = act("hide", case, moderator)
    assert open_share(link.token) is None
    assert Notice.objects.get().kind == Notice.Kind.HIDDEN
    with pytest.raises(Refused):
        act("unhide", done, moderator)


@pytest.mark.parametrize("name", ["hide", "unhide", "lock", "unlock"])
def test_a_blocked_text_has_nothing_to_hide_or_lock(alice, moderator, name):
    case = flag(alice, Reason.OTHER, Flag.Source.RULE, blocked_text="bad")
    with pytest.raises(Refused):
        act(name, case, moderator)
    case.refresh_from_db()
    assert case.is_open


def test_hiding_twice_tells_once(case, moderator, alice):
    done = act("hide", case, moderator)
    act("hide", done, moderator)
    assert Notice.objects.count() == 1


def test_many_at_once_and_one_collides(alice, bob, moderator, administrator):
    cases = []
    for text in ("one", "two", "three"):
        conversation = converse(alice, text, text)
        cases.append(flag(alice, Reason.SPAM, Flag.Source.REPORT, message=Message.objects.get(pk=conversation.leaf_id)))
    own = flag(moderator, Reason.SPAM, Flag.Source.RULE, blocked_text="mine")
    actions.assign(cases[1], administrator, version=0)
    outcome = actions.apply_to([*cases, own], actions.dismiss, moderator)
    assert [case.pk for case in outcome.done] == [cases[0].pk, cases[2].pk]
    assert [case.assignee for case in outcome.collided] == [administrator]
    assert [(case.pk, "yourself" in why) for case, why in outcome.refused] == [(own.pk, True)]
