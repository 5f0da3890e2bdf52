"""The screen of a case: what it shows."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.rendering import render
from conversations.sharing import share
from moderation.models import AuditEntry, Case, Flag, Notice, Reason, Rule
from tests.moderation.admin.case_pages import act, html_of, path_of, talk_on
from tests.moderation.admin.conftest import CaseMaker

pytestmark = pytest.mark.django_db


def test_the_message_in_its_conversation_with_its_flags(desk: Client, make_case: CaseMaker, charlie: User) -> None:
    case = make_case("Bad **words**", question="What was asked", reason=Reason.SPAM, score=0.83, title="Its title")
    rule = Rule.objects.create(name="No spam", text="spam")
    Flag.objects.create(case=case, source="rule", reason="spam", score=0.9, rule=rule)
    Flag.objects.create(case=case, source="report", reason="other", reporter=charlie, note="Charlie's note")
    html = html_of(desk, case)
    assert "What was asked" in html
    assert "<strong>words</strong>" in html
    assert html.count("data-flagged") == 1
    for text in ("Its title", "0.83", "No spam", "charlie", "Charlie&#x27;s note", "Look at this", "alice"):
        assert text in html


def test_a_few_turns_around_it(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    talk_on(case, 60)
    html = html_of(desk, case)
    assert "A question" in html
    assert "Turn 7" in html
    assert "Turn 20" not in html


def test_a_message_deep_in_a_long_conversation(desk: Client, make_case: CaseMaker) -> None:
    case = make_case("The root")
    turns = talk_on(case, 60)
    Case.objects.filter(pk=case.pk).update(message=turns[30])
    html = html_of(desk, case)
    for number in (24, 30, 38):
        assert f"Turn {number}<" in html
    assert "Turn 23<" not in html
    assert "Turn 39<" not in html


def test_hidden_text_is_there_for_moderators_and_marked(desk: Client, make_case: CaseMaker) -> None:
    case = make_case("Hidden words")
    assert case.message
    Message.objects.filter(pk=case.message.pk).update(hidden_at=timezone.now())
    html = html_of(desk, case)
    assert "Hidden words" in html
    assert "Hidden from others" in html
    assert "Show the message again" in html


def test_stored_html_is_shown_as_it_was_rendered(desk: Client, make_case: CaseMaker) -> None:
    case = make_case("x")
    assert case.message
    Message.objects.filter(pk=case.message.pk).update(html=render("Rendered *once*"))
    assert "Rendered <em>once</em>" in html_of(desk, case)


def test_a_blocked_text(desk: Client, alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="Before it")
    said = Message.objects.create(conversation=conversation, role="user", content="Said before")
    Conversation.objects.filter(pk=conversation.pk).update(leaf=said)
    case = Case.objects.create(person=alice, conversation=conversation, reason="other", blocked_text="Never stored")
    html = html_of(desk, case)
    assert "Never stored" in html
    assert "Said before" in html
    assert "Blocked" in html
    assert 'value="hide"' not in html


def test_a_blocked_text_without_a_conversation(desk: Client, alice: User) -> None:
    case = Case.objects.create(person=alice, reason="other", blocked_text="The first words")
    assert "The first words" in html_of(desk, case)
    assert AuditEntry.objects.filter(action="case.opened", target_id=str(case.pk)).exists()


def test_a_shared_link_as_it_shows_it(desk: Client, make_case: CaseMaker) -> None:
    first = make_case("Shared words")
    assert first.conversation
    shared = share(Conversation.objects.get(pk=first.conversation.pk), None)
    talk_on(first, 2)
    case = Case.objects.create(
        person=first.person, conversation=first.conversation, share=shared, reason="other", score=0.4
    )
    html = html_of(desk, case)
    assert "Shared words" in html
    assert "Turn 0" not in html
    assert "Shared words" in html_of(desk, case, before="broken")
    assert act(desk, case, "hide").status_code == 302
    shared.refresh_from_db()
    assert shared.revoked_at


def test_what_was_deleted_meanwhile_is_said(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    assert case.conversation
    case.conversation.delete()
    html = html_of(desk, case)
    assert "What was flagged has been deleted." in html
    assert 'value="dismiss"' in html
    assert 'value="hide"' not in html


def test_other_flagged_messages_lead_to_their_cases(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    (question,) = talk_on(case, 1)
    other = Case.objects.create(
        person=case.person, conversation=case.conversation, message=question, reason="spam", score=0.4
    )
    html = html_of(desk, case)
    assert html.count("data-flagged") == 1
    assert f'<a class="tag tag-strong" href="{path_of(other)}">' in html
    assert f'<a class="tag tag-strong" href="{path_of(case)}">' not in html


def test_the_persons_history(desk: Client, make_case: CaseMaker, alice: User, moderator: User) -> None:
    old = make_case(resolved_at=timezone.now(), resolution="warned", resolved_by=moderator)
    Notice.objects.create(person=alice, kind="warning", text="Do not do that")
    case = make_case()
    html = html_of(desk, case)
    assert f"Case {old.pk}" in html
    assert "Person warned" in html
    assert "Do not do that" in html
    assert "not read yet" in html


def test_the_same_number_of_queries_whatever_is_in_it(
    desk: Client,
    make_case: CaseMaker,
    alice: User,
    charlie: User,
    moderator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    small, large = make_case(person=charlie), make_case()
    talk_on(large, 30)
    for number in range(12):
        make_case(resolved_at=timezone.now(), resolution="dismissed", resolved_by=moderator)
        Notice.objects.create(person=alice, kind="warning", text=f"Notice {number}")
        Flag.objects.create(
            case=large, source="rule", reason="other", rule=Rule.objects.create(name=f"{number}", text="x")
        )
    for case in (small, large):  # the first look records the opening
        html_of(desk, case)
    with django_assert_max_num_queries(26) as few:
        html_of(desk, small)
    with django_assert_max_num_queries(26) as many:
        html_of(desk, large)
    assert len(many) <= len(few) + 1  # one more for the messages under the flagged one
