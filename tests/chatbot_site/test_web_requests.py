"""What comes in is weighed before the site sees it: bodies, how slowly they come, messages up the websocket."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from websockets import Origin
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.site import Site

MEGABYTE = 2**20
FORM = b"Content-Type: multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("doors"), provider_url="http://127.0.0.1:9", LIMIT_SOCKETS="2").prepare()
    site.serve()
    yield site
    site.close()


@pytest.fixture(scope="module")
def session(site: Site) -> str:
    return site.session_of("alice")


class Line:
    """A connection to the site, byte by byte."""

    def __init__(self, site: Site, path: str, *headers: bytes, session: str = "") -> None:
        self.port = int(site.processes[0].url.rpartition(":")[2])
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        cookie = [b"Cookie: sessionid=" + session.encode()] if session else []
        head = [f"POST {path} HTTP/1.1".encode(), b"Host: 127.0.0.1:%d" % self.port, *cookie, *headers]
        self.socket.sendall(b"\r\n".join(head) + b"\r\n\r\n")

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """False when the site does not take it any more."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def answer(self) -> str:
        """Until the site ends the connection, or has said enough."""
        said = b""
        with contextlib.suppress(OSError):
            while piece := self.socket.recv(65536):
                said += piece
                if b"</html>" in said or said.startswith(b"HTTP/1.1 100"):
                    break
        return said.decode()


def test_a_stranger_is_refused_before_any_of_it_comes(site: Site) -> None:
    for headers in ([b"Content-Length: 524288000"], [b"Content-Length: 524288000", b"Expect: 100-continue"]):
        with Line(site, "/import/", FORM, *headers) as line:
            said = line.answer()
            assert said.startswith("HTTP/1.1 413")
            assert "too" in said.lower()
            assert 'lang="en"' in said


@pytest.mark.parametrize("cookie", ["", "nobodys-session-key"])
def test_chunks_count_as_they_come_and_memory_stays(site: Site, cookie: str) -> None:
    process = psutil.Process(site.processes[0].process.pid)
    before = process.memory_info().rss
    with Line(site, "/import/", FORM, b"Transfer-Encoding: chunked", session=cookie) as line:
        piece = b"%x\r\n%s\r\n" % (MEGABYTE, b"x" * MEGABYTE)
        for _ in range(60):
            if not line.send(piece):
                break
        assert line.answer().startswith("HTTP/1.1 413")
    assert process.memory_info().rss - before < 20 * MEGABYTE


def test_a_session_that_is_made_up_is_no_session(site: Site) -> None:
    with Line(site, "/import/", FORM, b"Content-Length: 50000000", session="x" * 32) as line:
        assert line.answer().startswith("HTTP/1.1 413")


def test_whoever_is_logged_in_may_send_a_file_where_files_are_taken(site: Site, session: str) -> None:
    with Line(site, "/import/", FORM, b"Content-Length: 50000000", b"Expect: 100-continue", session=session) as line:
        assert line.answer().startswith("HTTP/1.1 100")
    for path in ("/settings/", "/nowhere/"):
        with Line(site, path, FORM, b"Content-Length: 50000000", session=session) as line:
            assert line.answer().startswith("HTTP/1.1 413")
    with Line(site, "/import/", FORM, b"Content-Length: 500000000", session=session) as line:
        assert line.answer().startswith("HTTP/1.1 413")


def test_a_large_file_of_a_member_arrives_whole_and_stays_out_of_memory(site: Site, session: str) -> None:
    process = psutil.Process(site.processes[0].process.pid)
    _send_file(site, session, 1)  # what the first one loads is no part of the next
    before = process.memory_info().rss
    _send_file(site, session, 60)
    assert process.memory_info().rss - before < 30 * MEGABYTE


def _send_file(site: Site, session: str, megabytes: int) -> None:
    """Without a token, which the site must read it all to see."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
    length = len(head) + megabytes * MEGABYTE + len(b"\r\n--x--\r\n")
    with Line(site, "/import/", FORM, b"Content-Length: %d" % length, b"Connection: close", session=session) as line:
        line.send(head)
        for _ in range(megabytes):
            assert line.send(b"x" * MEGABYTE)
        line.send(b"\r\n--x--\r\n")
        said = line.answer()
    assert said.startswith("HTTP/1.1 403"), said[:200]


def test_scripts_whose_session_has_ended_are_sent_to_the_login(site: Site) -> None:
    with Line(site, "/attachments/", FORM, b"Content-Length: 5000000", b"HX-Request: true") as line:
        assert "hx-redirect: /accounts/login/" in line.answer().lower()


def test_ordinary_forms_pass(site: Site) -> None:
    kind = b"Content-Type: application/x-www-form-urlencoded"
    with Line(site, "/accounts/login/", kind, b"Content-Length: 900000") as line:
        line.send(b"login=" + b"x" * 899994)
        assert line.answer().startswith("HTTP/1.1 403")  # the token


def _is_closed(tab: ClientConnection) -> bool:
    """Whether the site closes it, within a second or so."""
    try:
        while True:
            tab.recv(1)
    except TimeoutError:
        return False
    except ConnectionClosed:
        return True


def test_messages_up_the_websocket_are_short_in_however_many_frames(site: Site, session: str) -> None:
    url = site.processes[0].url
    path = "/ws/c/5f5b2d9e-0000-4000-8000-000000000001/"
    where, extra = url.replace("http", "ws") + path, {"Cookie": f"sessionid={session}"}
    for message in ("x" * 70_000, ["x" * 30_000] * 3):
        with connect(where, origin=url, additional_headers=extra) as tab:
            tab.send("x" * 60_000)
            assert not _is_closed(tab)
            tab.send(message)
            assert _is_closed(tab)


@pytest.mark.parametrize(
    "say",
    [lambda tab: tab.send("x"), lambda tab: tab.ping(), lambda tab: tab.pong(), lambda tab: tab.send(iter([""] * 9))],
    ids=["messages", "pings", "pongs", "parts of a message"],
)
def test_messages_up_the_websocket_are_few(site: Site, session: str, say: Callable[[ClientConnection], object]) -> None:
    """What waits for whoever reads it, or for the page to take its answer, would fill the memory."""
    url = site.processes[0].url
    where, extra = (
        f"{url.replace('http', 'ws')}/ws/c/5f5b2d9e-0000-4000-8000-000000000001/",
        {"Cookie": f"sessionid={session}"},
    )
    with connect(where, origin=url, additional_headers=extra) as tab:
        for _ in range(5):
            say(tab)
        assert not _is_closed(tab)
        with pytest.raises(ConnectionClosed):
            [say(tab) for _ in range(50_000)]


def test_a_person_has_so_many_sockets_and_the_next_is_refused(site: Site, session: str) -> None:
    url = site.processes[0].url
    where, extra = (
        f"{url.replace('http', 'ws')}/ws/c/5f5b2d9e-0000-4000-8000-00000000000%d/",
        {"Cookie": f"sessionid={session}"},
    )
    other = {"Cookie": f"sessionid={site.session_of('bob')}"}
    with contextlib.ExitStack() as open_tabs:
        tabs = [open_tabs.enter_context(connect(where % n, origin=url, additional_headers=extra)) for n in (1, 2)]
        assert all(tab.recv(5) for tab in tabs)
        with connect(where % 3, origin=url, additional_headers=extra) as third, pytest.raises(ConnectionClosed) as end:
            third.recv(5)
        assert end.value.rcvd.code == 4429
        with connect(where % 4, origin=url, additional_headers=other) as anothers:
            assert anothers.recv(5)
        tabs[0].close()
        assert any(_is_let_in(where % 3, url, extra) for _ in range(50))


def _is_let_in(address: str, origin: str, headers: dict[str, str]) -> bool:
    """The site notices a moment later that another socket has been closed."""
    with connect(address, origin=Origin(origin), additional_headers=headers) as tab:
        try:
            return bool(tab.recv(5))
        except ConnectionClosed:
            time.sleep(0.1)
            return False
