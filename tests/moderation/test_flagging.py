"""Flags and their cases: one open case for a thing, each flag once."""

import threading

import pytest
from django.db import connection

from accounts.models import User
from conversations.models import Message
from conversations.sharing import share
from moderation import actions
from moderation.flagging import flag
from moderation.models import Case, Flag, Reason

pytestmark = pytest.mark.django_db
REPORT, RULE, PROVIDER = Flag.Source.REPORT, Flag.Source.RULE, Flag.Source.PROVIDER


def test_a_report_makes_a_case(alice, answer):
    case = flag(alice, Reason.WRONG, REPORT, message=answer, note="It is wrong.", reporter=alice)
    assert (case.person, case.message, case.conversation) == (alice, answer, answer.conversation)
    assert (case.reason, case.score, case.flag_count) == (Reason.WRONG, 0.3, 1)
    assert case.is_open
    made = case.flags.get()
    assert (made.reporter, made.note, made.source) == (alice, "It is wrong.", REPORT)


def test_flags_of_one_thing_come_together_and_the_gravest_counts(alice, answer, rule):
    flag(alice, Reason.SPAM, REPORT, message=answer, reporter=alice)
    flag(alice, Reason.VIOLENCE, PROVIDER, message=answer, score=0.95)
    case = flag(alice, Reason.OTHER, RULE, message=answer, rule=rule(), score=0.5)
    assert Case.objects.count() == 1
    assert (case.reason, case.score, case.flag_count) == (Reason.VIOLENCE, 0.95, 3)


def test_the_same_reporter_changes_what_they_said(alice, answer):
    flag(alice, Reason.SELF_HARM, REPORT, message=answer, reporter=alice, note="first")
    case = flag(alice, Reason.SPAM, REPORT, message=answer, reporter=alice, note="second")
    assert case.flag_count == 1
    assert case.flags.get().note == "second"
    assert case.reason == Reason.SPAM


def test_the_same_rule_and_the_same_word_of_the_provider_count_once(alice, answer, rule):
    made = rule()
    for score in (0.9, 0.8):
        flag(alice, Reason.OTHER, RULE, message=answer, rule=made, score=score)
        case = flag(alice, Reason.SEXUAL, PROVIDER, message=answer, score=score)
    assert case.flag_count == 2
    assert case.score == 0.9


def test_a_flag_changes_no_version(alice, bob, answer):
    case = flag(alice, Reason.SPAM, REPORT, message=answer, reporter=alice)
    assert flag(alice, Reason.SPAM, REPORT, message=answer, reporter=bob).version == case.version


def test_a_resolved_case_stays_resolved_for_who_reported_it(alice, answer, moderator):
    case = flag(alice, Reason.WRONG, REPORT, message=answer, reporter=alice)
    actions.dismiss(case, moderator, version=case.version)
    again = flag(alice, Reason.WRONG, REPORT, message=answer, reporter=alice, note="once more")
    assert again.pk == case.pk
    assert not again.is_open
    assert Case.objects.count() == 1


def test_a_resolved_case_stays_resolved_for_its_rule(alice, answer, moderator, rule):
    made = rule()
    case = flag(alice, Reason.OTHER, RULE, message=answer, rule=made)
    actions.dismiss(case, moderator, version=case.version)
    assert not flag(alice, Reason.OTHER, RULE, message=answer, rule=made).is_open


def test_somebody_elses_report_of_something_resolved_makes_a_new_case(alice, bob, answer, moderator):
    case = flag(alice, Reason.WRONG, REPORT, message=answer, reporter=alice)
    actions.dismiss(case, moderator, version=case.version)
    new = flag(alice, Reason.WRONG, REPORT, message=answer, reporter=bob)
    assert new.pk != case.pk
    assert new.is_open
    assert new.flag_count == 1


def test_a_link_has_a_case_of_its_own(alice, bob, conversation, answer):
    link = share(conversation, 7)
    flag(alice, Reason.WRONG, REPORT, message=answer, reporter=alice)
    case = flag(alice, Reason.PRIVACY, REPORT, share=link, reporter=bob)
    assert Case.objects.count() == 2
    assert (case.share, case.conversation) == (link, conversation)


def test_strangers_reports_of_a_link_count_each_unless_they_say_the_same(alice, conversation):
    link = share(conversation, 7)
    for note in ("one", "two", "two"):
        case = flag(alice, Reason.SPAM, REPORT, share=link, note=note)
    assert case.flag_count == 2


def test_the_same_blocked_text_is_one_case_and_another_is_another(alice, bob, rule):
    made = rule()
    for person, text in ((alice, "bad"), (alice, "bad"), (alice, "worse"), (bob, "bad")):
        flag(person, Reason.OTHER, RULE, blocked_text=text, rule=made)
    assert Case.objects.count() == 3


def test_texts_that_no_database_can_hold_are_kept_without_that(alice):
    case = flag(alice, Reason.OTHER, REPORT, blocked_text="a\x00b\ud800", note="\x00" + "n" * 2000)
    assert case.blocked_text == "a\ufffdb\ufffd"
    assert len(case.flags.get().note) == 1000


def test_an_unknown_reason_is_refused(alice, answer):
    with pytest.raises(ValueError):
        flag(alice, "gossip", REPORT, message=answer)
    assert not Case.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("thing", ["message", "share", "blocked_text"])
def test_many_at_once_make_one_case(alice, bob, charlie, conversation, thing):
    answer = Message.objects.get(pk=conversation.leaf_id)
    about = {"message": answer, "share": share(conversation, 7), "blocked_text": "bad"}[thing]
    ready = threading.Barrier(4, timeout=30)
    failures: list[Exception] = []

    def report(reporter: User | None, note: str) -> None:
        try:
            ready.wait()
            flag(alice, Reason.WRONG, REPORT, reporter=reporter, note=note, **{thing: about})
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    reporters = [(bob, ""), (charlie, ""), (alice, ""), (None, "a stranger's")]
    threads = [threading.Thread(target=report, args=who) for who in reporters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    case = Case.objects.get()
    assert case.flag_count == case.flags.count() == 4


@pytest.mark.django_db(transaction=True)
def test_the_same_reporter_twice_at_once_is_one_flag(alice, conversation):
    answer = Message.objects.get(pk=conversation.leaf_id)
    ready = threading.Barrier(2, timeout=30)
    failures: list[Exception] = []

    def report() -> None:
        try:
            ready.wait()
            flag(alice, Reason.WRONG, REPORT, reporter=alice, message=answer)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=report) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Case.objects.get().flag_count == 1
