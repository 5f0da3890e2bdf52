"""Django's own lists by keyset: one order, page after page, by links."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from accounts.models import User
from moderation.models import Notice
from tests.moderation.admin.conftest import client_of

LIST = "/admin/moderation/notice/"


@pytest.fixture
def desk(administrator: User, alice: User) -> Client:
    """Before a list of three pages."""
    Notice.objects.bulk_create([Notice(person=alice, kind="warning", text=f"Notice {n:03}.") for n in range(120)])
    return client_of(administrator)


def _walk(desk: Client, query: str, direction: str) -> tuple[list[str], str]:
    """What the pages show from `query` on, and the query of the last one."""
    seen: list[str] = []
    while True:
        html = desk.get(LIST + query).content.decode()
        seen += re.findall(r"Notice \d{3}\.", html)
        link = re.search(rf'rel="{direction}" href="([^"]+)"', html)
        if link is None:
            return seen, query
        query = unescape(link[1])


def test_pages_lead_to_each_other(desk: Client) -> None:
    seen, last = _walk(desk, "", "next")
    assert seen == [f"Notice {n:03}." for n in reversed(range(120))]
    back, _first = _walk(desk, last, "prev")
    assert set(back) == set(seen)


def test_filters_go_along(desk: Client) -> None:
    html = desk.get(LIST, {"kind": "warning"}).content.decode()
    assert re.search(r'rel="next" href="[^"]*kind=warning', html)
    assert _walk(desk, "?kind=opened", "next")[0] == []


def test_nobody_sorts_by_another_column(desk: Client) -> None:
    assert _walk(desk, "?o=3", "next")[0] == _walk(desk, "", "next")[0]
