"""An answer that a rule blocks is stopped while it is written."""

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from conversations import screening as asked
from conversations.models import Message
from moderation import screening
from moderation.models import Case, Notice, Rule
from tests.conversations.conftest import running_engine  # noqa: F401 - a fixture
from tests.conversations.generation.test_runner import ask, end_of, until
from tests.scripted_provider.fixture import ScriptedProvider

BLOCK, FLAG = Rule.Effect.BLOCK, Rule.Effect.FLAG
ANSWERS, QUESTIONS = Rule.Scope.ANSWERS, Rule.Scope.QUESTIONS


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("running_engine")
async def test_it_is_stopped_hidden_and_its_owner_told(alice: User, provider: ScriptedProvider, rule) -> None:
    await sync_to_async(rule)("w0010", effect=BLOCK, scope=ANSWERS)
    generation = await end_of(await ask(alice, "script:words-60 pause-20"))
    assert generation.status == "stopped"
    assert "w0010" in generation.message.content  # kept, for whoever reviews it
    assert "w0060" not in generation.message.content
    await until(lambda: Message.objects.filter(pk=generation.message_id, hidden_at__isnull=False).aexists())
    await until(lambda: Notice.objects.filter(person=alice, kind=Notice.Kind.HIDDEN).aexists())
    assert await Case.objects.filter(message=generation.message).acount() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("running_engine")
async def test_one_that_is_only_flagged_goes_on(alice: User, provider: ScriptedProvider, rule) -> None:
    await sync_to_async(rule)("w0010", effect=FLAG, scope=ANSWERS)
    generation = await ask(alice, "script:words-60 pause-20")
    await until(lambda: type(generation).objects.filter(pk=generation.pk, draft__contains="w0020").aexists())
    await sync_to_async(provider.release)()
    ended = await end_of(generation)
    assert (ended.status, "w0060" in ended.message.content) == ("complete", True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "since", "blocked"),
    [
        ("a bad word, and more", 0, True),
        ("a bad word, and more", 18, True),  # it reaches into what was looked at before
        ("nothing of the kind", 0, False),
        ("that was ba", 0, False),
        ("a bad", 0, False),  # "badge", maybe
        ("a badge of honour", 0, False),
        ("a bad\nline", 0, True),
        ("x" * 5000 + "bad ", 5000, False),  # the end of another word, wherever one begins to look
        ("bad " + "x " * 3000, 5000, False),  # long past: its end is looked at as a whole
        ("", 0, False),
    ],
)
def test_what_is_blocked(rule, text: str, since: int, blocked: bool) -> None:
    rule("bad", effect=BLOCK, scope=ANSWERS)
    assert screening.is_blocked(text, since) is blocked


@pytest.mark.django_db
def test_a_pattern_for_the_beginning_finds_nothing_in_the_middle(rule) -> None:
    rule("^and", kind=Rule.Kind.PATTERN, effect=BLOCK, scope=ANSWERS)
    assert not screening.is_blocked("x " * 1000 + "and so on ", 2000 + screening.OVERLAP)
    assert screening.is_blocked("and so on ", 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("effect", "scope"), [(FLAG, ANSWERS), (BLOCK, QUESTIONS)])
def test_other_rules_stop_nothing(rule, effect: str, scope: str) -> None:
    rule("bad", effect=effect, scope=scope)
    assert not screening.is_blocked("a bad word", 0)


def test_a_screen_that_fails_stops_nothing(settings, monkeypatch, caplog) -> None:
    def broken(text: str, since: int) -> bool:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(screening, "is_blocked", broken)
    asked._screen.cache_clear()
    assert not asked.is_stopped("a secret", 0)
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text
    asked._screen.cache_clear()


def test_a_site_may_do_without_a_screen(settings) -> None:
    settings.ANSWER_SCREEN = ""
    assert not asked.is_stopped("anything", 0)
