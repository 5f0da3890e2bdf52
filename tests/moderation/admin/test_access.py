"""Who gets in: every address of moderation in the administration is walked by those who may not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from moderation.models import AuditEntry, Case, Notice, Rule
from tests.moderation.admin.conftest import CaseMaker, client_of

pytestmark = pytest.mark.django_db


def _addresses(case: Case, rule: Rule, notice: Notice, entry: AuditEntry) -> Iterator[str]:
    """Every address under /admin/moderation/, with ids that exist."""
    ids = {"case": case.pk, "rule": rule.pk, "notice": notice.pk, "auditentry": entry.pk}
    for name in sorted(set(_names(get_resolver().url_patterns))):
        if not name.startswith("moderation_"):
            continue
        kind = name.split("_")[1]
        for arguments in ([], [ids.get(kind, 1)]):
            try:
                yield reverse(f"admin:{name}", args=arguments)
            except Exception:
                continue


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


@pytest.fixture
def addresses(make_case: CaseMaker, alice: User) -> list[str]:
    rule = Rule.objects.create(name="Words", text="word")
    notice = Notice.objects.create(person=alice, kind="warning", text="Read this")
    entry = AuditEntry.objects.order_by("number").first()
    assert entry
    return list(_addresses(make_case(), rule, notice, entry))


def test_the_walk_meets_every_screen(addresses: list[str]) -> None:
    assert len(addresses) >= 15
    assert any(address.endswith("/act/") for address in addresses)
    assert any(address.endswith("/export/") for address in addresses)


def test_a_member_is_kept_out_of_every_address(addresses: list[str], charlie: User) -> None:
    client = client_of(charlie)
    for address in addresses:
        for answer in (client.get(address), client.post(address, {"action": "dismiss", "version": 0})):
            assert answer.status_code in (302, 403), address
            assert b"A flagged answer" not in answer.content
    assert Case.objects.get().is_open


def test_a_stranger_is_sent_to_the_login(addresses: list[str]) -> None:
    client = Client()
    for address in addresses:
        for answer in (client.get(address), client.post(address, {"action": "dismiss", "version": 0})):
            assert answer.status_code == 302, address
            assert "/login/" in answer.headers["Location"]


def test_staff_without_the_permission_gets_nowhere(addresses: list[str], charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    client = client_of(charlie)
    for address in addresses:
        for answer in (client.get(address), client.post(address, {"action": "dismiss", "version": 0})):
            assert answer.status_code in (302, 403, 405), address
            assert b"A flagged answer" not in answer.content
            if answer.status_code == 302:  # /admin/moderation/rule/1/, which only leads on
                assert "/change/" in answer.headers["Location"]
    assert Case.objects.get().is_open


def test_a_suspended_moderator_is_out_at_once(desk: Client, moderator: User) -> None:
    assert desk.get("/admin/moderation/case/").status_code == 200
    User.objects.filter(pk=moderator.pk).update(is_active=False)
    assert desk.get("/admin/moderation/case/").status_code == 302


def test_actions_are_posts_with_a_token(make_case: CaseMaker, moderator: User) -> None:
    case = make_case()
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator)
    for address in (f"/admin/moderation/case/{case.pk}/act/", "/admin/moderation/case/bulk/"):
        assert client.post(address, {"action": "dismiss", "version": 0}).status_code == 403
        assert client.get(address).status_code == 405
    case.refresh_from_db()
    assert case.is_open


def test_cases_can_be_neither_added_nor_changed_nor_deleted(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    for path in ("add/", f"{case.pk}/change/", f"{case.pk}/delete/", f"{case.pk}/history/"):
        assert desk.get(f"/admin/moderation/case/{path}").status_code == 404


def test_flags_and_openings_have_no_admin_of_their_own() -> None:
    assert {model.__name__ for model in admin.site._registry if model._meta.app_label == "moderation"} == {
        "Case",
        "Rule",
        "AuditEntry",
        "Notice",
    }
