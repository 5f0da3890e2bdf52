"""The administration's first page: what needs attention, as far as the reader may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import checks
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from moderation import audit
from moderation.admin import front_page
from moderation.admin.front_page import attention
from moderation.models import Case
from providers.models import Credential
from tests.moderation.admin.conftest import CaseMaker, client_of

pytestmark = pytest.mark.django_db


def test_what_waits_for_a_moderator(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    oldest = make_case(created_at=timezone.now() - timedelta(days=3, hours=2))
    make_case(assignee=moderator)
    make_case(escalated_at=timezone.now())
    make_case(resolved_at=timezone.now(), resolution="dismissed")
    seen = attention(moderator)
    assert (seen.open, seen.mine, seen.escalated, seen.oldest) == ("3", "1", "1", oldest.created_at)
    html = desk.get("/admin/").content.decode()
    assert ">3\xa0days<" in html  # one unit is what fits a figure
    assert "Open cases" in html
    assert "?tab=mine" in html
    assert "Back to the chat" in html


def test_figures_are_bounded(
    alice: User, moderator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Case.objects.bulk_create([Case(person=alice, reason="other", blocked_text=f"{n}") for n in range(120)])
    with django_assert_max_num_queries(8):
        assert attention(moderator).open == "99+"


def test_moderators_see_only_what_they_may_open(desk: Client) -> None:
    html = desk.get("/admin/").content.decode()
    assert "/admin/moderation/case/" in html
    assert "/admin/accounts/user/" not in html
    assert "/admin/providers/" not in html


def test_administrators_are_told_of_problems_and_of_the_last_entries(
    moderator: User, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    front_page._problems.cache_clear()
    found = [checks.Warning("Set ENCRYPTION_KEY.", id="site.W001"), checks.Info("Nothing", id="site.I001")]
    monkeypatch.setattr(checks, "run_checks", lambda: found)
    audit.record("person.logged_in", actor=administrator, target=administrator)
    html = client_of(administrator).get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert "Set ENCRYPTION_KEY. (site.W001)" in html
    assert "site.I001" not in html
    assert "All entries" in html
    assert "Logged in · <bdi>dora</bdi> · <bdi>User " in html
    assert attention(moderator).problems == ()
    front_page._problems.cache_clear()


def test_staff_without_rights_see_an_empty_page(charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    html = client_of(charlie).get("/admin/").content.decode()
    assert "figures" not in html
    assert "/admin/moderation/" not in html


def test_in_korean_too(moderator: User) -> None:
    response = client_of(moderator).get("/admin/", headers={"accept-language": "ko"})
    assert 'lang="ko"' in response.content.decode()


def test_administrators_are_told_of_providers_that_cannot_be_used(moderator: User, administrator: User) -> None:
    Credential.objects.create(provider="anthropic", encrypted_key="nonsense")
    html = client_of(administrator).get("/admin/", headers={"accept-language": "en"}).content.decode()
    (problem,) = attention(administrator).providers
    assert problem.startswith("Anthropic: ")
    assert escape(problem) in html
    assert attention(moderator).providers == ()
    assert escape(problem) not in client_of(moderator).get("/admin/").content.decode()
