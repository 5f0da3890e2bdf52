"""How long an answer takes does not tell whether there is an account: the same number of passwords is hashed."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.models import User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


class CountingHasher(MD5PasswordHasher):
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def _counting(settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]


def hashed_by(client, path: str, fields: dict[str, str]) -> int:
    CountingHasher.hashed = 0
    client.post(path, fields)
    return CountingHasher.hashed


@pytest.mark.parametrize("typed", ["wrong", "e\u0301te\u0301", "\uff41\u1100\u1161"])
def test_a_wrong_password_costs_the_same_whoever_is_named(client, alice, bob, charlie, typed):
    bob.is_active = False
    bob.save()
    charlie.set_unusable_password()
    charlie.save()
    names = ("alice", "alice@example.org", "ALICE@example.org", "bob", "bob@example.org", "charlie")
    unknown = ("nobody", "nobody@example.org", "a b", "x" * 300)
    counts = {
        name: hashed_by(client, "/accounts/login/", {"login": name, "password": typed}) for name in (*names, *unknown)
    }
    assert set(counts.values()) == {counts["nobody"]}, counts


def test_signing_up_costs_the_same_with_a_taken_address(browser, alice, settings, mailoutbox):
    settings.SIGN_UP = "example.org"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
    fields = {"username": "dave", "password1": PASSWORD}
    taken = hashed_by(browser(), "/accounts/signup/", fields | {"email": "alice@example.org"})
    assert not User.objects.filter(username="dave").exists()
    free = hashed_by(browser(), "/accounts/signup/", fields | {"email": "dave@example.org"})
    assert User.objects.filter(username="dave").exists()
    assert taken == free == 1
    assert len(mailoutbox) == 2
