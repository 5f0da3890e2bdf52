"""The devices one is signed in with, and how sessions end."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.devices import describe
from accounts.models import User
from accounts.sessions import SeenLately, seen_lately
from accounts.signals import account_disabled, session_ended
from tests.accounts.conftest import FIREFOX, IPHONE, PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """What the two signals have said, as (kind, value)."""
    said: list[tuple[str, object]] = []

    def disabled(user_id, **_):
        said.append(("disabled", user_id))

    def ended(session_key, **_):
        said.append(("ended", session_key))

    account_disabled.connect(disabled)
    session_ended.connect(ended)
    yield said
    account_disabled.disconnect(disabled)
    session_ended.disconnect(ended)


def is_logged_in(client) -> bool:
    return client.get("/settings/").status_code == 200


def row_of(client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def test_the_page_lists_devices_and_marks_this_one(browser, alice, log_in):
    laptop, phone = browser(), browser(user_agent=IPHONE)
    log_in(laptop, "alice")
    log_in(phone, "alice")
    page = laptop.get("/accounts/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "Mobile Safari on iOS" in page
    assert page.count("this device") == 1
    assert "127.0.0.1" in page


def test_ending_one_other(browser, alice, log_in, heard, django_capture_on_commit_callbacks):
    laptop, phone, tablet = browser(), browser(), browser()
    for device in (laptop, phone, tablet):
        log_in(device, "alice")
    key = phone.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        response = laptop.post("/accounts/sessions/", {"session": row_of(phone).pk}, follow=True)
    assert "That device is signed out." in response.content.decode()
    assert not is_logged_in(phone)
    assert is_logged_in(tablet)
    assert is_logged_in(laptop)
    assert heard == [("ended", key)]


def test_ending_all_others(browser, alice, bob, log_in):
    laptop, phone, tablet, stranger = browser(), browser(), browser(), browser()
    for device in (laptop, phone, tablet):
        log_in(device, "alice")
    log_in(stranger, "bob")
    laptop.post("/accounts/sessions/")
    assert [is_logged_in(device) for device in (laptop, phone, tablet, stranger)] == [True, False, False, True]


def test_bob_cannot_end_alices_session(browser, alice, bob, log_in):
    hers, his = browser(), browser()
    log_in(hers, "alice")
    log_in(his, "bob")
    assert his.post("/accounts/sessions/", {"session": row_of(hers).pk}).status_code == 404
    assert is_logged_in(hers)
    assert "Firefox" in his.get("/accounts/sessions/").content.decode()
    assert his.get("/accounts/sessions/").content.decode().count('class="session"') == 1


@pytest.mark.parametrize("session", ["", "0", "-1", "x", "1e9", "9" * 40, "٣", "1; drop table"])
def test_an_id_that_is_none_is_not_found(client, alice, log_in, session):
    log_in(client, "alice")
    assert client.post("/accounts/sessions/", {"session": session}).status_code == 404
    assert is_logged_in(client)


def test_this_device_is_ended_by_logging_out_only(client, alice, log_in):
    log_in(client, "alice")
    assert client.post("/accounts/sessions/", {"session": row_of(client).pk}).status_code == 404


def test_the_page_is_for_people_who_are_logged_in(client):
    assert client.get("/accounts/sessions/").status_code == 302
    assert client.post("/accounts/sessions/").status_code == 302


def test_what_a_browser_says_of_itself_is_inert(browser, alice, log_in):
    evil = browser(user_agent='"><script>alert(1)</script>')
    log_in(evil, "alice")
    page = evil.get("/accounts/sessions/").content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Mobile Safari on iOS"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
        ("\x00\x1b[31m", "Unknown browser"),
        ("A" * 5000, "Unknown browser"),
    ],
)
def test_devices_have_readable_names(user_agent, name):
    from django.utils import translation

    with translation.override("en"):
        assert describe(user_agent) == name


def test_logging_out_is_told(client, alice, log_in, heard, django_capture_on_commit_callbacks):
    log_in(client, "alice")
    key = client.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/logout/")
    assert heard == [("ended", key)]
    assert not UserSession.objects.exists()


def test_a_session_that_nobody_noted_ends_too(client, alice, heard):
    client.force_login(alice)
    key = client.session.session_key
    seen_lately.claim(key)
    client.post("/accounts/logout/")
    assert heard == [("ended", key)]


def test_suspending_ends_every_session(browser, alice, log_in, heard, django_capture_on_commit_callbacks):
    laptop, phone = browser(), browser()
    log_in(laptop, "alice")
    log_in(phone, "alice")
    keys = {laptop.session.session_key, phone.session.session_key}
    alice.refresh_from_db()
    alice.is_active = False
    with django_capture_on_commit_callbacks(execute=True):
        alice.save()
    assert not is_logged_in(laptop)
    assert not is_logged_in(phone)
    assert {("ended", key) for key in keys} | {("disabled", alice.pk)} == set(heard)


def test_deleting_an_account_is_told(alice, heard, django_capture_on_commit_callbacks):
    pk = alice.pk
    with django_capture_on_commit_callbacks(execute=True):
        alice.delete()
    assert heard == [("disabled", pk)]


def test_saving_an_active_person_is_no_news(alice, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        alice.save()
    assert heard == []


def test_suspending_in_the_administration(client, alice, log_in, browser):
    root = User.objects.create_superuser("root", password=PASSWORD)
    other = browser()
    log_in(other, "alice")
    log_in(client, "root")
    chosen = {"action": "suspend", "_selected_action": [alice.pk, root.pk]}
    page = client.post("/admin/accounts/user/", chosen, follow=True).content.decode()
    assert "1 user is suspended." in page
    assert not is_logged_in(other)
    assert is_logged_in(client)
    client.post("/admin/accounts/user/", {"action": "restore", "_selected_action": [alice.pk]})
    log_in(other, "alice")
    assert is_logged_in(other)


def test_a_password_set_in_the_administration_signs_the_person_out(client, alice, log_in, browser):
    User.objects.create_superuser("root", password=PASSWORD)
    other = browser()
    log_in(other, "alice")
    log_in(client, "root")
    fields = {"usable_password": "true", "password1": "another long secret", "password2": "another long secret"}
    assert client.post(f"/admin/accounts/user/{alice.pk}/password/", fields).status_code == 302
    assert not is_logged_in(other)
    assert not UserSession.objects.filter(user=alice).exists()


def test_a_request_writes_nothing(client, alice, log_in):
    log_in(client, "alice")
    client.get("/settings/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/settings/")
    statements = [query["sql"] for query in queries]
    assert len(statements) == 3, statements  # the session, the user together with their preferences, their notices
    assert all(statement.startswith("SELECT") for statement in statements)


def test_being_seen_is_noted_once_a_minute(client, alice, log_in):
    log_in(client, "alice")
    UserSession.objects.update(last_seen_at=row_of(client).last_seen_at - timedelta(hours=1))
    seen_lately.clear()
    client.get("/settings/", headers={"user-agent": IPHONE})
    noted = row_of(client)
    assert "iPhone" in noted.user_agent
    assert noted.last_seen_at > noted.created_at
    seen_lately.clear()  # another process, within the minute
    client.get("/settings/")
    assert row_of(client).last_seen_at == noted.last_seen_at


def test_a_session_without_a_row_gets_one(client, alice):
    client.force_login(alice)
    client.get("/settings/")
    assert row_of(client).user == alice


def test_a_minute_of_memory():
    seen = SeenLately(seconds=60, size=2)
    assert seen.claim("a", now=0)
    assert not seen.claim("a", now=59)
    assert seen.claim("a", now=61)
    assert seen.claim("b", now=62)
    assert seen.claim("c", now=63)
    assert seen.claim("a", now=64)  # forgotten, since only two are kept
