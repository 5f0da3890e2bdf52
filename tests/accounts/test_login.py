"""Signing up, logging in and out."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client

from accounts import mailing
from accounts.models import User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def signed_up(client: Client, **fields: str):
    return client.post("/accounts/signup/", {"username": "charlie", "password1": PASSWORD} | fields)


def is_logged_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def test_signing_up_needs_a_name_and_one_password(client):
    page = client.get("/accounts/signup/").content.decode()
    assert page.count('type="password"') == 1
    response = signed_up(client)
    assert response.headers["Location"] == "/"
    assert is_logged_in(client)
    assert User.objects.get(username="charlie").email == ""


def test_an_address_may_be_given_and_counts_once_it_is_confirmed(browser, mailoutbox):
    here = browser()
    assert signed_up(here, email="Charlie@Example.ORG").headers["Location"] == "/"
    assert "A mail is on its way to charlie@example.org." in here.get("/").content.decode()
    charlie = User.objects.get()
    login = {"login": "charlie@example.org", "password": PASSWORD}
    assert charlie.email == ""
    page = browser().post("/accounts/login/", login).content.decode()
    assert "An e-mail address works here once it is confirmed" in page
    [mail] = mailoutbox
    assert mail.to == ["charlie@example.org"]
    assert "charlie your username" in mail.body
    here.post(re.search(r"/accounts/confirm-email/\S+", mail.body)[0])
    charlie.refresh_from_db()
    assert charlie.email == "charlie@example.org"
    there = browser()
    there.post("/accounts/login/", login)
    assert is_logged_in(there)


def test_whoever_signs_up_while_no_mail_goes_out_comes_in_and_is_told(client, monkeypatch):
    monkeypatch.setattr(mailing, "_failed_at", time.monotonic())
    assert signed_up(client, email="charlie@example.org").headers["Location"] == "/"
    assert "could not be sent" in client.get("/").content.decode()
    page = client.get("/accounts/email/").content.decode()
    assert "charlie@example.org" in page
    assert "Remove this address" in page
    client.post("/accounts/email/", {"email": "charlie@example.org", "action_remove": ""})
    assert "charlie@example.org is removed." in client.get("/settings/").content.decode()
    assert not EmailAddress.objects.exists()


def test_names_are_the_same_in_every_case(client, alice):
    response = signed_up(client, username="ALICE")
    assert "This username is taken." in response.content.decode()
    assert "This username is taken." in signed_up(client, username="ａｌｉｃｅ").content.decode()
    assert User.objects.count() == 1


def test_names_are_stored_in_lower_case(db):
    assert User.objects.create_user("Émile").username == "émile"
    assert User.objects.get_by_natural_key("ÉMILE").username == "émile"


def test_many_people_may_have_no_address(db):
    User.objects.create_user("one")
    User.objects.create_user("two")
    assert User.objects.filter(email="").count() == 2


@pytest.mark.parametrize("name", ["a b", "a@b", "<script>", "a/b", "a\u202eb", "", "x" * 65])
def test_a_bad_name_is_refused(client, name):
    assert signed_up(client, username=name).status_code == 200
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short", "password123", "charliecharlie"])
def test_a_weak_password_is_refused(client, password):
    assert signed_up(client, username="charliecharlie", password1=password).status_code == 200
    assert not User.objects.exists()


def test_korean_names_are_welcome(client):
    signed_up(client, username="김철수")
    assert User.objects.get().username == "김철수"


def test_two_clicks_on_the_button_make_one_account(client, monkeypatch, alice):
    """The second request has passed its check of the name before the first one has saved it."""
    monkeypatch.setattr(
        "accounts.adapters.AccountAdapter.clean_username", lambda self, username, shallow=False: username
    )
    response = signed_up(client, username="alice")
    assert response.status_code == 302
    assert "has just been taken" in client.get(response.headers["Location"]).content.decode()


def test_a_closed_site_says_so(client, settings):
    settings.SIGN_UP = "closed"
    assert "Sign-up is closed" in client.get("/accounts/signup/").content.decode()
    signed_up(client)
    assert not User.objects.exists()
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("login", ["alice", "Alice", " ALICE ", "alice@example.org", "Alice@Example.org"])
def test_logging_in_by_name_or_address(client, alice, log_in, login):
    log_in(client, login)
    assert is_logged_in(client)


def test_logging_in_leads_where_one_wanted_to_go(client, alice):
    response = client.get("/settings/")
    assert response.headers["Location"] == "/accounts/login/?next=/settings/"
    response = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD, "next": "/settings/"})
    assert response.headers["Location"] == "/settings/"


def test_another_site_is_no_place_to_go_to(client, alice):
    response = client.post(
        "/accounts/login/", {"login": "alice", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_look_the_same(client, alice):
    sentence = "The name or the password is not right."
    for login in ("alice", "nobody", "alice@example.org", "nobody@example.org"):
        page = client.post("/accounts/login/", {"login": login, "password": "wrong"}).content.decode()
        assert sentence in page
    assert not is_logged_in(client)


def test_guessing_is_slowed_down(client, alice):
    for _ in range(5):
        client.post("/accounts/login/", {"login": "alice", "password": "wrong"})
    page = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD}).content.decode()
    assert "Too many tries that failed" in page


def test_too_many_requests_get_a_page_of_ours(browser, settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    signed_up(browser())
    response = signed_up(browser("ko"), username="dave")
    assert response.status_code == 429
    assert "account-page" in response.content.decode()


def test_suspended_people_are_told_so(client, alice, log_in):
    alice.is_active = False
    alice.save()
    log_in(client, "alice")
    page = client.get("/accounts/suspended/").content.decode()
    assert "This account is suspended" in page
    assert not is_logged_in(client)


def test_suspension_is_not_told_to_strangers(client, alice):
    alice.is_active = False
    alice.save()
    response = client.post("/accounts/login/", {"login": "alice", "password": "wrong"})
    assert "suspended" not in response.content.decode()


def test_logging_out_takes_a_post(client, alice, log_in):
    log_in(client, "alice")
    assert client.get("/accounts/logout/").status_code == 200
    assert is_logged_in(client)
    response = client.post("/accounts/logout/", follow=True)
    assert "You are logged out." in response.content.decode()
    assert not is_logged_in(client)


@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
def test_the_browser_is_told_to_forget_what_was_written(client, alice, log_in, path, settings):
    alice.is_staff = alice.is_superuser = True
    alice.save()
    log_in(client, "alice")
    assert "logged_out" not in client.cookies
    response = client.post(path, follow=True)
    assert client.cookies["logged_out"].value == str(alice.pk)
    assert "js/forget" in response.content.decode()
    log_in(client, "alice")
    assert client.cookies["logged_out"].value == ""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    response = client.post(path, headers={"x-forwarded-proto": "https"})
    assert response.headers["Clear-Site-Data"] == '"storage"'


def test_a_session_that_has_only_run_out_keeps_drafts(client, alice, log_in):
    log_in(client, "alice")
    client.session.flush()
    client.get("/")
    assert "logged_out" not in client.cookies


@pytest.mark.parametrize(
    ("said", "ip"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("unknown", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
        ("192.0.2.7, _hidden", "127.0.0.1"),
        ("unknown, ::ffff:192.0.2.7", "192.0.2.7"),
        (" ", "127.0.0.1"),
    ],
)
def test_a_proxy_that_names_no_address_shuts_nobody_out(client, alice, settings, said, ip):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    form = {"login": "alice", "password": PASSWORD}
    assert client.post("/accounts/login/", form, headers={"x-forwarded-for": said}).status_code == 302
    assert is_logged_in(client)
    assert UserSession.objects.get(user=alice).ip == ip


def test_logging_in_needs_the_csrf_token(alice):
    response = Client(enforce_csrf_checks=True, headers={"accept-language": "en"}).post(
        "/accounts/login/", {"login": "alice", "password": PASSWORD}
    )
    assert response.status_code == 403
    assert "The page was open for too long" in response.content.decode()


def test_fields_are_named_and_their_errors_linked(client):
    page = signed_up(client, username="a b").content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="new-password"' in page
    assert 'aria-describedby="id_username_helptext id_username_error"' in page
    assert 'id="id_username_error"' in page
    assert 'href="#id_username"' in page
    assert "placeholder" not in page


@pytest.mark.parametrize(
    "path", ["login", "signup", "password/reset", "password/reset/done", "suspended", "confirm-email"]
)
def test_no_inline_script_or_style(client, path):
    page = client.get(f"/accounts/{path}/").content.decode()
    assert not re.search(r"\s(style|on\w+)=|<style|<script>", page)


@pytest.mark.parametrize(
    "path", ["login/code/", "reauthenticate/", "password/set/", "3rdparty/", "2fa/", "phone/change/"]
)
def test_what_has_no_page_here_is_not_reachable(client, path):
    assert client.get(f"/accounts/{path}").status_code == 404


def test_the_administration_has_the_same_login(client, alice, log_in):
    assert client.get("/admin/login/?next=/admin/").headers["Location"].startswith("/accounts/login/")
    log_in(client, "alice")
    assert client.get("/admin/login/").status_code == 403


def test_passwords_are_kept_by_argon2():
    from chatbot_site import settings as site

    assert site.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_nul_and_long_input_do_no_harm(client):
    assert client.post("/accounts/login/", {"login": "a\x00", "password": "b\x00"}).status_code == 200
    assert client.post("/accounts/login/", {"login": "a" * 100_000, "password": "b"}).status_code == 200
    assert connection.is_usable()
