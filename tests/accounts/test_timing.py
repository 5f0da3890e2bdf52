"""How long an answer takes does not tell whether there is an account: the same number of passwords is hashed."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.models import User
from chatbot_site.caches import limits
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


def test_signing_up_tells_nothing_of_a_taken_address(browser, alice, bob, mailoutbox):
    """alice's is confirmed, bob's was entered by an administrator, charlie only claims his."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    browser().post("/accounts/signup/", {"username": "charlie", "password1": PASSWORD, "email": "charlie@example.org"})
    limits.clear()  # one mail in three minutes to a mailbox
    seen = []
    for number, name in enumerate(("alice", "bob", "charlie", "nobody")):
        visitor, email, own = browser(), f"{name}@example.org", f"{PASSWORD} of mallory"
        fields = {"username": f"mallory{number}", "password1": own, "email": email.upper()}
        signing_up = hashed_by(visitor, "/accounts/signup/", fields)
        toast = found(r'id="toasts".*?</div></div>', visitor, "/").replace(email, "it")
        pending = found("<form class=.pending.*?</form>", visitor, "/accounts/email/").replace(email, "it")
        pending = re.sub('csrfmiddlewaretoken" value="[^"]*', "", pending)
        assert mailoutbox[-1].to == [email]
        later = browser()
        logging_in = hashed_by(later, "/accounts/login/", {"login": email, "password": own})
        assert later.get("/settings/").status_code == 302
        seen.append((signing_up, toast, pending, logging_in))
    assert len(mailoutbox) == 5
    assert seen == [seen[0]] * 4
    assert (seen[0][0], seen[0][3]) == (1, 1)


def found(pattern: str, client, path: str) -> str:
    match = re.search(pattern, client.get(path).content.decode(), re.DOTALL)
    assert match
    return match[0]


def test_a_second_claim_within_minutes_looks_the_same(browser, mailoutbox):
    """One mail in three minutes to a mailbox, however many accounts claim it."""
    toasts = set()
    for name in ("charlie", "dave"):
        visitor = browser()
        fields = {"username": name, "password1": PASSWORD, "email": "charlie@example.org"}
        visitor.post("/accounts/signup/", fields)
        toasts.add("A mail is on its way to charlie@example.org." in visitor.get("/").content.decode())
    assert toasts == {True}
    assert len(mailoutbox) == 1


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
