"""What stands in front of the site, asked as a browser asks: does it let websockets through."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.doctor import public_address
from operations.doctor.findings import Finding, Level
from tests.browser.proxy import Mode, Proxy
from tests.chatbot_site.processes import environment, manage
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Process, Site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, scripted_provider_server: ScriptedProvider) -> Iterator[Process]:
    site = Site(tmp_path_factory.mktemp("site"), provider_url=scripted_provider_server.url).prepare()
    yield site.serve()
    site.close()


@pytest.fixture
def proxy(server: Process) -> Iterator[Proxy]:
    """In a thread of its own: the doctor waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = asyncio.run_coroutine_threadsafe(Proxy(server.url).start(), loop).result()
    yield made
    asyncio.run_coroutine_threadsafe(made.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def _found(url: str) -> list[Finding]:
    return list(public_address.look(url))


def test_a_proxy_that_lets_everything_through(proxy: Proxy) -> None:
    found = _found(proxy.url)

    assert [one.level for one in found] == [Level.OK, Level.OK]
    assert "Websockets get through" in found[1].text


@pytest.mark.parametrize("status", [200, 400, 403, 404, 502])
def test_an_upgrade_that_is_refused(proxy: Proxy, status: int) -> None:
    proxy.mode, proxy.status = Mode.REFUSE, status

    _pages, websocket = _found(proxy.url)

    assert websocket.level is Level.PROBLEM
    assert f"status {status}" in websocket.text
    assert "docs/deployment.md" in websocket.mend


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.CLOSE, "closes them (code 1000)"),
        (Mode.CUT, "cut before anything comes through|cannot be reached"),
        (Mode.SILENT, "nothing came through|cut before anything comes through"),
        (Mode.IGNORE, "nothing came through"),
    ],
)
def test_a_websocket_that_opens_in_vain(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, mode: Mode, said: str) -> None:
    monkeypatch.setattr(public_address, "SECONDS", 1)
    proxy.mode = mode

    _pages, websocket = _found(proxy.url)

    assert websocket.level is Level.PROBLEM
    assert any(part in websocket.text for part in said.split("|")), websocket.text


def test_nobody_at_that_address() -> None:
    [found] = _found("http://127.0.0.1:1")

    assert found.level is Level.PROBLEM
    assert "cannot be reached" in found.text


@pytest.mark.parametrize("url", ["", "ftp://chat.example.org", "https://", "http://chat.example.org:port"])
def test_what_is_no_address(url: str) -> None:
    [found] = _found(url)

    assert "no address of a site" in found.text


def test_the_command_tells(proxy: Proxy, tmp_path: Path) -> None:
    proxy.mode = Mode.REFUSE
    done = manage("doctor", "--only", "clock", "--url", proxy.url, env=environment(tmp_path, APP_ENV="development"))

    assert done.returncode == 1, done.stdout + done.stderr
    assert "No websocket gets through" in done.stdout


def test_a_frame_without_an_end_is_not_waited_for() -> None:
    assert public_address._close_code(io.BytesIO(b"\x82\x7f" + (2**62).to_bytes(8))) is None


def test_who_only_chats_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pings(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b"\x89\x00"[:size]

    monkeypatch.setattr(public_address, "SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        public_address._close_code(Pings())
