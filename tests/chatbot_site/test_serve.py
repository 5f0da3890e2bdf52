import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.chatbot_site.processes import ROOT, environment, free_port, manage, wait_for

PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "k3J8-vQ2x_Zr7LmN0pTfW5sYbHc9dGeA4uXiO6tRqPy1BnVjKzM",
    "ENCRYPTION_KEY": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "chat.example.org",
}


def test_refuses_production_without_keys_and_says_what_to_do(tmp_path: Path) -> None:
    done = manage("serve", env=environment(tmp_path, APP_ENV="production"))

    assert done.returncode == 1
    for told in ("SECRET_KEY is missing", "ENCRYPTION_KEY is missing", "ALLOWED_HOSTS is empty", "token_urlsafe(50)"):
        assert told in done.stderr, told
    assert "Traceback" not in done.stderr


def test_refuses_a_database_that_does_not_answer_without_its_password(tmp_path: Path) -> None:
    url = "postgres://chat:s3cret-word@127.0.0.1:1/chat?connect_timeout=2"
    done = manage("serve", env=environment(tmp_path, APP_ENV="development", DATABASE_URL=url, DATABASE_POOL_SIZE="1"))

    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "s3cret-word" not in done.stdout + done.stderr


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_refuses_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    done = manage("serve", f"--port={port}", env=environment(tmp_path, APP_ENV="development"))

    assert done.returncode == 1
    assert f"PORT must be a number from 1 to 65535, not '{port}'." in done.stderr


def test_serves_says_where_and_ends_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    env = environment(tmp_path, APP_ENV="development", PORT=str(port))
    assert manage("prepare", env=env).returncode == 0
    command = [sys.executable, "manage.py", "serve"]
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, text=True)
    try:
        wait_for(lambda: f"http://localhost:{port}/" in (tmp_path / "out").read_text(), process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as response:
            assert b'"ready": true' in response.read()
            assert response.headers["X-Request-ID"]
            assert "server" not in response.headers
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert "GET /readyz" not in (tmp_path / "out").read_text()


def test_prepare_does_nothing_twice(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development")

    first, second = manage("prepare", env=env), manage("prepare", env=env)

    assert "Bringing the database up to date" in first.stdout
    assert "Collecting static files" in first.stdout
    assert second.stdout == ""
    assert second.returncode == 0
