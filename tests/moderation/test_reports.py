"""Reports by people, of messages and of links."""

import pytest
from django.test import Client

from conversations.models import Message
from conversations.sharing import share
from moderation.models import Case, Flag, Reason
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>\u202e<img src=x onerror=alert(2)>"


def url_of(message: Message) -> str:
    return f"/c/{message.conversation_id}/messages/{message.pk}/report/"


@pytest.fixture
def hers(alice, browser_of) -> Client:
    return browser_of(alice)


def test_the_page_and_the_dialog(hers, answer):
    page = hers.get(url_of(answer)).content.decode()
    assert "<h1>Report this message</h1>" in page
    assert "Harassment or hate" in page
    dialog = hers.get(url_of(answer), headers={"hx-request": "true"}).content.decode()
    assert dialog.lstrip().startswith("<dialog")
    assert "hx-post" in dialog


def test_a_report_makes_a_case_and_is_thanked_for(hers, answer, alice):
    response = hers.post(url_of(answer), {"reason": "wrong", "note": "two\r\nlines"}, follow=True)
    assert response.redirect_chain == [(f"/c/{answer.conversation_id}/", 302)]
    flagged = Case.objects.get().flags.get()
    assert (flagged.source, flagged.reporter, flagged.note) == (Flag.Source.REPORT, alice, "two\nlines")


def test_the_dialog_thanks(hers, answer):
    response = hers.post(url_of(answer), {"reason": "wrong"}, headers={"hx-request": "true"})
    assert "Thank you." in response.content.decode()
    assert Case.objects.count() == 1


@pytest.mark.parametrize("form", [{}, {"reason": "gossip"}, {"reason": "wrong", "note": "x" * 1001}])
def test_what_is_not_filled_in_well_comes_back(hers, answer, form):
    response = hers.post(url_of(answer), form)
    assert response.status_code == 422
    assert not Case.objects.exists()


def test_a_thousand_characters_in_lines_are_not_too_many(hers, answer):
    note = "\r\n".join(["x"] * 500)
    assert hers.post(url_of(answer), {"reason": "wrong", "note": note}).status_code == 302


def test_a_hidden_message_can_be_reported(hers, answer):
    from conversations import moderating

    moderating.hide(answer)
    assert hers.post(url_of(answer), {"reason": "wrong"}).status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_find_nothing(answer, bob, moderator, browser_of, method):
    for person in (bob, moderator):
        response = getattr(browser_of(person), method)(url_of(answer), {"reason": "wrong"})
        assert response.status_code == 404
    assert not Case.objects.exists()


def test_strangers_log_in_first(client, answer):
    assert client.get(url_of(answer)).headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("number", ["0", "99999999999", "99999999999999999999999"])
def test_a_message_that_is_not_there(hers, answer, number):
    assert hers.get(f"/c/{answer.conversation_id}/messages/{number}/report/").status_code == 404


def test_a_message_of_another_conversation_is_not_there(hers, answer, alice):
    other = converse(alice, "another")
    assert hers.get(f"/c/{other.pk}/messages/{answer.pk}/report/").status_code == 404


def test_a_deleted_conversation_cannot_be_reported(hers, answer):
    hers.post(f"/c/{answer.conversation_id}/delete/")
    assert hers.get(url_of(answer)).status_code == 404


def test_too_many_reports_are_refused_with_a_sentence(hers, answer, settings):
    settings.ACCOUNT_RATE_LIMITS = {"report": "1/m/ip"}
    hers.post(url_of(answer), {"reason": "wrong"})
    response = hers.post(url_of(answer), {"reason": "spam"})
    assert response.status_code == 429
    assert "many reports" in response.content.decode()
    dialog = hers.post(url_of(answer), {"reason": "spam"}, headers={"hx-request": "true"})
    assert "many reports" in dialog.content.decode()
    assert Case.objects.get().reason == Reason.WRONG


def test_evil_words_come_back_inert(hers, answer, alice):
    page = hers.post(url_of(answer), {"reason": "", "note": EVIL}).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_report_needs_the_csrf_token(alice, answer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(url_of(answer), {"reason": "wrong"}).status_code == 403


def test_whoever_has_a_link_reports_it(conversation):
    link = share(conversation, 7)
    stranger = Client(headers={"accept-language": "en"})
    page = stranger.get(f"/share/{link.token}/report/")
    assert "Report this shared conversation" in page.content.decode()
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    thanks = stranger.post(f"/share/{link.token}/report/", {"reason": "privacy", "note": "That is me."})
    assert "Thank you." in thanks.content.decode()
    case = Case.objects.get()
    assert (case.share, case.person, case.flags.get().reporter) == (link, conversation.owner, None)


def test_a_member_who_reports_a_link_is_known(conversation, bob, browser_of):
    link = share(conversation, 7)
    for reason in ("spam", "privacy"):
        browser_of(bob).post(f"/share/{link.token}/report/", {"reason": reason})
    flagged = Case.objects.get().flags.get()
    assert (flagged.reporter, flagged.reason) == (bob, Reason.PRIVACY)


@pytest.mark.parametrize("why", ["guessed", "revoked", "deleted", "switched off"])
def test_a_link_that_shows_nothing_cannot_be_reported(client, conversation, settings, why):
    link = share(conversation, 7)
    token = "guessed" if why == "guessed" else link.token
    if why == "revoked":
        link.revoked_at = link.created_at
        link.save()
    elif why == "deleted":
        conversation.deleted_at = link.created_at
        conversation.save()
    settings.SHARING = why != "switched off"
    assert client.post(f"/share/{token}/report/", {"reason": "spam"}).status_code == 404
    assert not Case.objects.exists()


def test_too_many_reports_of_a_link_are_refused(client, conversation, settings):
    settings.ACCOUNT_RATE_LIMITS = {"report": "2/m/ip"}
    link = share(conversation, 7)
    codes = [client.post(f"/share/{link.token}/report/", {"reason": "spam"}).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
