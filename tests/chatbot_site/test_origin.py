"""Where the site's own links lead. tests/services/test_headers.py asks the real server the same."""

import pytest
from django.test import RequestFactory, override_settings

from chatbot_site.origin import SiteOriginMiddleware, first_name, origin_of, trusted_origin


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


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ([".example.org", "*", "chat.example.org", "other.example.org"], "chat.example.org"),
        (["localhost", "127.0.0.1", "[::1]", "10.0.0.5", "chat.example.org"], "chat.example.org"),
        (["10.0.0.5", "localhost"], "10.0.0.5"),
        ([".example.org", "*"], ""),
    ],
)
def test_the_first_name_is_no_pattern_and_not_for_probes(hosts: list[str], name: str) -> None:
    assert first_name(hosts) == name


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        ("https://chat.example.org:8443", True),
        ("https://portal.other.example", False),
        ("http://chat.example.org", False),
        ("https://localhost:3000", False),
        ("https://*.example.org", False),
    ],
)
def test_a_trusted_origin_is_the_sites_only_where_its_host_is(origin: str, is_taken: bool) -> None:
    found = trusted_origin([origin], ["chat.example.org", "localhost"], "https")

    assert found == (origin if is_taken else "")
