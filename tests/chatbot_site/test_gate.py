"""The server on a database that lacks migrations: a page that says so, and the site itself once they are applied."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatbot_site import gate
from chatbot_site.gate import MigrationGate
from tests.chatbot_site.processes import ROOT, environment, free_port, manage, wait_for


@contextmanager
def _served(env: dict[str, str], folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    port = str(free_port())
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", port], cwd=ROOT, env=env, stdout=out, stderr=out, text=True
        )
    try:
        wait_for(lambda: "The chat is at" in (folder / "out").read_text(), process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def _get(url: str, **headers: str) -> tuple[int, str, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_says_in_both_languages_what_to_do_and_opens_once_it_is_done(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development")
    with _served(env, tmp_path) as (url, process):
        for path in ("/", "/c/anything/", "/admin/", "/robots.txt"):
            status, page, headers = _get(url + path, Cookie="sessionid=abcdefghijklmnopqrstuvwxyz012345")
            assert status == 503, path
            assert page.count("python manage.py migrate") == 2
            assert "The site is being updated" in page
            assert headers["Retry-After"] == "5"
        assert _get(f"{url}/healthz", Cookie="sessionid=abcdefghijklmnopqrstuvwxyz012345")[:2] == (200, "ok\n")
        status, ready, _headers = _get(f"{url}/readyz")
        assert status == 503
        assert '"migrations": "failed"' in ready
        assert manage("migrate", "--verbosity", "0", env=env).returncode == 0
        wait_for(lambda: _get(f"{url}/robots.txt")[0] == 200, process)
        assert _get(f"{url}/readyz")[0] == 200
    told = (tmp_path / "out").read_text()
    assert "migrations are not applied" in told
    assert "Traceback" not in told
    assert "Could not look for open generations" not in told, "the engine waits too"


# --- In this process ----------------------------------------------------------------------------------------------


class Sent(list[dict[str, Any]]):
    async def __call__(self, message: dict[str, Any]) -> None:
        self.append(message)


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "inner", "headers": scope.get("headers")})


async def _probes(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "probe", "headers": scope["headers"]})


def _scope(path: str = "/", kind: str = "http", method: str = "GET") -> dict[str, Any]:
    return {"type": kind, "path": path, "method": method, "headers": [(b"cookie", b"sessionid=x"), (b"host", b"h")]}


async def test_an_open_gate_stands_in_nobodys_way() -> None:
    sent = Sent()

    await MigrationGate(_inner, probes=_probes, is_open=True)(_scope(), None, sent)

    assert sent == [{"type": "inner", "headers": _scope()["headers"]}]


async def test_a_websocket_is_told_to_come_again() -> None:
    sent = Sent()

    await MigrationGate(_inner, probes=_probes, is_open=False)(_scope(kind="websocket"), None, sent)

    assert sent == [{"type": "websocket.close", "code": 1013}]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/css/base.css"])
async def test_probes_and_static_files_pass_without_cookies(path: str) -> None:
    sent = Sent()

    await MigrationGate(_inner, probes=_probes, is_open=False)(_scope(path), None, sent)

    assert sent == [{"type": "probe", "headers": [(b"host", b"h")]}]


async def test_head_gets_no_body() -> None:
    sent = Sent()

    await MigrationGate(_inner, probes=_probes, is_open=False)(_scope(method="HEAD"), None, sent)

    assert sent[0]["status"] == 503
    assert sent[1]["body"] == b""


def test_the_page_does_without_collected_static_files(settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }

    page = gate.page()

    assert "python manage.py migrate" in page
    assert "<link" not in page


def test_a_worker_waits_for_the_migrations_and_ends_when_asked(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development")
    out = tmp_path / "out"
    with out.open("w") as file:
        command = [sys.executable, "manage.py", "run_generations", "--heartbeat-file", str(tmp_path / "beat")]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=file, stderr=file, text=True)
    try:
        wait_for(lambda: "no answers are made until it is" in out.read_text(), process)
        assert not (tmp_path / "beat").exists()
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in out.read_text()
