"""Rules: words and patterns, in a time that no text and no pattern can stretch."""

import logging

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from moderation import matching, rules
from moderation.models import Rule
from moderation.rules import matching_rules

pytestmark = pytest.mark.django_db
NASTY = "(a+)+$"
NASTY_TEXT = "a" * 5000 + "!"


def found(text: str, scope: str = Rule.Scope.QUESTIONS, effect: str | None = None) -> list[Rule]:
    return matching_rules(text, scope, effect)


@pytest.fixture
def unhurried(monkeypatch) -> None:
    """Limits that a busy machine keeps."""
    monkeypatch.setattr(rules, "RULE_SECONDS", 60.0)
    monkeypatch.setattr(rules, "TEXT_SECONDS", 60.0)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("forbidden", "This is FORBIDDEN!"),
        ("forbidden", "forbidden"),
        ("Straße", "in der STRASSE"),
        ("나쁜말", "이런나쁜말은 안 돼요"),
        ("bad", "bad이라는 말"),
        ("bad", "그건 ｂａｄ 예요"),
        ("bad", "b\u200ba\u00add"),
        ("bad", "b\ufe0fa\U000e0061d\u034f"),
        ("폭탄제조", "폭탄\u3164제조"),
        ("bad", "my_bad_file.txt"),
        ("bad", "it is _bad_"),
        ("bad", "\u202ebad\u202c"),
        ("two words", "TWO   \n words"),
        ("한 글", "한\u3000글"),
        ("ＡＢＣ", "abc"),
        ("각", "\u1100\u1161\u11a8"),
        ("$$$", "for $$$ only"),
        ("c++", "in C++, say"),
        ("плохо", "это ПЛОХО."),
    ],
)
def test_words_match(rule, word, text):
    made = rule(f"other\n\n  {word}  \n")
    assert found(text) == [made]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("ass", "a class of its own"),
        ("bad", "badly"),
        ("bad", "not bad1"),
        ("плохо", "неплохо"),
        ("나쁜말", "나쁜 말"),
        ("forbidden", ""),
    ],
)
def test_words_do_not_match_parts_of_others(rule, word, text):
    rule(word)
    assert found(text) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\b\d{6}-\d{7}\b", "번호는 900101-1234567 이에요"),
        (r"secret\s+key", "The SECRET\nKEY"),
        (r"^\p{Hangul}+$", "한글"),
        ("(?i)x{3,}", "xXXx"),
        (r"\d{4}", "１２３４"),
    ],
)
def test_patterns_match(rule, pattern, text):
    made = rule(pattern, kind=Rule.Kind.PATTERN)
    assert found(text) == [made]


def test_scope_effect_and_activity_count(rule):
    both = rule("bad")
    question = rule("bad", scope=Rule.Scope.QUESTIONS, effect=Rule.Effect.BLOCK)
    answer = rule("bad", scope=Rule.Scope.ANSWERS)
    rule("bad", is_active=False)
    assert set(found("bad")) == {both, question}
    assert set(found("bad", Rule.Scope.ANSWERS)) == {both, answer}
    assert found("bad", effect=Rule.Effect.BLOCK) == [question]


def test_changes_are_seen_at_once(rule):
    made = rule("bad")
    assert found("bad")
    made.text = "worse"
    made.save()
    assert not found("bad")
    assert found("worse")
    made.delete()
    assert not found("worse")


def test_rules_cost_no_query_once_they_are_compiled(rule, django_assert_num_queries):
    rule("bad")
    found("bad")
    with django_assert_num_queries(0):
        found("bad")


def test_changes_of_other_processes_are_seen_after_a_while(rule, django_assert_num_queries):
    clock = [0.0]
    kept = rules._Kept(now=lambda: clock[0])
    made = rule("bad")
    assert [one.rule for one in kept.rules()] == [made]
    other = rule("worse")  # tells the process's own rules, not these
    clock[0] = rules.REFRESH_SECONDS - 1
    assert [one.rule for one in kept.rules()] == [made]
    clock[0] = rules.REFRESH_SECONDS
    assert [one.rule for one in kept.rules()] == [made, other]
    clock[0] += rules.REFRESH_SECONDS
    with django_assert_num_queries(1):  # nothing has changed: nothing is compiled again
        kept.rules()


def test_a_pattern_that_takes_exponential_time_does_not_match_and_is_named(rule, caplog):
    made = rule(NASTY, kind=Rule.Kind.PATTERN)
    with caplog.at_level(logging.WARNING, "moderation.rules"):
        assert found(NASTY_TEXT) == []
    assert f"Rule {made.pk} took too long." in caplog.text
    assert "aaaa" not in caplog.text
    assert NASTY not in caplog.text
    assert rules.is_slow(made)
    with translation.override("en"):
        assert "can take very long" in rules.warning_of(made)


def test_a_slow_pattern_does_not_keep_words_from_being_found(rule):
    for _ in range(6):
        rule(NASTY, kind=Rule.Kind.PATTERN)
    words = rule("forbidden", effect=Rule.Effect.BLOCK)
    assert found(NASTY_TEXT + " forbidden") == [words]


def test_many_slow_patterns_take_no_longer_than_a_text_may(rule, monkeypatch):
    asked: list[float] = []

    class Slow:
        def found_in(self, text: str, seconds: float) -> bool:
            asked.append(seconds)
            clock[0] += seconds
            raise TimeoutError

    clock = [0.0]
    monkeypatch.setattr(rules.time, "monotonic", lambda: clock[0])
    made = rules.Compiled(rule(NASTY, kind=Rule.Kind.PATTERN), Slow())
    monkeypatch.setattr(rules._kept, "rules", lambda: [made] * 50)
    assert found("text") == []
    assert sum(asked) <= rules.TEXT_SECONDS
    assert max(asked) <= rules.RULE_SECONDS


def test_saving_a_slow_rule_anew_forgets_that_it_was(rule):
    made = rule(NASTY, kind=Rule.Kind.PATTERN)
    found(NASTY_TEXT)
    made.text = "a+$"
    made.save()
    assert not rules.is_slow(made)
    assert rules.warning_of(made) == ""


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "가" * 100_000, "a b " * 25_000, "\ufdfa" * 100_000, "\u200b" * 100_000]
)
def test_long_texts_are_looked_through(rule, text, unhurried):
    words = rule("\n".join(f"word{number}" for number in range(2000)) + "\n나쁜말")
    pattern = rule(r"needle\d+", kind=Rule.Kind.PATTERN)
    assert found(text) == []
    assert found(f"{text} 나쁜말 needle7") == [words, pattern]


def test_thousands_of_words_in_a_long_text_are_no_slow_rule(rule, unhurried):
    made = rule("\n".join(f"word{number}" for number in range(5000)))
    assert found("a word of words " * 6000) == []
    assert not rules.is_slow(made)


def test_a_word_that_is_everywhere_and_nowhere_by_itself_ends_in_time(rule, monkeypatch):
    monkeypatch.setattr(matching.time, "monotonic", iter([0.0, *[1.0] * 9]).__next__)
    with pytest.raises(TimeoutError):
        matching.compiled(Rule.Kind.WORDS, "aa").found_in("a" * 100_000, 0.05)


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a{2", "(?P<x", "*", r"\p{Nothing}", "(?<=a+b", "(" * 5000 + ")" * 5000]
)
def test_what_is_no_pattern_is_refused_when_saved(db, pattern):
    rule = Rule(name="x", kind=Rule.Kind.PATTERN, text=pattern)
    try:
        matching.compiled(rule.kind, pattern)
    except matching.BROKEN:
        with pytest.raises(ValidationError) as refused:
            rule.full_clean()
        assert "text" in refused.value.message_dict
    else:
        rule.full_clean()


@pytest.mark.parametrize("text", ["   ", "\n\n", "\u200b"])
def test_a_rule_without_a_word_is_refused(db, text):
    with pytest.raises(ValidationError):
        Rule(name="x", text=text).full_clean()


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_beyond_its_limits_is_refused(db, score):
    with pytest.raises(ValidationError):
        Rule(name="x", text="word", score=score).full_clean()


def test_a_broken_rule_in_the_database_costs_only_itself(rule, caplog):
    broken = rule("(", kind=Rule.Kind.PATTERN)
    good = rule("bad")
    assert found("bad (") == [good]
    assert f"Rule {broken.pk} cannot be used" in caplog.text
    with translation.override("en"):
        assert "cannot be used" in rules.warning_of(broken)


def test_a_careful_pattern_gets_no_warning(rule):
    assert rules.warning_of(rule(r"\b\d{6}-\d{7}\b", kind=Rule.Kind.PATTERN)) == ""
    assert rules.warning_of(rule("word")) == ""
