"""Changing a password, and choosing a new one by mail."""

import re
import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.mail.backends.locmem import EmailBackend

from accounts import mailing
from accounts.models import User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "another long secret"


def link_in(mail) -> str:
    found = re.search(r"https?://testserver(/\S+/key/\S+)", mail.body)
    assert found
    return found[1]


def ask(client, email: str):
    return client.post("/accounts/password/reset/", {"email": email}, follow=True)


def test_changing_it_keeps_this_device_and_signs_the_others_out(browser, alice, log_in):
    here, there = browser(), browser()
    log_in(here, "alice")
    log_in(there, "alice")
    response = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}, follow=True)
    assert "The password is changed." in response.content.decode()
    assert here.get("/settings/").status_code == 200
    assert there.get("/settings/").status_code == 302
    assert here.get("/accounts/sessions/").content.decode().count('class="session"') == 1


def test_changing_it_takes_the_current_one(client, alice, log_in):
    log_in(client, "alice")
    response = client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW})
    assert "This is not your current password." in response.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_new_password_by_mail(browser, alice, log_in, mailoutbox):
    client, elsewhere = browser(), browser()
    log_in(elsewhere, "alice")
    assert "Check your mailbox" in ask(client, "ALICE@example.org").content.decode()
    [mail] = mailoutbox
    assert mail.to == ["alice@example.org"]
    assert mail.subject == "Choose a new password for Chat"
    assert "Your username is alice." in mail.body
    form = client.get(link_in(mail), follow=True)
    assert "Save the new password" in form.content.decode()
    client.post(form.redirect_chain[-1][0], {"password1": NEW})
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert elsewhere.get("/settings/").status_code == 302
    log_in(browser(), "alice", NEW)


def test_the_mail_speaks_korean(browser, alice, mailoutbox):
    ask(browser("ko"), "alice@example.org")
    assert "비밀번호" in mailoutbox[0].subject
    assert "안녕하세요" in mailoutbox[0].body


def test_a_link_works_once(client, alice, mailoutbox):
    ask(client, "alice@example.org")
    link = link_in(mailoutbox[0])
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW})
    client.post("/accounts/logout/")
    assert "This link does not work any more" in client.get(link, follow=True).content.decode()


@pytest.mark.parametrize("key", ["1-abc-def", "zz-x", "1-" + "a" * 500])
def test_a_made_up_link_is_refused(client, alice, key):
    assert "This link does not work any more" in client.get(f"/accounts/password/reset/key/{key}/").content.decode()


def test_an_unknown_address_looks_the_same_and_is_told_by_mail(client, alice, mailoutbox):
    known, unknown = ask(client, "alice@example.org"), ask(client, "nobody@example.org")
    strip = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert strip.sub("", known.content.decode()) == strip.sub("", unknown.content.decode())
    assert mailoutbox[1].subject == "No account at Chat has this address"
    assert "alice" not in mailoutbox[1].body


def test_suspended_people_get_no_link(client, alice, mailoutbox):
    alice.is_active = False
    alice.save()
    ask(client, "alice@example.org")
    assert "/key/" not in mailoutbox[0].body


def test_a_weak_new_password_is_refused(client, alice, mailoutbox):
    ask(client, "alice@example.org")
    form = client.get(link_in(mailoutbox[0]), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "12345678"})
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


class DeadMailServer(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("alice@example.org was refused")


@pytest.mark.parametrize("asked_next", ["alice@example.org", "nobody@example.org"])
def test_a_dead_mail_server_is_told_to_whoever_asks_next(client, alice, monkeypatch, caplog, asked_next):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend", DeadMailServer)
    assert ask(client, "alice@example.org").status_code == 200
    response = ask(client, asked_next)
    assert response.status_code == 503
    assert "The mail could not be sent" in response.content.decode()
    assert "could not be sent: SMTPServerDisconnected" in caplog.text
    assert "alice@example.org" not in caplog.text


@pytest.mark.parametrize(
    "refusal",
    [
        smtplib.SMTPRecipientsRefused({"alice@example.org": (550, b"no such user")}),
        smtplib.SMTPDataError(554, b"looks like spam"),
    ],
)
def test_a_mail_that_is_refused_keeps_nobody_else_from_theirs(client, alice, monkeypatch, mailoutbox, refusal):
    """Else anybody could keep the site from sending mails, by asking for one to an address that does not exist."""

    class Refusing(EmailBackend):
        def send_messages(self, messages):
            if messages[0].to == ["alice@example.org"]:
                raise refusal
            return super().send_messages(messages)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend", Refusing)
    assert ask(client, "alice@example.org").status_code == 200
    assert ask(client, "nobody@example.org").status_code == 200
    assert len(mailoutbox) == 1


class SlowMailServer(EmailBackend):
    may_go_on = threading.Event()

    def send_messages(self, messages):
        self.may_go_on.wait(20)
        return super().send_messages(messages)


def test_the_page_does_not_wait_for_the_mail_server(client, alice, monkeypatch, mailoutbox):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend", SlowMailServer)
    with ThreadPoolExecutor(1) as sender:
        monkeypatch.setattr(mailing, "_sender", sender)
        assert ask(client, "alice@example.org").status_code == 200
        assert not mailoutbox
        SlowMailServer.may_go_on.set()
    assert len(mailoutbox) == 1


def test_an_administrator_who_changes_an_address_closes_the_old_one(client, alice, log_in, mailoutbox):
    User.objects.create_superuser("root", password=PASSWORD)
    ask(client, "alice@example.org")  # allauth notes the address
    log_in(client, "root")
    page = client.get(f"/admin/accounts/user/{alice.pk}/change/")
    assert page.status_code == 200
    fields = {"username": "alice", "email": "new@example.org", "is_active": "on"}
    assert client.post(f"/admin/accounts/user/{alice.pk}/change/", fields).status_code == 302
    mailoutbox.clear()
    ask(client, "alice@example.org")
    assert "/key/" not in mailoutbox[0].body
