"""Suspended people: told why when they log in, and let in nowhere."""

import re

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings as site_settings
from django.core.cache import cache
from django.test import Client

from accounts import suspending
from accounts.models import Language, Preferences, User
from chatbot_site.asgi import application
from conversations.generation import engine
from conversations.sharing import share
from tests.accounts.conftest import PASSWORD
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db
REASON = "Threats against others."


def log_in_page(client: Client, login: str = "alice", password: str = PASSWORD) -> str:
    response = client.post("/accounts/login/", {"login": login, "password": password}, follow=True)
    return str(response.content.decode())


def link_in(mail) -> str:
    found = re.search(r"https?://testserver(/\S+/key/\S+)", mail.body)
    assert found
    return found[1]


@pytest.mark.parametrize("login", ["alice", "alice@example.org"])
def test_whoever_has_the_password_is_told_why(client, alice, login):
    suspending.suspend(alice, REASON)
    page = log_in_page(client, login)
    assert "This account is suspended" in page
    assert REASON in page
    assert client.get("/settings/").status_code == 302


def test_in_their_own_language(browser, alice):
    Preferences.objects.create(user=alice, language=Language.KOREAN)
    suspending.suspend(alice, REASON)
    page = log_in_page(browser("en"))
    assert 'lang="ko"' in page
    assert "This account is suspended" not in page


def test_without_a_reason_too(client, alice):
    suspending.suspend(alice, "")
    assert "This account is suspended" in log_in_page(client)


@pytest.mark.parametrize("login", ["alice", "alice@example.org", "nobody"])
def test_without_the_password_nothing_is_told(client, alice, login):
    suspending.suspend(alice, REASON)
    page = log_in_page(client, login, "wrong")
    assert "The name or the password is not right." in page
    assert "suspended" not in page
    assert REASON not in page
    assert REASON not in client.get("/accounts/suspended/").content.decode()


def test_the_reason_is_not_told_any_more_when_it_is_over(client, alice):
    suspending.suspend(alice, REASON)
    log_in_page(client)
    suspending.reinstate(alice)
    assert REASON not in client.get("/accounts/suspended/").content.decode()
    assert alice.suspension_reason == ""
    log_in_page(client)
    assert client.get("/settings/").status_code == 200


def test_evil_reasons_are_inert(client, alice):
    suspending.suspend(alice, "<script>alert(1)</script>\u202e")
    page = log_in_page(client)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_reason_is_no_longer_than_its_field(alice):
    suspending.suspend(alice, "x" * 2000)
    assert len(User.objects.get(pk=alice.pk).suspension_reason) == 500


def test_suspending_twice_keeps_the_reason_unless_there_is_a_new_one(alice):
    assert suspending.suspend(alice, REASON)
    assert not suspending.suspend(alice, "")
    assert User.objects.get(pk=alice.pk).suspension_reason == REASON
    suspending.suspend(alice, "Another.")
    assert User.objects.get(pk=alice.pk).suspension_reason == "Another."


ADDRESSES = [
    ("get", "/"),
    ("get", "/c/"),
    ("get", "/c/{conversation}/"),
    ("post", "/c/{conversation}/messages/"),
    ("get", "/c/{conversation}/messages/{message}/report/"),
    ("post", "/c/{conversation}/share/"),
    ("post", "/attachments/"),
    ("get", "/search/?q=line"),
    ("get", "/export/"),
    ("get", "/c/{conversation}/export/json/"),
    ("get", "/settings/"),
    ("get", "/accounts/sessions/"),
    ("post", "/accounts/password/change/"),
    ("get", "/accounts/email/"),
    ("get", "/admin/"),
]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
@pytest.mark.parametrize("htmx", [False, True])
def test_no_page_opens_with_a_session_from_before(client, alice, log_in, method, address, htmx):
    conversation = converse(alice, "What is a queue?", "A line.")
    log_in(client, "alice")
    cookie = client.cookies[site_settings.SESSION_COOKIE_NAME].value
    suspending.suspend(alice, REASON)
    client.cookies[site_settings.SESSION_COOKIE_NAME] = cookie  # as somebody who has kept it
    url = address.format(conversation=conversation.pk, message=conversation.leaf_id)
    response = getattr(client, method)(url, headers={"hx-request": "true"} if htmx else {})
    target = response.headers.get("Location") or response.headers.get("HX-Redirect", "")
    assert "/login/" in target, (response.status_code, target)
    assert b"A line." not in response.content


def test_a_session_that_outlived_the_suspension_opens_nothing(client, alice):
    """Even when its row could not be removed: the account itself is asked."""
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/settings/").status_code == 302


def test_shared_links_of_suspended_people_show_nothing(client, alice):
    link = share(converse(alice, "What is a queue?", "A line."), 7)
    suspending.suspend(alice, REASON)
    assert client.get(f"/share/{link.token}/").status_code == 404


def test_no_new_password_by_mail(client, alice, mailoutbox):
    suspending.suspend(alice, REASON)
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    assert not any("/key/" in mail.body for mail in mailoutbox)


def test_a_link_from_before_the_suspension_opens_nothing(client, alice, mailoutbox):
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    link = link_in(mailoutbox[0])
    form = client.get(link, follow=True).redirect_chain[-1][0]
    suspending.suspend(alice, REASON)
    assert "does not work any more" in client.get(link, follow=True).content.decode()
    client.post(form, {"password1": "another long secret"})
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
async def test_websockets_close_at_once_and_open_no_more(alice):
    engine.ensure(makes_answers=False)
    try:
        conversation = await sync_to_async(converse)(alice, "What is a queue?", "A line.")
        client = Client()
        await sync_to_async(client.force_login)(alice)
        socket = open_socket(conversation.pk, client)
        assert (await socket.connect(timeout=10))[0]
        await socket.receive_from(timeout=10)
        await sync_to_async(suspending.suspend)(alice, REASON)
        assert (await socket.receive_output(timeout=10))["code"] == 4403
        again = open_socket(conversation.pk, client)
        await again.connect(timeout=10)
        assert (await again.receive_output(timeout=10))["code"] == 4401
    finally:
        await engine.shut_down()


def open_socket(conversation_id: object, client: Client) -> WebsocketCommunicator:
    cookie = f"{site_settings.SESSION_COOKIE_NAME}={client.cookies[site_settings.SESSION_COOKIE_NAME].value}"
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost"), (b"cookie", cookie.encode())]
    return WebsocketCommunicator(application, f"/ws/c/{conversation_id}/?language=en", headers=headers)


def test_the_limit_on_tries_counts_for_suspended_people_too(client, alice):
    suspending.suspend(alice, REASON)
    cache.clear()
    for _ in range(5):
        log_in_page(client, password="wrong")
    assert REASON not in log_in_page(client)
