"""Rules in the administration: the list, the form's errors, and trying one before it is saved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from moderation.models import AuditEntry, Flag, Rule
from tests.conversations.conftest import converse
from tests.moderation.admin.conftest import CaseMaker

pytestmark = pytest.mark.django_db
ADD = "/admin/moderation/rule/add/"
LIST = "/admin/moderation/rule/"


def _form(**changed: Any) -> dict[str, Any]:
    return {
        "name": "No spam",
        "kind": "words",
        "text": "spam\nham",
        "scope": "both",
        "effect": "flag",
        "reason": "spam",
        "score": "0.6",
        "is_active": "on",
        "sample": "",
    } | changed


def test_save_a_rule(desk: Client) -> None:
    assert desk.post(ADD, _form()).status_code == 302
    rule = Rule.objects.get()
    assert (rule.name, rule.text, rule.score) == ("No spam", "spam\nham", 0.6)
    assert AuditEntry.objects.filter(action="rule.added").count() == 1


def test_the_list_says_how_often_each_matched_lately(desk: Client, make_case: CaseMaker) -> None:
    busy, idle = Rule.objects.create(name="Busy", text="x"), Rule.objects.create(name="Idle", text="y")
    for _number in range(3):
        Flag.objects.create(case=make_case(), source="rule", reason="other", rule=busy)
    long_ago = timezone.now() - timedelta(days=60)
    Flag.objects.create(case=make_case(), source="rule", reason="other", rule=idle, created_at=long_ago)
    rows = {rule.name: rule.matched for rule in desk.get(LIST).context["cl"].result_list}
    assert rows == {"Busy": 3, "Idle": 0}


@pytest.mark.parametrize(
    ("kind", "text", "sample", "sentence"),
    [
        ("words", "spam", "Cheap SPAM here", "It matches."),
        ("words", "spam", "Nothing of it", "It does not match."),
        ("pattern", r"b\d+d", "so b4d", "It matches."),
        ("words", "광고", "이것은 광고입니다", "It matches."),
    ],
)
def test_try_it(desk: Client, kind: str, text: str, sample: str, sentence: str) -> None:
    response = desk.post(ADD, _form(kind=kind, text=text, sample=sample, _try="1"))
    assert response.status_code == 200
    html = response.content.decode()
    assert sentence in html
    assert " ms." in html
    assert sample in html
    assert "errornote" not in html
    assert not Rule.objects.exists()


def test_try_a_change_without_saving_it(desk: Client) -> None:
    rule = Rule.objects.create(name="No spam", text="spam")
    response = desk.post(f"{LIST}{rule.pk}/change/", _form(text="ham", sample="ham", _try="1"))
    assert "It matches." in response.content.decode()
    rule.refresh_from_db()
    assert rule.text == "spam"


def test_a_pattern_that_takes_for_ever_is_stopped_and_said(desk: Client) -> None:
    form = _form(kind="pattern", text=r"(\w+\s?)*\d$", sample="word " * 2000 + "!", _try="1")
    html = desk.post(ADD, form).content.decode()
    assert "It ran out of time" in html
    assert "can take very long" in html


def test_a_slow_rule_is_saved_with_a_warning(desk: Client) -> None:
    response = desk.post(ADD, _form(kind="pattern", text=r"(a+)+$"), follow=True)
    assert Rule.objects.count() == 1
    assert "can take very long" in response.content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": "pattern", "text": "(open"}, "This is no regular expression"),
        ({"text": "  \n \n"}, "required"),
        ({"text": "\u200b"}, "Write at least one word."),
        ({"score": "1.5"}, "Give a number from 0 to 1."),
        ({"score": "nan"}, "Enter a number."),
        ({"name": ""}, "required"),
        ({"effect": "explode"}, "Select a valid choice"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_its_field(desk: Client, changed: dict[str, str], sentence: str) -> None:
    for more in ({}, {"_try": "1"}):
        response = desk.post(ADD, _form(**changed, **more))
        assert response.status_code == 200
        assert sentence in response.content.decode()
        assert "errornote" in response.content.decode()
    assert not Rule.objects.exists()


BROAD = [
    ("pattern", "."),
    ("pattern", ".*"),
    ("pattern", r"\w+"),
    ("pattern", "[^x]"),
    ("pattern", "(?=.)"),
    ("pattern", "가|나|다|요|줘"),
    ("words", "a\nthe\nyou\nis"),
    ("words", "다\n요"),
]


@pytest.mark.parametrize(("kind", "text"), BROAD)
def test_a_rule_that_matches_nearly_everything_is_saved_only_on_purpose(desk: Client, kind: str, text: str) -> None:
    response = desk.post(ADD, _form(kind=kind, text=text, effect="block"))
    assert response.status_code == 200
    assert "This rule matches nearly everything" in response.content.decode()
    assert not Rule.objects.exists()
    assert desk.post(ADD, _form(kind=kind, text=text, effect="block", confirmed="on")).status_code == 302
    assert Rule.objects.get().text == text


def test_so_it_is_with_a_rule_that_is_changed_or_put_to_work(desk: Client) -> None:
    rule = Rule.objects.create(name="No spam", text="spam")
    path = f"{LIST}{rule.pk}/change/"
    assert desk.post(path, _form(kind="pattern", text=".")).status_code == 200
    assert desk.post(path, _form(kind="pattern", text=".", is_active="")).status_code == 302
    assert desk.post(path, _form(kind="pattern", text=".", is_active="on")).status_code == 200
    rule.refresh_from_db()
    assert not rule.is_active


def test_trying_it_says_so_too_and_saves_nothing(desk: Client) -> None:
    html = desk.post(ADD, _form(kind="pattern", text=".", sample="x", _try="1")).content.decode()
    assert "It matches." in html
    assert "This rule matches nearly everything" in html


def test_what_is_ordinary_here_counts_and_is_not_shown(desk: Client, alice: User) -> None:
    for number in range(15):
        converse(alice, f"zanzibarite number {number}", "Of zanzibarite I know little.")
    html = desk.post(ADD, _form(text="zanzibarite")).content.decode()
    assert "30 of the last 30 messages" in html
    assert "I know little" not in html
    assert desk.post(ADD, _form(text="zanzibarite", scope="questions")).status_code == 302  # 15 say too little


@pytest.mark.parametrize(
    ("kind", "text"),
    [("words", "spam\nbomb"), ("words", "욕설\n바보"), ("pattern", r"b\d+d"), ("pattern", r"\bkill\b")],
)
def test_an_ordinary_rule_is_saved_at_once(desk: Client, kind: str, text: str) -> None:
    assert desk.post(ADD, _form(kind=kind, text=text)).status_code == 302
