"""Dates follow the reader's time zone, which a cookie names; the administration keeps the site's."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.middleware import ZONE_COOKIE, zone_named
from accounts.models import User
from conversations.models import Conversation
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db

EAST, WEST = "Pacific/Kiritimati", "America/Los_Angeles"  # 22 hours apart, or 21


def between_midnights() -> datetime:
    """A moment that is today in one of the two zones and yesterday in the other."""
    midnights = [timezone.localtime(None, ZoneInfo(name)).replace(hour=0, minute=0, second=0) for name in (EAST, WEST)]
    first, second = sorted(moment.astimezone(UTC) for moment in midnights)
    return first + (second - first) / 2


def group_of(client: Client, conversation: Conversation) -> str:
    page = client.get("/").content.decode()
    before = page[: page.index(f'id="conversation-{conversation.pk}"')]
    return before.rpartition('data-group="')[2].partition('"')[0]


def test_conversations_stand_under_the_readers_dates(client: Client, alice: User) -> None:
    made = converse(alice, "a", "b")
    Conversation.objects.filter(pk=made.pk).update(updated_at=between_midnights())
    client.force_login(alice)
    groups = {}
    for name in (EAST, WEST):
        client.cookies[ZONE_COOKIE] = name
        groups[name] = group_of(client, made)
    assert sorted(groups.values()) == ["today", "yesterday"]


@pytest.mark.parametrize(
    "name", [EAST, WEST, "Asia/Kolkata", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "UTC"]
)
def test_a_page_says_in_which_zone_its_dates_are(client: Client, name: str) -> None:
    client.cookies[ZONE_COOKIE] = name
    assert f'data-zone="{name}"' in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize(
    "name",
    ["", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "Asia", "America/", "a" * 5000, "<b>", "Asia/Seoul%00"],
)
def test_what_is_no_zone_leaves_the_sites(client: Client, name: str) -> None:
    client.cookies[ZONE_COOKIE] = name
    assert 'data-zone="Asia/Seoul"' in client.get("/accounts/login/").content.decode()
    assert zone_named(name) is None


def test_the_next_reader_has_their_own(client: Client) -> None:
    client.cookies[ZONE_COOKIE] = EAST
    client.get("/accounts/login/")
    assert timezone.get_current_timezone_name() == "Asia/Seoul"
    assert 'data-zone="Asia/Seoul"' in Client().get("/accounts/login/").content.decode()


def test_the_administration_keeps_the_sites(admin_client: Client, alice: User) -> None:
    joined = datetime(2026, 3, 1, 12, tzinfo=UTC)
    User.objects.filter(pk=alice.pk).update(date_joined=joined)
    admin_client.cookies[ZONE_COOKIE] = EAST
    page = admin_client.get(f"/admin/accounts/user/{alice.pk}/change/", headers={"accept-language": "en"})
    assert "9 p.m." in page.content.decode()


def test_a_file_has_the_readers_dates(client: Client, alice: User) -> None:
    made = converse(alice, "a", "b")
    moment = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    Conversation.objects.filter(pk=made.pk).update(created_at=moment)
    client.force_login(alice)
    for name, hour in ((WEST, "3:30 p.m."), ("UTC", "11:30 p.m."), (EAST, "1:30 p.m.")):
        client.cookies[ZONE_COOKIE] = name
        text = client.get(f"/c/{made.pk}/export/markdown/").content.decode()
        assert hour in text, text


def test_the_whole_list_for_a_page_that_was_drawn_before_the_zone_was_known(client: Client, alice: User) -> None:
    made = converse(alice, "a", "b")
    Conversation.objects.filter(pk=made.pk).update(updated_at=timezone.now() - timedelta(days=90))
    client.force_login(alice)
    page = client.get("/c/?whole", headers={"hx-request": "true"}).content.decode()
    assert 'id="conversations"' in page
    assert f'id="conversation-{made.pk}"' in page
    assert "<html" in client.get("/c/?whole").content.decode()
