import contextlib
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from websockets.sync.client import connect

from chatbot_site.logging import redact
from chatbot_site.server import log_access
from tests.chatbot_site.processes import ROOT, environment, free_port, wait_for


class Toy:
    """The toy server as a process, and the files by which it tells how far it has come."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.port = folder, free_port()
        command = [sys.executable, "-m", "tests.chatbot_site.toy_server", str(self.port), str(folder), *options]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(folder), text=True, stderr=subprocess.PIPE)

    def wait_for_file(self, name: str) -> None:
        wait_for((self.folder / name).exists, self.process)

    def get(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/") as response:
            return response.read().decode()


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    toy = Toy(tmp_path)
    toy.wait_for_file("listening")
    yield toy
    toy.process.kill()
    toy.process.communicate()


def test_answers(toy: Toy) -> None:
    assert toy.get() == "Hello"


def test_connections_that_clients_reset_are_given_back(toy: Toy) -> None:
    toy.get()
    process = psutil.Process(toy.process.pid)
    before = process.num_fds()

    for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HT") * 50:
        with socket.create_connection(("127.0.0.1", toy.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() sends RST
            client.sendall(request)

    wait_for(lambda: process.num_fds() <= before, toy.process)
    assert toy.get() == "Hello"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_open_answers_end(toy: Toy, number: signal.Signals) -> None:
    with connect(f"ws://127.0.0.1:{toy.port}/") as tab:
        toy.process.send_signal(number)
        toy.wait_for_file("draining")
        tab.send("still here")
        assert tab.recv() == "still here"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", toy.port))
        (toy.folder / "drained").touch()
        assert toy.process.wait(10) == 0


def test_a_second_signal_stops_at_once(toy: Toy) -> None:
    toy.process.send_signal(signal.SIGTERM)
    toy.wait_for_file("draining")

    toy.process.send_signal(signal.SIGTERM)

    assert toy.process.wait(10) == 0
    assert not (toy.folder / "drained").exists()


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Toy]:
    toy = Toy(tmp_path, "1")
    toy.wait_for_file("listening")
    yield toy
    toy.process.kill()
    toy.process.communicate()


def test_headers_that_trickle_in_end_the_connection(impatient: Toy) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=0.1) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(100):
            try:
                client.sendall(b"x")
                if client.recv(1) == b"":
                    return
            except TimeoutError:
                continue  # it listens still
            except ConnectionError:
                return
    pytest.fail("it listened to every single letter")


def test_a_body_that_trickles_in_is_answered_with_408(impatient: Toy) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=0.1) as client:
        client.sendall(head)
        answer = b""
        for _ in range(100):
            client.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                answer = client.recv(65536)
                break
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_body_that_comes_slowly_but_steadily_is_waited_for(impatient: Toy) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 25000\r\n\r\n")
        for _ in range(25):
            time.sleep(0.1)
            client.sendall(b"x" * 1000)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_port_in_use_is_told_of(toy: Toy) -> None:
    command = [sys.executable, "-m", "tests.chatbot_site.toy_server", str(toy.port), str(toy.folder)]

    second = subprocess.run(command, cwd=ROOT, env=environment(toy.folder), capture_output=True, text=True, check=False)

    assert second.returncode == 1
    assert "Address already in use" in second.stderr


def test_access_lines_leave_the_query_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="chatbot_site.access")
    details = {
        "client": "10.0.0.1:5",
        "method": "GET",
        "path": "/search/?q=secret",
        "status": 200,
        "size": 12,
        "time_taken": 0.01,
    }

    log_access("http", "complete", details)
    log_access("http", "complete", details | {"path": "/healthz"})
    log_access("websocket", "connected", {"client": "10.0.0.1:5", "path": "/ws/c/1/"})

    assert caplog.messages == [
        "10.0.0.1:5 GET /search/ 200 12 bytes 10 ms",
        "10.0.0.1:5 websocket /ws/c/1/ connected",
    ]


SECRET = "%41b-d_fghijklmnopqrstuvwxyz012345"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/share/{SECRET}/", "/share/[hidden]/"),
        (f"/%73hare//{SECRET}/?before=2", "/share/[hidden]/"),
        (f"/s%68are%2F{SECRET}/report/", "/share/[hidden]/report/"),
        (f"/share/%20{SECRET}/", "/share/[hidden]/"),
        ("/accounts/password%2freset/key/1-abc/", "/accounts/password/reset/key/[hidden]/"),
        ("//accounts/password/reset//key//1-abc/", "/accounts/password/reset/key/[hidden]/"),
        ("/accounts/%63onfirm%2Demail/NQ%3a1xY0nu%3aZgLS/", "/accounts/confirm-email/[hidden]/"),
        ("/a%20200%205%20bytes%0Ab/", "/a%20200%205%20bytes%0Ab/"),
        ("/%EA%B0%80%FF/", "/%EA%B0%80%EF%BF%BD/"),
    ],
)
def test_access_lines_have_no_secret_of_an_address_however_it_is_written(
    caplog: pytest.LogCaptureFixture, path: str, shown: str
) -> None:
    caplog.set_level("INFO", logger="chatbot_site.access")

    log_access("websocket", "refused", {"client": "10.0.0.1:5", "path": path})

    assert redact(caplog.messages[0]) == f"10.0.0.1:5 websocket {shown} refused"
