"""A small site of its own for each test, on SQLite as it runs by default, with something of everything in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from operations.backup import schema
from operations.backup.databases import standing_in
from operations.backup.keys import BackupKey
from tests.operations.backup.content import fill

KEY = "bm90IGEgc2VjcmV0OiBvbmx5IHRoZSB0ZXN0cyBrZXk="  # 32 bytes


def config(path: Path) -> dict[str, Any]:
    """As chatbot_site.settings has it."""
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
    return {"ENGINE": "chatbot_site.queued_sqlite3", "NAME": str(path), "CONN_MAX_AGE": None, "OPTIONS": options}


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A database with the tables of this version and nothing in them but what migrations put there."""
    path = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    with django_db_blocker.unblock(), standing_in(config(path)):
        schema.migrate_forward()
    return path


@pytest.fixture
def empty_site(tmp_path: Path, migrated: Path, settings: Any, django_db_blocker: Any) -> Iterator[Path]:
    """The folder of a site without anybody. Everything in the test that asks the database asks this one."""
    shutil.copy(migrated, tmp_path / "db.sqlite3")
    (tmp_path / "media").mkdir()
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    with django_db_blocker.unblock(), standing_in(config(tmp_path / "db.sqlite3")):
        ContentType.objects.clear_cache()
        yield tmp_path
    ContentType.objects.clear_cache()


@pytest.fixture
def site(empty_site: Path) -> Path:
    fill()
    return empty_site


@pytest.fixture
def key() -> BackupKey:
    return BackupKey(KEY)
