"""The address of an account: rules about domains, confirming, changing."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from accounts import addresses
from accounts.models import User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def link_in(mail) -> str:
    found = re.search(r"https?://testserver(/accounts/confirm-email/\S+)", mail.body)
    assert found
    return found[1]


def sign_up(client, email: str, username: str = "charlie"):
    fields = {"username": username, "email": email, "password1": PASSWORD}
    return client.post("/accounts/signup/", fields, follow=True)


@pytest.fixture
def domain_rule(settings):
    settings.SIGN_UP = "example.org,example.com"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]


def is_logged_in(client) -> bool:
    return client.get("/settings/").status_code == 200


def test_an_address_of_the_domain_comes_in_after_confirming(client, domain_rule, mailoutbox):
    page = sign_up(client, "charlie@Example.ORG").content.decode()
    assert "Confirm your e-mail address" in page
    assert not is_logged_in(client)
    link = link_in(mailoutbox[0])
    assert "charlie@example.org" in client.get(link).content.decode()
    assert not is_logged_in(client)
    client.post(link)
    client.post("/accounts/login/", {"login": "charlie", "password": PASSWORD})
    assert is_logged_in(client)


def test_without_confirming_nobody_comes_in(client, domain_rule):
    sign_up(client, "charlie@example.com")
    client.post("/accounts/login/", {"login": "charlie", "password": PASSWORD})
    assert not is_logged_in(client)


@pytest.mark.parametrize(
    "email", ["", "charlie@evil.org", "charlie@sub.example.org", "charlie@notexample.org", "a@example.org@x.y"]
)
def test_another_address_is_refused(client, domain_rule, email):
    page = sign_up(client, email).content.decode()
    assert not User.objects.exists()
    assert "@example.com, @example.org" in page


def test_members_from_before_the_rule_are_not_locked_out(browser, alice, log_in, settings):
    log_in(browser(), "alice")
    settings.SIGN_UP, settings.ACCOUNT_EMAIL_VERIFICATION = "example.com", "mandatory"
    client = browser()
    log_in(client, "alice")
    assert is_logged_in(client)


def test_who_was_added_by_an_administrator_comes_in(client, alice, domain_rule, log_in):
    log_in(client, "alice")
    assert is_logged_in(client)


def test_under_the_rule_a_taken_address_is_told_by_mail_only(client, alice, domain_rule, mailoutbox):
    page = sign_up(client, "alice@example.org").content.decode()
    assert "Confirm your e-mail address" in page
    assert mailoutbox[0].subject == "You have an account at Chat already"
    client.post("/accounts/login/", {"login": "charlie", "password": PASSWORD})
    assert not is_logged_in(client)
    assert User.objects.get(email="alice@example.org") == alice


def test_what_others_only_claim_keeps_nobody_from_signing_up_and_confirming(
    browser, alice, domain_rule, log_in, mailoutbox
):
    hers = browser()
    log_in(hers, "alice")
    hers.post("/accounts/email/", {"email": "charlie@example.org", "action_add": ""})
    client = browser()
    sign_up(client, "charlie@example.org")
    client.post("/accounts/login/", {"login": "charlie", "password": PASSWORD})
    assert not is_logged_in(client)
    client.post(link_in(mailoutbox[-1]))
    log_in(client, "charlie@example.org")
    assert is_logged_in(client)
    assert EmailAddress.objects.get(verified=True).user.username == "charlie"


def test_whoever_claims_an_address_stays_out_when_its_owner_has_confirmed_it(browser, domain_rule, mailoutbox):
    hers, mallorys = browser(), browser()
    sign_up(mallorys, "charlie@example.org", "mallory")
    sign_up(hers, "charlie@example.org")
    hers.post(link_in(mailoutbox[-1]))
    assert User.objects.get(email="charlie@example.org").username == "charlie"
    assert "already" not in mailoutbox[-1].subject
    mallorys.post("/accounts/login/", {"login": "mallory", "password": PASSWORD})
    assert not is_logged_in(mallorys)
    mallorys.post(link_in(mailoutbox[0]))
    mallorys.post("/accounts/login/", {"login": "mallory", "password": PASSWORD})
    assert not is_logged_in(mallorys)


def test_an_account_whose_claim_cannot_be_stored_is_not_made(browser, domain_rule):
    """A database that fails in the middle leaves no account that nobody need confirm."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {EmailAddress._meta.db_table} RENAME TO out_of_reach")
    client = browser()
    client.raise_request_exception = False
    assert sign_up(client, "charlie@example.org").status_code == 500
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_no_claim_counts_by_asking(client, alice, name):
    """allauth has a command for it, which no page of this site offers."""
    email = f"{name}@example.org"
    sign_up(client, email, "mallory")
    assert client.post("/accounts/email/", {"email": email, "action_primary": ""}).status_code == 302
    assert User.objects.get(username="mallory").email == ""


def test_an_address_counts_until_the_next_one_is_confirmed(client, alice, log_in, mailoutbox):
    log_in(client, "alice")
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert "Keep the old address" in client.get("/accounts/email/").content.decode()
    client.post("/accounts/email/", {"email": "newer@example.org", "action_add": ""})
    client.post(link_in(mailoutbox[-1]))
    alice.refresh_from_db()
    assert alice.email == "newer@example.org"
    assert EmailAddress.objects.get().email == "newer@example.org"


def test_adding_an_address_takes_confirming(client, log_in, mailoutbox):
    dave = User.objects.create_user("dave", password=PASSWORD)
    log_in(client, "dave")
    page = client.post(
        "/accounts/email/", {"email": "Dave@example.org", "action_add": ""}, follow=True
    ).content.decode()
    assert "dave@example.org" in page
    dave.refresh_from_db()
    assert dave.email == ""
    client.post(link_in(mailoutbox[0]))
    dave.refresh_from_db()
    assert dave.email == "dave@example.org"


def test_an_address_goes_to_who_confirms_it(client, log_in, mailoutbox):
    """Mallory signed up with bob's address, which nobody checked."""
    mallory = User.objects.create_user("mallory", "bob@example.org", PASSWORD)
    bob = User.objects.create_user("bob", password=PASSWORD)
    log_in(client, "bob")
    client.post("/accounts/email/", {"email": "bob@example.org", "action_add": ""})
    client.post(link_in(mailoutbox[0]))
    bob.refresh_from_db()
    mallory.refresh_from_db()
    assert (bob.email, mallory.email) == ("bob@example.org", "")


def test_a_confirmed_address_stays_with_its_owner(browser, log_in, mailoutbox):
    bob = User.objects.create_user("bob", password=PASSWORD)
    User.objects.create_user("mallory", password=PASSWORD)
    his, hers = browser(), browser()
    for client, name in ((his, "bob"), (hers, "mallory")):
        log_in(client, name)
    his.post("/accounts/email/", {"email": "bob@example.org", "action_add": ""})
    his.post(link_in(mailoutbox[0]))
    hers.post("/accounts/email/", {"email": "bob@example.org", "action_add": ""})
    assert mailoutbox[1].subject == "You have an account at Chat already"
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_an_address_at_once_one_gets_it(browser, mailoutbox, monkeypatch):
    clients = [browser() for _ in range(2)]
    for number, client in enumerate(clients):
        sign_up(client, "bob@example.org", f"bob{number}")
    both, release, released = threading.Barrier(2), addresses.release, []

    def release_together(claimed: EmailAddress) -> None:
        released.append(claimed.pk)
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)  # for the other one, who must not come as far as this
        release(claimed)

    def confirm(client, mail) -> int:
        try:
            return client.post(link_in(mail), follow=True).status_code
        finally:
            connection.close()

    monkeypatch.setattr(addresses, "release", release_together)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(confirm, clients, mailoutbox)) == [200, 200]
    assert len(released) == 1
    owner = EmailAddress.objects.get(verified=True).user
    assert list(User.objects.filter(email="bob@example.org")) == [owner]


@pytest.mark.parametrize("key", ["x", "MQ:abc:def", "a" * 300])
def test_a_made_up_link_is_refused(client, key):
    assert "This link does not work any more" in client.get(f"/accounts/confirm-email/{key}/").content.decode()


def test_under_the_rule_an_address_of_another_domain_is_refused_later_too(
    client, alice, domain_rule, log_in, mailoutbox
):
    log_in(client, "alice")
    page = client.post("/accounts/email/", {"email": "alice@evil.example", "action_add": ""}).content.decode()
    assert "@example.com, @example.org" in page
    assert mailoutbox == []


def test_the_page_is_for_people_who_are_logged_in(client):
    assert client.get("/accounts/email/").status_code == 302


@pytest.mark.parametrize("length", [255, 256, 300, 1000])
def test_an_address_that_is_too_long_is_refused_and_never_cut(client, alice, domain_rule, log_in, length, mailoutbox):
    """Cut, it would end in another domain."""
    email = "a" * (length - len("@example.com")) + "@example.com"
    sign_up(client, email)
    assert not User.objects.exclude(pk=alice.pk).exists()
    log_in(client, "alice")
    assert client.post("/accounts/email/", {"email": email, "action_add": ""}).status_code == 200
    assert not EmailAddress.objects.filter(email__startswith="aaa").exists()
    assert mailoutbox == []
