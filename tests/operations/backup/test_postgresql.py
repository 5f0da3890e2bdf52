"""From PostgreSQL, while it is written, to SQLite and back: the same rows everywhere."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connection, transaction

from accounts.models import User
from conversations.models import Message
from moderation.models import AuditEntry
from operations.backup import occupied, schema
from operations.backup.checking import check
from operations.backup.databases import config_of, standing_in
from operations.backup.problems import InUse
from tests.operations.backup.content import backed_up, digests, fill, media_files, run
from tests.site import Site, scratch_database

pytestmark = pytest.mark.service


@pytest.fixture
def database_urls(postgres_url: str) -> Iterator[list[str]]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    names = [f"chat_backup_{number}{worker}" for number in (1, 2)]
    with scratch_database(postgres_url, names[0]) as first, scratch_database(postgres_url, names[1]) as second:
        yield [first, second]


def _writing(url: str, conversation: object, done: threading.Event, written: list[int]) -> None:
    """Each transaction adds a question and its answer: in a snapshot they come in pairs."""
    sql = (
        "INSERT INTO conversations_message (conversation_id, role, content, reasoning, html, model, source_id,"
        " is_indexed, created_at) VALUES (%s, %s, 'while it runs', '', '', '', '', false, now())"
    )
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as other:
        while not done.is_set():
            with other.transaction():
                other.execute(sql, [conversation, "user"])
                other.execute(sql, [conversation, "assistant"])
            written[0] += 1


def test_there_and_back_again(
    empty_site: Path, database_urls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = database_urls
    with standing_in(config_of(first)):
        schema.migrate_forward()
        fill()
        file = _backed_up_while_written(first, tmp_path, monkeypatch)
        rows, files = digests(), media_files()
        kept = check(file, None).manifest.tables
        assert kept["conversations.message"].count < rows["conversations.message"].count
        assert kept["conversations.message"].count % 2 == 0
        assert "Every byte" in run("backup", "--verify", file)
        proof = json.loads(run("backup", "--verify", file, "--scratch", second, "--json"))
        assert proof["ok"] is True
        last = backed_up(tmp_path / "backups")
    assert connection.vendor == "sqlite"
    run("restore", last, "--replace")
    assert (digests(), media_files()) == (rows, files)
    from_sqlite = backed_up(tmp_path / "backups")
    with standing_in(config_of(second)):
        assert connection.introspection.table_names() == []  # what verified there left nothing
        run("restore", from_sqlite, "--replace")
        assert (digests(), media_files()) == (rows, files)
        assert User.objects.create_user("dora").pk == max(User.objects.values_list("pk", flat=True))
        _stays_append_only()


def _backed_up_while_written(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    conversation = Message.objects.values_list("conversation_id", flat=True)[0]
    done, written = threading.Event(), [0]
    writer = threading.Thread(target=_writing, args=(url, conversation, done, written))
    from operations.backup import rows

    lines = rows.lines

    def slow(model: Any, *tell: Any) -> Iterator[bytes]:
        """Between two tables somebody writes."""
        before = written[0]
        while written[0] < before + 2:
            assert writer.is_alive()
            done.wait(0.001)
        yield from lines(model, *tell)

    writer.start()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(rows, "lines", slow)
            return backed_up(folder / "backups")
    finally:
        done.set()
        writer.join()


def _stays_append_only() -> None:
    with pytest.raises(Exception, match="append"), transaction.atomic():
        AuditEntry.objects.filter(number=1).delete()


def test_what_can_go_wrong_changes_nothing(
    site: Path, database_urls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = database_urls
    file = backed_up(tmp_path / "backups")
    with standing_in(config_of(first)):
        run("restore", file, "--replace")
        User.objects.create_user("charlie")
        (site / "media/later").write_text("later")
        before = digests(), media_files()
        with pytest.raises(CommandError, match="people: 3"):
            run("restore", file)
        with monkeypatch.context() as patched:
            patched.setattr("operations.backup.restoring.look_at", _full)
            with pytest.raises(CommandError, match="no room"):
                run("restore", file, "--replace")
        assert (digests(), media_files()) == before
        with (
            psycopg.connect(first.replace("postgres://", "postgresql://")),
            pytest.raises(CommandError, match=r"other connections \(1\)"),
        ):
            run("restore", file, "--replace")
        assert (digests(), media_files()) == before
        with pytest.raises(CommandError, match="scratch database is not empty"):
            run("backup", "--verify", file, "--scratch", first)
        run("restore", file, "--replace")
        assert User.objects.count() == 2
    with standing_in(config_of(second)):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE invoices (id int)")
        with pytest.raises(CommandError, match=r"not this product's \(invoices\)"):
            run("restore", file, "--replace")
        assert connection.introspection.table_names() == ["invoices"]


def test_as_it_is_run(site: Path, database_urls: list[str], tmp_path: Path) -> None:
    """With the site's own settings and pool, in processes of their own; and not while a server runs."""
    file = backed_up(tmp_path / "backups")
    there = Site(tmp_path / "there", provider_url="http://127.0.0.1:1", database_url=database_urls[0])
    there.folder.mkdir()
    try:
        assert "The site is restored" in there.manage("restore", str(file))
        server = there.serve()
        made = json.loads(there.manage("backup", "--output", str(tmp_path / "more"), "--json"))
        with pytest.raises(AssertionError, match="The site seems to run"):
            there.manage("restore", str(file), "--replace")
        server.end()
        assert "What was here is gone (people: 2" in there.manage("restore", made["where"], "--replace")
    finally:
        there.close()


def test_only_connections_of_clients_are_users_of_the_site(empty_site: Path, database_urls: list[str]) -> None:
    url = database_urls[0].replace("postgres://", "postgresql://")
    with standing_in(config_of(database_urls[0])), psycopg.connect(f"{url}?replication=database", autocommit=True):
        occupied.refuse_postgresql_in_use()  # not in use: such a process serves the database, as autovacuum does
        with psycopg.connect(url), pytest.raises(InUse, match=r"other connections \(1\)"):
            occupied.refuse_postgresql_in_use()


def _full(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")
