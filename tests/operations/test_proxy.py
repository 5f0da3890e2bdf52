"""What nginx does by itself with the configuration of deploy/, with no site behind it."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.conftest import REQUIRED
from tests.operations.proxy import Proxy, no_nginx
from tests.site import free_port

MEGABYTE = 2**20


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if lack := no_nginx():
        (pytest.fail if REQUIRED else pytest.skip)(lack)
    folder = tmp_path_factory.mktemp("proxy") / "nginx"
    proxy = Proxy(folder, http=free_port(), https=free_port(), webs=[free_port(), free_port()])
    assert "test is successful" in proxy.test(), proxy.test()
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


def test_is_alive_without_the_site(proxy: Proxy) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{proxy.http}/proxy-alive") as response:
        assert response.status == 204


def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(_Stay).open(f"http://127.0.0.1:{proxy.http}/share/x/?a=b")
    with caught.value as answer:
        assert answer.code == 301
        assert answer.headers["Location"] == f"https://127.0.0.1:{proxy.https}/share/x/?a=b"


def test_a_site_that_is_away_is_told_of_in_both_languages(proxy: Proxy) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"https://127.0.0.1:{proxy.https}/", context=proxy.trust)
    with caught.value as answer:
        page = answer.read().decode()
        assert answer.code == 503
        assert answer.headers["Retry-After"] == "5"
    assert "다시 시작하고 있어요" in page
    assert "The site is being restarted" in page


@pytest.mark.parametrize(
    ("path", "size"),
    [("/attachments/", 2 * settings.ATTACHMENT_MAX_BYTES), ("/import/", 2 * settings.IMPORT_MAX_BYTES)],
)
def test_what_is_far_too_large_is_refused_before_it_is_sent(proxy: Proxy, path: str, size: int) -> None:
    assert _status_of_head(proxy, path, size) == 413


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/attachments/", settings.ATTACHMENT_MAX_BYTES + MEGABYTE),
        ("/import/", settings.IMPORT_MAX_BYTES + MEGABYTE),
    ],
)
def test_what_the_site_takes_may_be_sent(proxy: Proxy, path: str, size: int) -> None:
    assert _status_of_head(proxy, path, size) == 100


def _status_of_head(proxy: Proxy, path: str, size: int) -> int:
    """What the proxy answers to the head of a request: 100, go on, or a refusal."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", proxy.https), timeout=10) as plain,
        proxy.trust.wrap_socket(plain, server_hostname="127.0.0.1") as wire,
    ):
        wire.sendall(head.encode())
        return int(wire.recv(64).split()[1])


def _logged(proxy: Proxy, part: str) -> str:
    """The access log once `part` is in it: nginx writes it after the answer."""
    end = time.monotonic() + 10
    while part not in (logged := (proxy.folder / "access.log").read_text()):
        assert time.monotonic() < end, logged
        time.sleep(0.02)
    return logged


@pytest.mark.parametrize("where", ["accounts/confirm-email", "accounts/password/reset/key", "share"])
def test_no_log_has_what_opens_something(proxy: Proxy, where: str) -> None:
    with pytest.raises(urllib.error.HTTPError):  # the site is away: the error log tells of it
        urllib.request.urlopen(f"https://127.0.0.1:{proxy.https}/{where}/s3cret-token/", context=proxy.trust)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"https://127.0.0.1:{proxy.https}/search/?q=s3cret-word", context=proxy.trust)
    _logged(proxy, f"GET /{where}/[hidden] HTTP/1.1")
    logged = _logged(proxy, "GET /search/ HTTP/1.1")
    assert "s3cret" not in logged
    assert "s3cret-token" not in (proxy.folder / "error.log").read_text()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/%73hare/%733cret-escaped/", "/share/[hidden]"),
        ("/accounts/password%2freset//key/1-s3cret-escaped/", "/accounts/password/reset/key/[hidden]"),
        ("/share/s3cret-escaped/share/x", "/share/[hidden]"),
        ("/a%0A/share/s3cret-escaped/", "/a\\x0A/share/[hidden]"),
    ],
)
def test_the_log_has_no_secret_of_an_address_however_it_is_written(proxy: Proxy, path: str, shown: str) -> None:
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"https://127.0.0.1:{proxy.https}{path}", context=proxy.trust)
    logged = _logged(proxy, f"GET {shown} HTTP/1.1")
    assert "3cret-escaped" not in logged
    assert "3cret-escaped" not in (proxy.folder / "error.log").read_text()
