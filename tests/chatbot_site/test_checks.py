import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.checks import CheckMessage, run_checks

from chatbot_site import checks

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD_SECRET = "k3J8-vQ2x_Zr7LmN0pTfW5sYbHc9dGeA4uXiO6tRqPy1BnVjKzM"


@pytest.fixture
def production(settings) -> None:
    settings.APP_ENV, settings.PRODUCTION, settings.DEVELOPMENT = "production", True, False
    settings.SECRET_KEY = GOOD_SECRET
    settings.ENCRYPTION_KEY = Fernet.generate_key().decode()
    settings.ALLOWED_HOSTS = ["chat.example.org"]


def only(check: Callable[..., list[CheckMessage]]) -> CheckMessage:
    (found,) = check(None)
    assert found.hint, "a check that does not say what to do is no help"
    return found


@pytest.mark.usefixtures("production")
def test_a_well_kept_production_site_passes() -> None:
    assert run_checks(tags=[checks.TAG]) == []


def test_development_makes_do_without_keys(settings) -> None:
    settings.APP_ENV, settings.PRODUCTION, settings.DEVELOPMENT = "development", False, True
    settings.SECRET_KEY, settings.ENCRYPTION_KEY, settings.ALLOWED_HOSTS = "short", "", []

    assert run_checks(tags=[checks.TAG]) == []


def test_a_missing_secret_key_is_an_error(production, settings) -> None:
    settings.SECRET_KEY = ""

    assert only(checks.check_secret_key).id == "chatbot_site.E002"


@pytest.mark.parametrize(
    "key", ["short", "a" * 60, "django-insecure-" + GOOD_SECRET, "please-change-me-" + GOOD_SECRET]
)
def test_a_weak_secret_key_is_an_error(production, settings, key: str) -> None:
    settings.SECRET_KEY = key

    found = only(checks.check_secret_key)

    assert found.id == "chatbot_site.E003"
    assert key not in str(found)


def test_a_missing_encryption_key_is_an_error(production, settings) -> None:
    settings.ENCRYPTION_KEY = ""

    assert only(checks.check_encryption_key).id == "chatbot_site.E004"


def test_several_encryption_keys_are_in_order_while_they_rotate(production, settings) -> None:
    settings.ENCRYPTION_KEY = ", ".join(Fernet.generate_key().decode() for _ in range(2))

    assert checks.check_encryption_key(None) == []


@pytest.mark.parametrize(("hosts", "code"), [([], "chatbot_site.E006"), (["*"], "chatbot_site.E007")])
def test_production_needs_its_names(production, settings, hosts: list[str], code: str) -> None:
    settings.ALLOWED_HOSTS = hosts

    assert only(checks.check_hosts).id == code


def test_debug_outside_development_is_warned_of(production, settings) -> None:
    settings.DEBUG_IS_ASKED_FOR = True

    assert only(checks.check_debug).id == "chatbot_site.W001"


def test_a_misspelt_variable_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_names(None) == []
    monkeypatch.setenv("BACKUP_KEYS", "x")

    found = only(checks.check_names)

    assert found.id == "chatbot_site.W004"
    assert "BACKUP_KEY " in str(found.hint)


def test_preloading_without_what_it_takes_is_warned_of(settings) -> None:
    assert checks.check_preloading(None) == []
    settings.SECURE_HSTS_PRELOAD, settings.SECURE_HSTS_SECONDS = True, 31_536_000

    assert only(checks.check_preloading).id == "chatbot_site.W005"

    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    assert checks.check_preloading(None) == []


def test_workers_without_redis_and_with_sqlite_are_warned_of(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RUN_GENERATIONS, settings.REDIS_URL = "worker", ""
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")

    assert [found.id for found in checks.check_worker_needs(None)] == ["chatbot_site.W002", "chatbot_site.W003"]


def test_a_start_asks_the_checks(tmp_path: Path) -> None:
    """Not imported by this test: a site that does not register them would start with anything."""
    env = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "ENCRYPTION_KEY")}
    env |= {"DJANGO_SETTINGS_MODULE": "chatbot_site.settings", "APP_ENV": "production"}
    env |= {"ENV_FILE": "tests/no.env", "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "chatbot_site.E002" in done.stderr
