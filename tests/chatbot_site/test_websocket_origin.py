"""Which pages may open a websocket: the site's own, by host, port and scheme."""

import pytest

from chatbot_site.websocket_origin import is_ours

HOST = "chat.example.org"


def scope(origin: str | None, host: str = HOST, *, proto: str = "") -> dict[str, object]:
    named = {"host": host, "origin": origin, "x-forwarded-proto": proto}
    headers = [(name.encode(), value.encode()) for name, value in named.items() if value]
    return {"type": "websocket", "path": "/ws/", "query_string": b"", "headers": headers}


@pytest.fixture(autouse=True)
def _hosts(settings) -> None:
    settings.ALLOWED_HOSTS = [HOST, "www.example.org"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("origin", "host", "proto"),
    [
        ("http://chat.example.org", HOST, ""),
        ("http://chat.example.org:8000", f"{HOST}:8000", ""),
        ("https://chat.example.org", HOST, "https"),
    ],
)
def test_the_sites_own_pages(origin: str, host: str, proto: str) -> None:
    assert is_ours(scope(origin, host, proto=proto))


@pytest.mark.parametrize(
    ("origin", "host", "proto"),
    [
        ("http://chat.example.org:8001", f"{HOST}:8000", ""),  # another program on the same machine
        ("http://chat.example.org:8000", HOST, ""),
        ("http://chat.example.org", HOST, "https"),  # what anybody on the way could have written
        ("https://chat.example.org", HOST, ""),
        ("http://www.example.org", HOST, ""),  # allowed as a host, and another site for the browser
        ("http://evil.example", HOST, ""),
        ("http://evil.example", "evil.example", ""),
        ("http://chat.example.org.evil.example", HOST, ""),
        ("http://[", HOST, ""),
        ("null", HOST, ""),
        ("", HOST, ""),
        (None, HOST, ""),
    ],
)
def test_nobody_elses(origin: str | None, host: str, proto: str) -> None:
    assert not is_ours(scope(origin, host, proto=proto))


def test_two_origins_are_none() -> None:
    asked = scope("http://chat.example.org")
    asked["headers"] = [*asked["headers"], (b"origin", b"http://chat.example.org")]  # type: ignore[misc]
    assert not is_ours(asked)


@pytest.mark.parametrize("trusted", ["https://chat.example.org:8443", "https://*.example.org:8443"])
def test_trusted_origins_count(settings, trusted: str) -> None:
    settings.CSRF_TRUSTED_ORIGINS = [trusted]
    assert is_ours(scope("https://chat.example.org:8443"))
    assert not is_ours(scope("https://chat.example.org:8444"))
