"""Browsers for the tests of accounts, and a clean slate: rate limits and notes of a test must not reach the next."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import mailing
from accounts.sessions import seen_lately

PASSWORD = "correct horse battery staple"  # see tests/conftest.py

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)

NewClient = Callable[..., Client]


@pytest.fixture(autouse=True)
def _clean_slate(settings) -> Iterator[None]:
    settings.MODEL_MENU = "tests.accounts.menu.menu"
    settings.SIGN_UP = "open"
    cache.clear()
    seen_lately.clear()
    yield
    cache.clear()


class AtOnce(Executor):
    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        function(*arguments, **options)
        return Future()


@pytest.fixture(autouse=True)
def _mail_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail is there when the page is, except in the test that it comes later."""
    monkeypatch.setattr(mailing, "_sender", AtOnce())
    monkeypatch.setattr(mailing, "_failed_at", None)


@pytest.fixture
def browser() -> NewClient:
    """Makes a browser: `browser("ko")` asks for Korean; `user_agent` is what it says of itself."""

    def make(language: str = "en", user_agent: str = FIREFOX) -> Client:
        return Client(headers={"accept-language": language, "user-agent": user_agent} if language else {})

    return make


@pytest.fixture
def client(browser: NewClient) -> Client:
    return browser()


@pytest.fixture
def log_in() -> Callable[..., None]:
    """Logs a person in by the form, as people do."""

    def by_form(client: Client, login: str, password: str = PASSWORD) -> None:
        response = client.post("/accounts/login/", {"login": login, "password": password})
        assert response.status_code == 302, response.content.decode()

    return by_form
