"""How long an answer takes does not tell whether there is an account: the same number of passwords is hashed."""

import re
from collections import Counter

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.utils import timezone

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


@pytest.fixture
def domain_rule(settings):
    settings.SIGN_UP = "example.org"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]


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


def test_a_mailbox_gets_a_few_mails_and_the_pages_look_the_same(browser, mailoutbox):
    visitors, told = [browser() for _ in range(7)], "A mail is on its way to charlie@example.org."
    for number, visitor in enumerate(visitors):
        fields = {"username": f"mallory{number}", "password1": PASSWORD, "email": "charlie@example.org"}
        visitor.post("/accounts/signup/", fields)
        assert told in visitor.get("/").content.decode()
    for visitor in visitors:
        for _ in range(3):
            visitor.post("/accounts/email/", {"email": "charlie@example.org", "action_send": ""})
            assert told in visitor.get("/accounts/email/").content.decode()
    mails = Counter(re.search(r"mallory\d", mail.body)[0] for mail in mailoutbox)
    assert max(mails.values()) == 3
    assert mails.total() == 20


def test_under_a_rule_signing_up_tells_nothing_of_a_taken_address(browser, alice, bob, mailoutbox, domain_rule):
    """alice's is confirmed, bob's was entered by an administrator, charlie never confirmed his."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    browser().post("/accounts/signup/", {"username": "charlie", "password1": PASSWORD, "email": "charlie@example.org"})
    seen = []
    for number, name in enumerate(("alice", "bob", "charlie", "nobody")):
        visitor, email, own = browser(), f"{name}@example.org", f"{PASSWORD} of mallory"
        fields = {"username": f"mallory{number}", "password1": own, "email": email}
        signing_up = hashed_by(visitor, "/accounts/signup/", fields)
        page = re.sub("csrf[^>]*", "", visitor.get("/accounts/confirm-email/").content.decode()).replace(email, "it")
        logging_in = hashed_by(visitor, "/accounts/login/", {"login": f"mallory{number}", "password": own})
        again = visitor.post("/accounts/login/", {"login": f"mallory{number}", "password": own})
        by_address = hashed_by(browser(), "/accounts/login/", {"login": email, "password": own})
        name_taken = browser().post("/accounts/signup/", fields | {"email": "other@example.org"})
        assert "This username is taken." in name_taken.content.decode()
        assert visitor.get("/settings/").status_code == 302
        seen.append((signing_up, page, logging_in, again.status_code, again.headers["Location"], by_address))
    assert seen == [seen[0]] * 4
    subjects = {mail.to[0]: mail.subject for mail in mailoutbox}
    told = {name for name in ("alice", "bob", "charlie", "nobody") if "already" in subjects[f"{name}@example.org"]}
    assert told == {"alice", "bob"}


def test_a_reset_costs_the_same_however_many_claim_the_address(browser, alice, mailoutbox):
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    for number in range(2):
        claim = User.objects.create_user(f"claim{number}", password=PASSWORD)
        EmailAddress.objects.create(user=claim, email="charlie@example.org")
        EmailAddress.objects.create(user=claim, email=alice.email)
    for name in ("alice", "charlie", "nobody"):
        browser().post("/accounts/password/reset/", {"email": f"{name}@example.org"})
    assert len(mailoutbox) == 3
    names = [
        [name for name in ("alice", "claim0", "claim1") if f"Your username is {name}." in mail.body]
        for mail in mailoutbox
    ]
    assert names == [["alice"], ["claim0", "claim1"], []]


def test_whose_address_it_is_stands_first_in_the_mail_however_many_claim_it(browser, alice, mailoutbox):
    """An administrator has entered it; everybody who claims it has just logged in."""
    for number in range(21):
        claim = User.objects.create_user(f"claim{number}", password=PASSWORD, last_login=timezone.now())
        EmailAddress.objects.create(user=claim, email=alice.email)
    browser().post("/accounts/password/reset/", {"email": "Alice@example.org"})
    [mail] = mailoutbox
    assert mail.body.count("Your username is") == 20
    assert re.search(r"Your username is (\w+)", mail.body)[1] == "alice"
