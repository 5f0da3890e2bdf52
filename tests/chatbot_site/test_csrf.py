"""What a command with an old token is answered, without JavaScript."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from accounts.models import User
from conversations.models import Message

pytestmark = pytest.mark.django_db
HERE = {"Accept-Language": "en", "Origin": "http://testserver", "Referer": "http://testserver/c/abc/"}
TEXT = '</textarea><script>alert("x")</script>'


@pytest.fixture
def strict(alice: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    return client


def _send(client: Client, **headers: str) -> str:
    form = {"text": TEXT, "client_id": str(uuid.uuid4()), "csrfmiddlewaretoken": "x" * 64}
    response = client.post(f"/c/{uuid.uuid4()}/messages/", form, headers=HERE | headers)
    assert response.status_code == 403
    return response.content.decode()


def test_the_text_is_given_back_inert(strict: Client) -> None:
    page = _send(strict)

    assert "&lt;/textarea&gt;&lt;script&gt;" in page
    assert "Send again" in page
    assert "<script>alert" not in page
    assert not Message.objects.exists()


def test_in_the_persons_language(strict: Client) -> None:
    assert "다시 보내기" in _send(strict, **{"Accept-Language": "ko"})


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "", "http://[", "testserver"])
def test_another_site_puts_no_words_into_the_page(strict: Client, origin: str) -> None:
    page = _send(strict, Origin=origin)

    assert "textarea" not in page
    assert "Go back, reload the page and try again." in page


def test_logged_out_the_text_is_there_to_be_copied_and_the_login_leads_back(db: None) -> None:
    page = _send(Client(enforce_csrf_checks=True))

    assert "Send again" not in page
    assert "&lt;/textarea&gt;" in page
    assert "/accounts/login/?next=/c/abc/" in page


def test_a_session_that_has_ended_keeps_the_text_too(client: Client) -> None:
    response = client.post(f"/c/{uuid.uuid4()}/messages/", {"text": "Careful words"}, headers=HERE)

    assert response.status_code == 403
    assert "Careful words" in response.content.decode()


def test_who_has_logged_in_meanwhile_goes_on(strict: Client) -> None:
    response = strict.post("/accounts/login/", {"login": "alice", "password": "x"}, headers=HERE)

    assert (response.status_code, response["Location"]) == (302, "/")
