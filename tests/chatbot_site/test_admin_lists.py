"""Every list of the administration, asked for what no database can look for: shown all the same, or not found."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from moderation.models import AuditEntry, Notice
from providers.models import Credential

pytestmark = pytest.mark.django_db(transaction=True)
ODD = ["a\0b", "9" * 40, "9223372036854775808", "-1", "NaN"]
NO_DATES = [*ODD, "2147483648", "999999999999", "9999-99-99", "9" * 400, "9" * 5000]
LISTS = sorted(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry)
DATES = {User: "last_login", AuditEntry: "at", Notice: "created_at", Credential: "created_at"}


@pytest.fixture
def boss(db: None) -> Client:
    person = User.objects.create_superuser("root", "root@example.org", "correct horse battery staple")
    Notice.objects.create(person=person, kind="warning")
    Credential.objects.create(provider="openai")
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.mark.parametrize("name", LISTS)
def test_odd_pages_searches_and_orders(boss: Client, name: str) -> None:
    for parameter in ("p", "q", "o", "e", "id", "id__exact", "pk__in", "groups__id__exact", "action", "actor_name"):
        for odd in ODD:
            assert boss.get(reverse(name), {parameter: odd}, follow=True).status_code < 500, (parameter, odd)


@pytest.mark.parametrize("model", DATES)
def test_years_months_and_days_that_no_calendar_has(boss: Client, model: type) -> None:
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    for part in ("__year", "__month", "__day", "__gte", "__lt", "__exact", "__year__gt", "__isnull", "__in"):
        for odd in NO_DATES:
            answer = boss.get(path, {f"{DATES[model]}{part}": odd}, follow=True)
            assert answer.status_code < 500, (part, odd)
