"""The audit log in the administration: read, filtered, verified, taken away; never changed."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from moderation import audit
from moderation.models import AuditEntry
from tests.moderation.admin.conftest import client_of

pytestmark = pytest.mark.django_db
LIST = "/admin/moderation/auditentry/"


@pytest.fixture
def entries(alice: User) -> list[AuditEntry]:
    return [audit.record(f"test.{number % 3}", actor=alice, target=alice, number=number) for number in range(60)]


def _numbers(desk: Client, query: str = "") -> list[int]:
    response = desk.get(LIST + query)
    assert response.status_code == 200
    return [entry.number for entry in response.context["cl"].result_list]


def test_newest_first_and_page_by_page(desk: Client, entries: list[AuditEntry]) -> None:
    response = desk.get(LIST)
    change_list = response.context["cl"]
    newest = [entry.number for entry in change_list.result_list]
    assert len(newest) == 50
    assert newest == sorted(newest, reverse=True)
    older = desk.get(LIST + change_list.next_query).context["cl"]
    numbers = [entry.number for entry in older.result_list]
    assert numbers[0] == newest[-1] - 1
    assert _numbers(desk, older.previous_query) == newest
    assert 'rel="next"' in response.content.decode()


def test_nothing_is_counted(
    desk: Client, entries: list[AuditEntry], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16) as queries:
        desk.get(LIST)
    assert not any("COUNT(" in query["sql"] or "OFFSET" in query["sql"] for query in queries)


def test_filters(desk: Client, entries: list[AuditEntry]) -> None:
    chosen = desk.get(LIST, {"action": "test.1"}).context["cl"].result_list
    assert {entry.action for entry in chosen} == {"test.1"}
    assert len(chosen) == 20
    assert {entry.actor_name for entry in desk.get(LIST, {"actor_name": "alice"}).context["cl"].result_list} == {
        "alice"
    }
    assert _numbers(desk, "?action=unheard.of") == []


def test_a_broken_cursor_is_the_first_page(desk: Client, entries: list[AuditEntry]) -> None:
    for cursor in ("0", "after~x", "after~" + "9" * 60, "%00"):
        assert _numbers(desk, f"?p={cursor}")[:1] == _numbers(desk)[:1]


def test_verify_a_whole_log(desk: Client, entries: list[AuditEntry]) -> None:
    html = desk.post(LIST + "verify/", follow=True).content.decode()
    assert "The log is whole" in html


def test_verify_tells_where_it_was_tampered_with(
    desk: Client, entries: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = audit.Verdict(False, 6, 7, "Entry 7: it was changed.")
    monkeypatch.setattr(audit, "verify", lambda: verdict)  # the database itself refuses changes of entries
    assert "entry 7 is not as it was written" in desk.post(LIST + "verify/", follow=True).content.decode()


def test_export_is_the_whole_log_line_by_line(desk: Client, entries: list[AuditEntry]) -> None:
    response = desk.get(LIST + "export/")
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert "attachment" in response.headers["Content-Disposition"]
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [json.loads(line)["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert audit.verify(lines).ok


def test_nothing_can_be_changed(desk: Client, administrator: User, entries: list[AuditEntry]) -> None:
    pk = entries[0].pk
    for client in (desk, client_of(administrator)):
        assert client.get(f"{LIST}{pk}/change/").status_code == 200
        assert client.post(f"{LIST}{pk}/change/", {"action": "other"}).status_code == 403
        assert client.get(LIST + "add/").status_code == 403
        assert client.post(f"{LIST}{pk}/delete/", {"post": "yes"}).status_code == 403
    entries[0].refresh_from_db()
    assert entries[0].action == "test.0"


def test_without_the_permission_there_is_no_log(entries: list[AuditEntry], charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    client = client_of(charlie)
    assert client.get(LIST).status_code == 403
    assert client.get(LIST + "export/").status_code == 403
    assert client.post(LIST + "verify/").status_code == 403
