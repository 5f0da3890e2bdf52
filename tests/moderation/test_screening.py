"""Rules at work on questions and answers, and the provider's moderation behind them."""

import logging
import time
import uuid

import pytest
from django.utils import translation

from conversations import events
from conversations.models import Conversation, Message
from moderation import provider_scores, screening
from moderation.models import Case, Flag, Notice, Reason, Rule
from moderation.provider_scores import reasons_of
from tests.conversations.conftest import converse
from tests.scripted_provider.fixture import MODEL

pytestmark = pytest.mark.django_db
BLOCK = Rule.Effect.BLOCK


def asked(message: Message) -> None:
    screening.question_was_stored(Message, message.pk, message.conversation_id)


def answered(message: Message) -> None:
    screening.answer_has_ended(Message, message.pk, message.conversation_id)


@pytest.mark.parametrize(("language", "piece"), [("en", "was not sent"), ("en", "Illegal or dangerous")])
def test_a_blocked_question_is_kept_and_the_person_is_told(alice, conversation, rule, language, piece):
    made = rule("forbidden", effect=BLOCK, reason=Reason.ILLEGAL, score=0.9)
    with translation.override(language):
        assert piece in screening.screen(alice, conversation, "a Forbidden thing")
    case = Case.objects.get()
    assert (case.person, case.conversation, case.blocked_text) == (alice, conversation, "a Forbidden thing")
    assert (case.reason, case.score, case.flags.get().rule) == (Reason.ILLEGAL, 0.9, made)


def test_the_first_question_of_a_new_chat_can_be_blocked(alice, rule):
    rule("forbidden", effect=BLOCK)
    assert screening.screen(alice, Conversation(owner=alice), "forbidden")
    assert Case.objects.get().conversation is None


def test_what_no_rule_blocks_passes(alice, conversation, rule):
    rule("forbidden")  # flags only
    rule("forbidden", effect=BLOCK, scope=Rule.Scope.ANSWERS)
    assert screening.screen(alice, conversation, "forbidden") == ""
    assert not Case.objects.exists()


def test_a_passing_question_costs_no_query(alice, conversation, rule, django_assert_num_queries):
    rule("forbidden", effect=BLOCK)
    screening.screen(alice, conversation, "fine")
    with django_assert_num_queries(0):
        screening.screen(alice, conversation, "fine")


def test_a_flagged_question_goes_its_way_and_is_flagged(alice, rule):
    rule("forbidden", reason=Reason.SPAM)
    question = Message.objects.get(pk=converse(alice, "a forbidden thing").leaf_id)
    asked(question)
    case = Case.objects.get()
    assert (case.message, case.person, case.reason) == (question, alice, Reason.SPAM)
    assert Message.objects.get(pk=question.pk).hidden_at is None


def test_a_flagged_answer_stays_to_be_seen(answer, rule):
    rule("this", scope=Rule.Scope.ANSWERS)
    answered(answer)
    assert Case.objects.get().message == answer
    assert Message.objects.get(pk=answer.pk).hidden_at is None


def test_a_blocked_answer_is_hidden_and_its_owner_told(answer, rule, alice):
    rule("this", effect=BLOCK)
    answered(answer)
    assert Message.objects.get(pk=answer.pk).hidden_at is not None
    assert Case.objects.get().is_open
    notice = Notice.objects.get()
    assert (notice.person, notice.kind) == (alice, Notice.Kind.HIDDEN)


def test_the_thinking_of_a_model_is_looked_at_too(answer, rule):
    Message.objects.filter(pk=answer.pk).update(reasoning="secretly forbidden")
    rule("forbidden")
    answered(answer)
    assert Case.objects.exists()


def test_an_answer_that_a_moderator_has_shown_again_is_not_hidden_again(answer, rule, moderator):
    from moderation import actions

    rule("this", effect=BLOCK)
    answered(answer)
    case = Case.objects.get()
    actions.unhide(actions.hide(case, moderator, version=0), moderator, version=1)
    answered(answer)  # it was continued, say
    assert Message.objects.get(pk=answer.pk).hidden_at is None
    assert Case.objects.count() == 1


def test_a_message_that_is_gone_is_no_failure(conversation):
    screening.question_was_stored(Message, 10**9, conversation.pk)
    screening.answer_has_ended(Message, 10**9, conversation.pk)


def test_a_rule_that_was_deleted_elsewhere_flags_nothing(answer, rule):
    made = rule("this")
    screening.matching_rules("this", Rule.Scope.ANSWERS)
    Rule.objects.filter(pk=made.pk)._raw_delete(using="default")  # as another process would: nobody here hears of it
    answered(answer)
    assert not Case.objects.exists()


def test_evil_texts_are_kept_as_they_are(alice, conversation, rule):
    rule("forbidden", effect=BLOCK)
    text = "<script>alert(1)</script>\u202e forbidden"
    screening.screen(alice, conversation, text)
    assert Case.objects.get().blocked_text == text


def test_reasons_of_scores():
    scores = {"hate": 0.71, "harassment/threatening": 0.9, "self-harm/intent": 0.8, "violence": 0.7, "new": 0.99}
    assert reasons_of(scores, 0.7) == {
        Reason.HARASSMENT: 0.9,
        Reason.SELF_HARM: 0.8,
        Reason.OTHER: 0.99,
    }


@pytest.fixture
def scores(provider, settings, monkeypatch):
    """OpenAI's moderation gives the scores that a text names; see tests.scripted_provider."""
    settings.MODERATION_API = "auto"
    monkeypatch.setattr(provider_scores, "_told_at", None)
    monkeypatch.setattr(provider_scores, "_paused_until", None)
    return provider


def _judged(owner, question, answer="fine", model=MODEL):
    conversation = converse(owner, question, answer, model=model)
    for message in conversation.messages.order_by("pk"):
        (answered if message.role == Message.Role.ASSISTANT else asked)(message)
    provider_scores.settle()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("scores")
@pytest.mark.parametrize("texts", [("moderate-violence-0.93 moderate-sexual-0.2",), ("fine", "moderate-violence-0.93")])
def test_high_scores_flag(alice, texts):
    _judged(alice, *texts)
    flagged = Case.objects.get().flags.get()
    assert (flagged.source, flagged.reason, flagged.score) == (Flag.Source.PROVIDER, Reason.VIOLENCE, 0.93)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("scores")
def test_low_scores_flag_nothing(alice):
    _judged(alice, "moderate-violence-0.69")
    assert not Case.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("scores")
def test_a_provider_that_fails_is_told_of_without_the_text(alice, caplog):
    with caplog.at_level(logging.INFO):
        _judged(alice, "very secret moderation-error-401 moderate-violence-1")
    assert not Case.objects.exists()
    assert "AuthenticationFailed" in caplog.text
    assert "very secret" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_will_not_pass_is_not_asked_for_with_every_text(alice, scores, monkeypatch):
    _judged(alice, "moderation-error-401")
    failed = len([r for r in scores.requests if "moderations" in r.path])
    _judged(alice, "moderate-violence-1")
    assert len([r for r in scores.requests if "moderations" in r.path]) == failed > 0
    monkeypatch.setattr(provider_scores, "_paused_until", time.monotonic())
    _judged(alice, "moderate-violence-1")
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("scores")
def test_a_failure_that_passes_is_no_reason_to_pause(alice):
    _judged(alice, "moderation-error-500", "moderate-violence-1")
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_where_nothing_is_looked_for_no_message_is_read(alice, rule, django_assert_num_queries):
    question = converse(alice, "forbidden").messages.get()
    rule("forbidden", scope=Rule.Scope.ANSWERS)
    screening.matching_rules("", Rule.Scope.QUESTIONS)  # the rules of this process are known by now
    with django_assert_num_queries(0):
        asked(question)


@pytest.mark.django_db(transaction=True)
def test_without_a_key_nobody_is_asked(alice, settings, caplog):
    settings.MODERATION_API = "all"
    _judged(alice, "moderate-violence-1")
    assert not Case.objects.exists()
    assert caplog.text == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("chosen", "model", "is_asked"),
    [
        ("auto", MODEL, True),
        ("auto", "", True),  # the site's own model is OpenAI's
        ("auto", "anthropic/claude-scripted", False),
        ("auto", "local/smollm2", False),
        ("all", "anthropic/claude-scripted", True),
        ("off", MODEL, False),
    ],
)
def test_whose_texts_go_to_openai(alice, scores, settings, chosen, model, is_asked):
    settings.MODERATION_API = chosen
    _judged(alice, "moderate-violence-1", model=model)
    assert Case.objects.exists() == is_asked
    assert bool([r for r in scores.requests if "moderations" in r.path]) == is_asked


@pytest.mark.django_db(transaction=True)
def test_the_real_events_lead_here(alice, rule):
    rule("forbidden")
    conversation = converse(alice, "forbidden", "forbidden too")
    question, answer = conversation.messages.order_by("pk")
    events.tell(events.question_stored, question)
    events.tell(events.answer_ended, answer)
    events.settle()
    assert {case.message for case in Case.objects.all()} == {question, answer}


@pytest.mark.django_db(transaction=True)
def test_a_blocked_question_is_not_stored_and_its_case_stays(alice, rule, browser_of):
    rule("forbidden", effect=BLOCK)
    form = {"text": "a forbidden thing", "client_id": str(uuid.uuid4())}
    response = browser_of(alice).post(f"/c/{uuid.uuid4()}/messages/", form)
    assert "was not sent" in response.content.decode()
    assert not Message.objects.exists()
    assert Case.objects.get().blocked_text == "a forbidden thing"
