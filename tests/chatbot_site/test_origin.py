"""Where the site's own links lead. tests/services/test_headers.py asks the real server the same."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import RequestFactory, override_settings

from chatbot_site.origin import SiteOriginMiddleware, first_name, origin_of


def test_a_shared_link_is_of_the_site_whatever_port_the_host_header_says() -> None:
    request = RequestFactory().get("/", headers={"host": "testserver:6666"})

    SiteOriginMiddleware(lambda request: request)(request)  # type: ignore[arg-type, return-value]

    assert request.build_absolute_uri("/share/x/") == "http://testserver/share/x/"
    assert request.build_absolute_uri() == "http://testserver/"


@pytest.mark.parametrize(
    ("changed", "origin"),
    [
        ({"SITE_ORIGIN": "https://chat.example.org"}, "https://chat.example.org"),
        ({"ALLOWED_HOSTS": [".example.org", "chat.example.org"], "PRODUCTION": True}, "http://chat.example.org:8000"),
        ({"ALLOWED_HOSTS": [".example.org"], "PRODUCTION": True}, "http://any.example.org:8000"),
        ({"ALLOWED_HOSTS": ["chat.example.org", ".example.org"]}, "http://any.example.org:8000"),
        ({"ALLOWED_HOSTS": [".example.org"], "HTTPS": True}, "https://any.example.org:8000"),
    ],
)
def test_the_origin_comes_from_the_settings(changed: dict[str, object], origin: str) -> None:
    request = RequestFactory().get("/", headers={"host": "any.example.org:6666"}, SERVER_PORT="8000")

    with override_settings(**({"SITE_ORIGIN": ""} | changed)):
        assert origin_of(request) == origin


def test_the_first_name_is_no_pattern() -> None:
    assert first_name([".example.org", "*", "chat.example.org", "other.example.org"]) == "chat.example.org"
    assert first_name([".example.org", "*"]) == ""
    assert urlsplit(settings.SITE_ORIGIN).netloc == (settings.SECURE_SSL_HOST or "")
