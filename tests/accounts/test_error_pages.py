"""What people see when something is not there, not theirs, or broken."""

import pytest
from django.test import RequestFactory
from django.utils import translation
from django.views.defaults import permission_denied, server_error

from accounts.models import Preferences

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "words"), [("en", "Page not found"), ("ko", "페이지를 찾을 수 없어요")])
def test_not_found(browser, language, words):
    response = browser(language).get("/accounts/nothing/here/")
    assert response.status_code == 404
    assert words in response.content.decode()


def test_not_found_in_ones_own_theme(client, alice, log_in):
    Preferences.objects.create(user=alice, theme="dark")
    log_in(client, "alice")
    assert 'data-theme="dark"' in client.get("/accounts/nothing/here/").content.decode()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Something broke on our side"), ("ko", "서버에 문제가 생겼어요")]
)
def test_broken(language, words):
    """Django renders it without a request, since nothing may be relied on any more."""
    with translation.override(language):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert words in response.content.decode()


def test_not_allowed_without_a_user():
    request = RequestFactory().get("/")
    with translation.override("en"):
        response = permission_denied(request, PermissionError())
    assert "You cannot open this page" in response.content.decode()
