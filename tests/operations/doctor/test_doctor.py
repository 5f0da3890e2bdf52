"""The doctor on a site that is well, and on sites that are ill in one way each."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from conversations.generation import presence
from conversations.models import Generation
from operations.doctor import clock, disk
from operations.doctor.examination import SUBJECTS, Subject, examine
from operations.doctor.findings import Findings
from providers.models import Credential
from tests.chatbot_site.processes import environment, manage
from tests.conversations.conftest import converse
from tests.operations.doctor.conftest import Look, levels
from tests.scripted_provider.fixture import ScriptedProvider


def test_says_everything_in_one_screen(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development", PROVIDER_DISCOVERY="false", BACKUP_FOLDER=str(tmp_path))
    (tmp_path / f"chat-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.zst").touch()
    assert manage("prepare", env=env).returncode == 0

    done = manage("doctor", "--offline", env=env)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n") < 30
    for subject in SUBJECTS:
        assert subject.asks_others or subject.label in done.stdout, subject
    assert "All is well." in done.stdout


def test_a_site_without_database_and_tables_gets_an_answer_without_traceback(tmp_path: Path) -> None:
    url = "postgres://chat:s3cret-word@127.0.0.1:1/chat"
    env = environment(tmp_path, APP_ENV="production", DATABASE_URL=url, REDIS_URL="redis://:s3cret-word@127.0.0.1:1/0")

    done = manage("doctor", "--offline", env=env)

    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "s3cret-word" not in done.stdout + done.stderr
    for told in ("SECRET_KEY is missing", "ENCRYPTION_KEY is missing", "ALLOWED_HOSTS is empty", "DATABASE_URL right?"):
        assert told in done.stdout, told


def test_a_malformed_variable_is_a_sentence(tmp_path: Path) -> None:
    done = manage("doctor", env=environment(tmp_path, LOG_LEVEL="LOUD"))

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "The settings are not in order: LOG_LEVEL is none of DEBUG, INFO, WARNING, ERROR, CRITICAL; "
        "for example: LOG_LEVEL=DEBUG"
    )


def test_a_look_that_fails_is_a_finding() -> None:
    def fails() -> Findings:
        yield from ()
        raise RuntimeError("the key sk-abcdefghijklmnop\nis odd")

    [(_subject, finding)] = examine([Subject("x", "X", fails)])

    assert finding.level == "problem"
    assert finding.text == "Could not be looked at. RuntimeError: the key [hidden] is odd"


# --- Settings, database, keys -----------------------------------------------------------------------------------------


def test_retention_that_names_nobody(db: None, look: Look, settings: Any) -> None:
    settings.RETENTION_DAYS = {"Interns": 30}
    assert "'Interns'" in look("settings")[-1]["text"]

    Group.objects.create(name="Interns")
    assert levels(look("settings")) == ["ok", "ok", "ok"]


def test_what_one_person_may_start(db: None, look: Look, settings: Any) -> None:
    assert "any number of answers" in look("settings")[-1]["text"]

    settings.LIMIT_OPEN_ANSWERS, settings.LIMIT_UPLOAD_BYTES_PER_DAY = 3, 1_000_000
    settings.LIMIT_EXEMPT_GROUPS = ["Teachers"]
    *_, limits, group = look("settings")
    assert limits["text"] == (
        "One person may start 3 answers open at once, 1,000,000 bytes of uploads a day."
        " Not limited: superusers, Teachers."
    )
    assert (group["level"], "'Teachers'" in group["text"]) == ("warning", True)


def test_a_database_that_is_well(db: None, look: Look) -> None:
    found = look("database")

    assert {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor] in found[0]["text"]
    assert found[-1] == {"subject": "database", "level": "ok", "text": "All migrations are applied.", "mend": ""}


def test_a_database_that_lacks_migrations(db: None, look: Look) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="sessions").delete()

    assert look("database")[-1]["mend"] == "python manage.py migrate"


def test_stored_keys_that_the_key_does_not_open(db: None, look: Look, settings: Any) -> None:
    credential = Credential(provider="openai")
    credential.set_key("sk-planted-secret-0123456789")
    credential.save()
    assert levels(look("keys")) == ["ok"]

    settings.ENCRYPTION_KEY = Fernet.generate_key().decode()
    [found] = look("keys")
    assert found["level"] == "problem"
    assert "openai" in found["text"]
    assert "planted" not in json.dumps(found)


# --- Providers --------------------------------------------------------------------------------------------------------


@pytest.fixture
def one_provider(scripted_provider: ScriptedProvider, settings: Any, db: None) -> ScriptedProvider:
    openai = settings.PROVIDERS["openai"] | {"api_key": "sk-test", "base_url": scripted_provider.openai_url}
    settings.PROVIDERS = {"openai": openai}
    return scripted_provider


@pytest.mark.usefixtures("one_provider")
def test_a_provider_that_takes_the_key(look: Look) -> None:
    assert look("providers") == [
        {"subject": "providers", "level": "ok", "text": "OpenAI answers and takes the key.", "mend": ""}
    ]


@pytest.mark.usefixtures("one_provider")
def test_a_provider_that_refuses_the_key(look: Look, settings: Any) -> None:
    settings.PROVIDERS["openai"]["api_key"] = "sk-wrong-secret-word"

    [found] = look("providers")

    assert found["level"] == "problem"
    assert "The provider did not accept the API key." in found["text"]
    assert "secret-word" not in json.dumps(found)


def test_no_provider_at_all(db: None, look: Look) -> None:
    assert levels(look("providers")) == ["warning"]


@pytest.mark.usefixtures("one_provider")
def test_the_clock_beside_a_provider(look: Look) -> None:
    assert levels(look("provider_clock")) in (["ok"], [])  # not every server sends a date


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (-3, "ok"), (20, "warning"), (-600, "problem")])
def test_a_clock_that_is_off(seconds: int, level: str) -> None:
    now = datetime.now(UTC)

    assert clock.compared(now + timedelta(seconds=seconds), now, "another").level == level


# --- Redis, workers ---------------------------------------------------------------------------------------------------


def test_redis_is_not_needed(look: Look) -> None:
    assert levels(look("redis")) == ["ok"]


def test_redis_that_is_away(look: Look, settings: Any) -> None:
    settings.REDIS_URL = "redis://:s3cret-word@127.0.0.1:1/0"

    [found] = look("redis")

    assert found["level"] == "problem"
    assert "s3cret-word" not in json.dumps(found)


@pytest.mark.service
def test_redis_that_carries_messages(look: Look, settings: Any, redis_url: str) -> None:
    settings.REDIS_URL = redis_url
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [redis_url]}}
    }

    found = look("redis")

    assert levels(found) == ["ok", "ok"]
    assert "arrives" in found[1]["text"]


@pytest.fixture
def workers_apart(settings: Any) -> Iterator[None]:
    settings.RUN_GENERATIONS, settings.REDIS_URL = "worker", "redis://somewhere"
    cache.clear()
    yield
    cache.clear()


@pytest.mark.usefixtures("workers_apart", "db")
def test_workers_that_say_that_they_are_there(look: Look, tmp_path: Path) -> None:
    presence._say(tmp_path / "beat")

    found = look("workers")

    assert levels(found) == ["ok", "ok"]
    assert presence.WORKER in found[0]["text"]
    assert (tmp_path / "beat").exists()


@pytest.mark.usefixtures("workers_apart", "db")
def test_no_worker_or_one_that_has_long_been_silent(look: Look) -> None:
    cache.set("generation-workers", {"old:1:x": time.time() - 60})

    assert look("workers")[0] == {
        "subject": "workers",
        "level": "problem",
        "text": "RUN_GENERATIONS is worker, and no worker says that it is there.",
        "mend": "Start one: python manage.py run_generations, with the same settings as the web processes.",
    }


@pytest.mark.parametrize(
    ("status", "told"), [("queued", "1 answers wait"), ("running", "1 answers are being written by nobody")]
)
def test_answers_that_nobody_makes(alice: User, look: Look, status: str, told: str) -> None:
    conversation = converse(alice, "q", "a")
    long_ago = datetime.now(UTC) - timedelta(minutes=10)
    Generation.objects.create(
        conversation=conversation, message=conversation.leaf, status=status, model="openai/scripted", max_tokens=1,
        created_at=long_ago, heartbeat_at=long_ago,
    )  # fmt: skip

    found = look("workers")

    assert found[-1]["level"] == "problem"
    assert told in found[-1]["text"]


# --- Disk, files, mail, backups ---------------------------------------------------------------------------------------


def test_a_disk_that_is_full(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "FULL_BYTES", 2**62)
    assert set(levels(look("disk"))) == {"problem"}


def test_a_disk_that_is_nearly_full(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "NEARLY_FULL_BYTES", 2**62)
    assert set(levels(look("disk"))) == {"warning"}


def test_a_folder_that_is_not_there(look: Look, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "away", tmp_path / "away" / "media"

    [found] = look("disk")

    assert "cannot be written" in found["text"]


def test_static_files_that_were_not_collected_or_are_incomplete(look: Look, settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    assert "have not been collected" in look("static_files")[0]["text"]

    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text('{"paths": {"css/base.css": "css/base.0.css"}}')
    assert "are missing" in look("static_files")[0]["text"]


def test_translations_that_are_not_compiled(look: Look, settings: Any, tmp_path: Path) -> None:
    source = tmp_path / "ko" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.touch()
    settings.LOCALE_PATHS = [tmp_path]
    assert look("translations")[0]["mend"].startswith("python manage.py compilemessages")

    source.with_suffix(".mo").touch()
    os.utime(source, (0, 0))
    assert levels(look("translations")) == ["ok"]


@pytest.mark.parametrize(("days", "level"), [(0, "ok"), (3, "warning"), (10, "problem")])
def test_the_age_of_the_last_backup(look: Look, settings: Any, tmp_path: Path, days: int, level: str) -> None:
    settings.BACKUP_FOLDER = str(tmp_path)
    made = datetime.now(UTC) - timedelta(days=days)
    (tmp_path / f"chat-backup-{made:%Y%m%dT%H%M%SZ}.tar.zst.sealed").touch()
    (tmp_path / "chat-backup-20200101T000000Z.tar.zst").touch()

    assert levels(look("backup")) == [level]


def test_no_backup(look: Look, settings: Any, tmp_path: Path) -> None:
    assert levels(look("backup")) == ["warning"]
    settings.BACKUP_FOLDER = str(tmp_path)
    assert levels(look("backup")) == ["problem"]


def test_a_storage_of_backups_that_cannot_be_made(look: Look, settings: Any) -> None:
    broken = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"nope": 1}}
    settings.STORAGES = settings.STORAGES | {"backups": broken}
    [finding] = look("backup")
    assert finding["level"] == "problem"
    assert "correct BACKUP_STORAGE_OPTIONS" in finding["text"]


# --- Who may read what ------------------------------------------------------------------------------------------------


def test_what_everybody_may_read_is_named_and_the_next_start_closes_it(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development")
    assert manage("prepare", env=env).returncode == 0
    (tmp_path / "media").mkdir(mode=0o700, exist_ok=True)
    private = [tmp_path / "db.sqlite3", tmp_path / "media"]
    assert [path.stat().st_mode & 0o777 for path in private] == [0o600, 0o700]
    for path, mode in zip(private, (0o644, 0o755), strict=True):
        path.chmod(mode)

    done = manage("doctor", "--only", "disk", env=env)

    for path in private:
        assert f"{path} can be read by everybody on this machine." in done.stdout
    assert manage("prepare", env=env).returncode == 0
    assert [path.stat().st_mode & 0o777 for path in private] == [0o600, 0o700]
    (tmp_path / "db.sqlite3").chmod(0o640)  # what was given to a group is meant so
    assert "can be read" not in manage("doctor", "--only", "disk", env=env).stdout
    assert manage("prepare", env=env).returncode == 0
    assert (tmp_path / "db.sqlite3").stat().st_mode & 0o777 == 0o640
