"""What all tests share: the people, and a clear word where this machine cannot run a test."""

import fcntl
import functools
import gc
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

from tests.site import RUN_FOLDER, drop_ready_database

if TYPE_CHECKING:
    from accounts.models import User

ROOT = Path(__file__).resolve().parent.parent
BROWSER_TESTS = ROOT / "tests/browser"  # marked by that folder's conftest.py
POSTGRES_URL = os.environ.get("TEST_DATABASE_URL") or "postgres://root@127.0.0.1:5432/test"
REDIS_URL = os.environ.get("TEST_REDIS_URL") or "redis://127.0.0.1:6379/9"
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# For machines where everything is there (CI): a test that cannot run fails instead of being skipped.
REQUIRED = os.environ.get("REQUIRE_SERVICES", "0") != "0"


def pytest_configure(config: pytest.Config) -> None:
    """The processes of a test run share a folder; the one that starts them makes it and takes it away."""
    if RUN_FOLDER not in os.environ:
        folder = os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="chat-tests-run-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(RUN_FOLDER), ignore_errors=True))
        config.add_cleanup(lambda: drop_ready_database(Path(folder)))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A run of browser and service tests alone reads no file and no folder without one: reading all would cost each of
    its processes three times as much."""
    if config.option.markexpr != "browser or service":
        return None
    files = collection_path.rglob("test_*.py") if collection_path.is_dir() else [collection_path]
    return None if any(map(_looks_outside, files)) else True


@functools.cache
def _looks_outside(path: Path) -> bool:
    """Whether a file of tests can have one of a browser or service."""
    return BROWSER_TESTS in path.parents or re.search(r"\bmark\.(browser|service)\b", path.read_text()) is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what asks the database; puts what starts services first, since that takes longest and one worker does it
    while the others drive browsers. Of those, tests that share a site come first: what is left for other workers at the
    end should not start one of its own."""
    for item in items:
        if item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames):
            item.add_marker(pytest.mark.database)
        outside = item.get_closest_marker("browser") or item.get_closest_marker("service")
        if outside and not _looks_outside(item.path):
            raise pytest.UsageError(f"`make test-services` would not find {item.nodeid}: its mark is not in its file")
    items.sort(key=lambda item: (item.get_closest_marker("service") is None, not _shares_a_site(item)))


def _shares_a_site(item: pytest.Item) -> bool:
    return bool({"deployed", "direct", "proxied"} & set(item.fixturenames))


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end; looking through it for garbage costs a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark, missing in MISSING.items():
        reason = missing() if item.get_closest_marker(mark) else ""
        if reason and REQUIRED:
            pytest.fail(f"{reason} (REQUIRE_SERVICES is set)", pytrace=False)
        elif reason:
            pytest.skip(reason)


def chromium() -> str | None:
    """Path of this machine's Chromium; first the one without windows, which costs a third less."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def _no_browser() -> str:
    return "" if chromium() else "Chromium is not installed (Debian: apt install chromium-headless-shell)"


def _no_services() -> str:
    silent = [url for url in (POSTGRES_URL, REDIS_URL) if not _answers(url)]
    names = " and ".join(f"{urlsplit(url).scheme}://{urlsplit(url).hostname}" for url in silent)
    return f"nothing answers at {names} (TEST_DATABASE_URL, TEST_REDIS_URL)" if silent else ""


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (6379 if parts.scheme == "redis" else 5432)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def _no_local_model() -> str:
    return "" if any((ROOT / "var/models").glob("**/*.gguf")) else "the local model is not here (make setup fetches it)"


MISSING: dict[str, Callable[[], str]] = {
    "browser": _no_browser,
    "service": _no_services,
    "local_model": _no_local_model,
}


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """The folder that WhiteNoise warns of when it is not there."""
    from django.conf import settings

    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def no_stored_provider() -> Iterator[None]:
    """What the database of one test says of providers is not remembered in the next, which may begin within seconds."""
    from providers import stored

    yield
    stored._latest = stored.Stored()


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    """What one test does is not counted against limits of the next."""
    from chatbot_site.caches import limits

    yield
    limits.clear()


@pytest.fixture
def postgres_url() -> str:
    return POSTGRES_URL


@contextmanager
def redis_alone() -> Iterator[str]:
    """Redis's address, for one test process at a time: every site on it hears what others publish, and sees their
    workers. Not to be taken twice: a process would wait for itself."""
    from chatbot_site.caches import RedisOrHere
    from conversations.generation import presence

    with (Path(tempfile.gettempdir()) / "chat-tests-redis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        RedisOrHere(REDIS_URL, {}).delete(presence._KEY)  # workers that were killed are listed for a while
        yield REDIS_URL


@pytest.fixture
def redis_url() -> Iterator[str]:
    with redis_alone() as url:
        yield url


@pytest.fixture
def password() -> str:
    """What alice, bob and charlie log in with."""
    return "correct horse battery staple"


@pytest.fixture
def alice(db: None, password: str) -> "User":
    return _person("alice", password)


@pytest.fixture
def bob(db: None, password: str) -> "User":
    return _person("bob", password)


@pytest.fixture
def charlie(db: None, password: str) -> "User":
    return _person("charlie", password)


def _person(name: str, password: str) -> "User":
    from accounts.models import User

    return User.objects.create_user(name, f"{name}@example.org", password)


pytest_plugins = ["tests.scripted_provider.fixture"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tables that are emptied after a test get the first rows back as they were. PostgreSQL does not drop a test
    database while threads of finished tests still hold connections to it."""
    from django.db import connection

    with django_db_blocker.unblock():
        kept = _first_rows()
    with _put_back_after_a_flush(kept):
        yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


def _first_rows() -> list[list[Any]]:
    """What Django and this site put into an empty database after the migrations, by model."""
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType

    return [list(model.objects.all()) for model in (ContentType, Permission, Group, Group.permissions.through)]


@contextmanager
def _put_back_after_a_flush(kept: list[list[Any]]) -> Iterator[None]:
    """After a test that could not be rolled back: `flush` has the rows worked out anew, which costs half of what such a
    test costs. tests/chatbot_site/test_first_rows.py sees that they are the same."""
    from django.test import TransactionTestCase

    def put_back(*_args: object, **_options: object) -> None:
        for rows in kept:
            type(rows[0]).objects.bulk_create(rows)

    def teardown(self: TransactionTestCase) -> None:
        with patch("django.core.management.commands.flush.emit_post_migrate_signal", put_back):
            original(self)

    original = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    with patch.object(TransactionTestCase, "_fixture_teardown", teardown):
        yield
