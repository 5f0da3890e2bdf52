"""The real site in processes of its own, for tests that look at it from outside: servers, workers, commands."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
DATABASE = "db.sqlite3"
RUN_FOLDER = "TEST_RUN_FOLDER"  # the variable that names the folder of this test run, for all its processes
NEW_SESSION = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
user, _ = User.objects.get_or_create(username={name!r})
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "accounts.backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""


class Process:
    """A server or worker of the site."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path, url: str = "") -> None:
        self.command, self.env, self.log, self.url = command, env, log, url
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        if self.url:
            self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        assert self.process
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:
                if response.status == 200:
                    return
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.log.read_text()}")

    def kill(self) -> None:
        """As a power cut would."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)


class Site:
    """One database, one folder, one provider; any number of processes."""

    def __init__(
        self, folder: Path, *, provider_url: str, database_url: str = "", redis_url: str = "", **settings: str
    ) -> None:
        self.folder = folder
        self.processes: list[Process] = []
        self._shell: subprocess.Popen[str] | None = None
        self.env = {key: value for key, value in os.environ.items() if not key.endswith(("_API_KEY", "_BASE_URL"))} | {
            "DJANGO_SETTINGS_MODULE": "chatbot_site.settings",
            "ENV_FILE": "tests/no.env",
            "APP_ENV": "production",
            "HTTPS": "false",
            "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
            "ENCRYPTION_KEY": "dGVzdHMtb25seS1rZXktdGhhdC1pcy0zMi1ieXRlcyE=",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url or f"sqlite:///{folder / DATABASE}",
            "REDIS_URL": redis_url,
            "OPENAI_API_KEY": "sk-test-only",
            "OPENAI_BASE_URL": provider_url and f"{provider_url}/v1",
            "ANTHROPIC_API_KEY": "sk-ant-test-only",
            "ANTHROPIC_BASE_URL": provider_url,
            "DEFAULT_MODEL": "openai/scripted",
            "LOCAL_MODEL": "off",
            "HEARTBEAT_TIMEOUT_SECONDS": "6",
            **settings,
        }

    def manage(self, *arguments: str) -> str:
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def prepare(self) -> Site:
        """Database, static files, translations: those of the first site of this test run, copied."""
        ready = _ready()
        shutil.copytree(ready / "static", self.folder / "static")
        if self.env["DATABASE_URL"] == f"sqlite:///{self.folder / DATABASE}":
            shutil.copy(ready / DATABASE, self.folder)
        else:
            _fill(self.env["DATABASE_URL"])
        return self

    def run(self, script: str) -> str:
        """What a script prints that works on the site's database."""
        if self._shell is None:
            command = [sys.executable, "-m", "tests.shell"]
            self._shell = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(json.dumps(script) + "\n")
        self._shell.stdin.flush()
        said: dict[str, str] = json.loads(self._shell.stdout.readline())
        assert not said["error"], said["error"]
        return said["output"].strip()

    def session_of(self, name: str) -> str:
        """A session key of the person `name`, who is made when there is none."""
        return self.run(NEW_SESSION.format(name=name))

    def serve(self, port: int | None = None, **settings: str) -> Process:
        port = port or free_port()
        command = [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", str(port)]
        return self._start(command, f"web-{port}.log", f"http://127.0.0.1:{port}", settings)

    def work(self) -> Process:
        return self._start([sys.executable, "manage.py", "run_generations"], "worker.log", "", {})

    def _start(self, command: list[str], log: str, url: str, settings: dict[str, str]) -> Process:
        process = Process(command, self.env | settings, self.folder / log, url).start()
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        if self._shell:
            self._shell.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def _ready() -> Path:
    """A folder with what every site begins with: made by the first process of a test run that needs it."""
    shared = os.environ.get(RUN_FOLDER)
    folder = Path(shared or tempfile.mkdtemp(prefix="site-")) / "ready"
    if not shared:
        atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_name("making")
            making.mkdir()
            site = Site(making, provider_url="")
            site.manage("compilemessages", "--verbosity", "0")
            with ThreadPoolExecutor() as beside:  # all processes of the test run wait for this
                tables = beside.submit(site.manage, "migrate", "--verbosity", "0")
                site.manage("collectstatic", "--noinput", "--verbosity", "0")
            tables.result()
            making.rename(folder)
    return folder


def _fill(url: str) -> None:
    """The empty PostgreSQL database at `url` gets the tables, as a copy of the first of this test run."""
    name, ready = urlsplit(url).path[1:], f"chat_ready_{_ready().parent.name}"
    server = urlsplit(url)._replace(path="/postgres").geturl()
    notes = _ready().parent / "postgresql"  # which database there is to drop at the end, and where
    with (_ready().parent / "lock").open("w") as lock, _connected(server) as connection:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not notes.exists():
            connection.execute(f'CREATE DATABASE "{ready}"')
            notes.write_text(f"{server} {ready}")
            made = Site(_ready(), provider_url="", database_url=urlsplit(url)._replace(path=f"/{ready}").geturl())
            made.manage("migrate", "--verbosity", "0")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{ready}"')


def drop_ready_database(run_folder: Path) -> None:
    """Of the test run whose processes share that folder."""
    if (notes := run_folder / "postgresql").exists():
        server, name = notes.read_text().split()
        with _connected(server) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def scratch_database(server_url: str, name: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database on the server of `server_url`; dropped afterwards."""
    with _connected(server_url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
