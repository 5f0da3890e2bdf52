"""Passwords, names and addresses typed on another system: letters put together (NFC), apart (NFD), or full width."""

import asyncio
import re
from unicodedata import normalize

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command

from accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_login import is_logged_in, signed_up
from tests.accounts.test_password import ask, link_in

pytestmark = pytest.mark.django_db

SECRETS = ["비밀번호는 길어야 해요", "mot de passe très sûr", "ＡＢＣ 密码 フガ ガ 12"]
FORMS = ["NFC", "NFD"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("first", FORMS)
def test_whoever_signed_up_on_one_system_logs_in_on_another(browser, log_in, secret, first, typed):
    signed_up(browser(), password1=normalize(first, secret))
    there = browser()
    log_in(there, "charlie", normalize(typed, secret))
    assert is_logged_in(there)


@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("stored", FORMS)
def test_a_password_that_was_stored_as_it_was_typed_still_opens(client, alice, log_in, stored, typed):
    User.objects.filter(pk=alice.pk).update(password=make_password(normalize(stored, SECRETS[0])))
    log_in(client, "alice", normalize(typed, SECRETS[0]))
    assert is_logged_in(client)


def test_changing_it_takes_the_current_one_in_either_form(client, alice, log_in):
    alice.set_password(SECRETS[0])
    alice.save()
    log_in(client, "alice", SECRETS[0])
    fields = {"oldpassword": normalize("NFD", SECRETS[0]), "password1": normalize("NFD", SECRETS[1])}
    assert client.post("/accounts/password/change/", fields).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(SECRETS[1])


def test_one_chosen_by_mail(client, alice, log_in, mailoutbox):
    ask(client, "alice@example.org")
    form = client.get(link_in(mailoutbox[0]), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": normalize("NFD", SECRETS[0])})
    alice.refresh_from_db()
    assert alice.check_password(SECRETS[0])


def test_one_given_to_the_command(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", normalize("NFD", SECRETS[0]))
    call_command("make_admin", username="root", verbosity=0)
    assert User.objects.get(username="root").check_password(SECRETS[0])


def test_one_given_in_the_administration(client, admin_user):
    client.force_login(admin_user)
    secret = normalize("NFD", SECRETS[0])
    fields = {"username": normalize("NFD", "민수"), "usable_password": "true", "password1": secret, "password2": secret}
    assert client.post("/admin/accounts/user/add/", fields).status_code == 302
    made = User.objects.get(username="민수")
    assert made.check_password(SECRETS[0])
    fields = {
        "usable_password": "true",
        "password1": normalize("NFD", SECRETS[1]),
        "password2": normalize("NFD", SECRETS[1]),
    }
    assert client.post(f"/admin/accounts/user/{made.pk}/password/", fields).status_code == 302
    made.refresh_from_db()
    assert made.check_password(SECRETS[1])


def test_one_made_by_code():
    made = User.objects.create_user("민수", password=normalize("NFD", SECRETS[0]))
    assert made.check_password(SECRETS[0])
    assert asyncio.run(made.acheck_password(normalize("NFD", SECRETS[0])))
    assert User.objects.create_superuser("root", password=normalize("NFD", SECRETS[0])).check_password(SECRETS[0])
    assert not User.objects.create_user("nobody").has_usable_password()


@pytest.mark.parametrize("password", ["가나다", "ｐａｓｓｗｏｒｄ", "ｑwerty１２３"])
def test_it_is_judged_as_it_is_stored(password):
    with pytest.raises(ValidationError):
        validate_password(normalize("NFD", password))


def test_another_password_does_not_open(client, alice):
    alice.set_password(SECRETS[0])
    alice.save()
    for wrong in (SECRETS[0][:-1], normalize("NFD", SECRETS[0])[:-1], "", SECRETS[1]):
        response = client.post("/accounts/login/", {"login": "alice", "password": wrong})
        assert response.status_code == 200
    assert not is_logged_in(client)


@pytest.mark.parametrize("secret", [PASSWORD, SECRETS[0]])
def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(alice, monkeypatch, secret):
    hasher = type(identify_hasher(alice.password))  # whose `verify` encodes what was typed
    made = []
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda *args, **named: made.append(1) or encode(*args, **named))
    counts = []
    for name in ("alice", "nobody"):
        made.clear()
        assert authenticate(None, username=name, password=secret + "x") is None
        counts.append(len(made))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["민수", "josé", "ガブリエル"])
def test_a_name_is_the_same_in_either_form(browser, log_in, name):
    signed_up(browser(), username=normalize("NFD", name))
    assert User.objects.get().username == normalize("NFKC", name)
    for form in FORMS:
        there = browser()
        log_in(there, normalize(form, name))
        assert is_logged_in(there)


def test_an_address_is_the_same_in_either_form(browser, log_in, mailoutbox):
    address = "charlie@메일.example"
    here = browser()
    signed_up(here, email=normalize("NFD", address))
    here.post(re.search(r"/accounts/confirm-email/\S+", mailoutbox.pop().body)[0])
    assert User.objects.get().email == address
    for form in FORMS:
        there = browser()
        log_in(there, normalize(form, address))
        assert is_logged_in(there)
    ask(browser(), normalize("NFD", address))
    assert len(mailoutbox) == 1
