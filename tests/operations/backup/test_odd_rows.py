"""Rows that only SQLite can hold, written by hand: a backup names them, and goes into any database all the same."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from conversations.models import Conversation, Folder, Generation, ImportJob, Message
from operations.backup import rows
from operations.backup.archive import ArchiveWriter, entries
from operations.backup.checking import check
from operations.backup.databases import config_of, standing_in
from operations.backup.manifest import About, OddRows
from tests.operations.backup.content import backed_up, run
from tests.site import scratch_database

PLACES = {
    "a lone surrogate, as bytes": ("conversations_conversation", "title", "CAST(x'61eda08062' AS TEXT)"),
    "bytes that are no UTF-8": ("conversations_message", "content", "CAST(x'ff41fe' AS TEXT)"),
    "bytes": ("conversations_message", "content", "x'ff00'"),
    "NUL": ("conversations_folder", "name", "'a' || char(0) || 'b'"),
    "a text that is too long": ("conversations_folder", "name", "printf('%.*c', 400, 'x')"),
    "a whole number that is too large": ("conversations_generation", "max_tokens", "3000000000"),
    "one of more than 64 bits": ("conversations_generation", "seq", "99999999999999999999"),
    "one of 400 digits": ("conversations_generation", "seq", "1" * 400),
    "a negative count": ("conversations_conversation", "max_tokens", "-3"),
    "text in the place of a number": ("conversations_generation", "max_tokens", "'many'"),
    "text in the place of a fraction": ("conversations_conversation", "temperature", "'warm'"),
    "a number without end": ("conversations_conversation", "temperature", "9e999"),
    "text in the place of a price": ("conversations_generation", "cost", "'dear'"),
    "a price that is too high": ("conversations_generation", "cost", "1e30"),
    "a date that is none": ("conversations_message", "created_at", "'2026-02-30 12:00:00'"),
    "words in the place of a date": ("conversations_message", "created_at", "'yesterday'"),
    "a number in the place of a date": ("conversations_message", "created_at", "1764000000"),
    "a date after the year 9999": ("conversations_conversation", "pinned_at", "'20260-01-01 00:00:00'"),
    "bytes in the place of a date": ("conversations_conversation", "updated_at", "x'ff'"),
    "text in the place of yes or no": ("conversations_conversation", "streaming", "'perhaps'"),
    "another number in its place": ("conversations_conversation", "streaming", "7"),
    "a lone surrogate in JSON": ("conversations_importjob", "report", r"""'{"\ud800": ["\udc00", "\u0000"]}'"""),
    "endless digits in JSON": ("conversations_importjob", "report", f"""'{{"n": {"1" * 5000}}}'"""),
    "an endless number in JSON": ("conversations_importjob", "report", """'{"n": 1e999}'"""),
    "no JSON": ("conversations_importjob", "report", "'{'"),
    "an id that is none": ("conversations_message", "client_id", "'not an id'"),
    "nothing where something must be": ("conversations_folder", "created_at", "NULL"),
}
LOST = {
    "an owner that is none": ("conversations_conversation", "owner_id", "'nobody'"),
    "an owner who is not there": ("conversations_conversation", "owner_id", "4711"),
    "a key that is none": ("conversations_importjob", "id", "'key'"),
}


@pytest.fixture
def old_site(site: Path) -> Path:
    """As a version had it that let everything into its tables."""
    ImportJob.objects.create(owner=User.objects.get(username="bob"), report={"count": 1})
    connection.close()
    with closing(sqlite3.connect(site / "db.sqlite3", isolation_level=None)) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'conversations_folder'")
    return site


def _add(table: str) -> None:
    """One row more."""
    bob, [conversation] = User.objects.get(username="bob"), Conversation.objects.filter(title="제목")
    if table == "conversations_conversation":
        Conversation.objects.create(owner=bob)
    elif table == "conversations_folder":
        Folder.objects.create(owner=bob, name=f"folder {Folder.objects.count()}")
    elif table == "conversations_importjob":
        ImportJob.objects.create(owner=bob)
    else:
        message = Message.objects.create(conversation=conversation, role="user", content="x")
        if table == "conversations_generation":
            Generation.objects.create(conversation=conversation, message=message, status="complete", max_tokens=5)


def _write(site: Path, table: str, column: str, value: str) -> str:
    """Put the SQL `value` into a new row of a table, as a hand with `sqlite3` can; the row's key."""
    _add(table)
    connection.close()
    with closing(sqlite3.connect(site / "db.sqlite3", isolation_level=None)) as file:
        file.execute("PRAGMA ignore_check_constraints = ON")
        key, rowid = file.execute(f"SELECT id, rowid FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
        file.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = ?", [rowid])
    return str(key)


def _warned(*arguments: object) -> tuple[str, str]:
    """What a command prints on stdout, and on stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command(*(str(argument) for argument in arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def _names(text: str, table: str, key: str, column: str) -> bool:
    label = table.replace("_", ".", 1)
    plain = text.replace("-", "")  # SQLite has ids without hyphens
    return f"{label} {key}: {column} " in plain


def test_values_that_only_sqlite_holds_are_named_and_mended(old_site: Path) -> None:
    keys = {odd: _write(old_site, *place) for odd, place in PLACES.items()}
    out, err = _warned("backup", "--output", old_site / "backups", "--json")
    made = json.loads(out)
    for odd, (table, column, _value) in PLACES.items():
        assert _names(err, table, keys[odd], column), f"{odd}\n{err}"
    assert made["odd_rows"]["count"] == len(PLACES)
    assert made["odd_rows"]["left_out"] == 0
    out, verified = _warned("backup", "--verify", old_site / "backups" / made["file"], "--json")
    assert json.loads(out)["ok"] is True
    assert json.loads(out)["odd_rows"] == made["odd_rows"]
    assert verified == err


def test_rows_that_make_no_sense_are_named_and_stop_no_other(old_site: Path) -> None:
    for place in LOST.values():
        _write(old_site, *place)
    file = backed_up(old_site / "backups")
    err = io.StringIO()
    with pytest.raises(CommandError, match="3 rows make no sense"):
        call_command("backup", "--verify", str(file), stdout=io.StringIO(), stderr=err)
    named = [line for line in err.getvalue().splitlines() if line.endswith("the row is left out.")]
    assert len(named) == len(LOST)
    for table, column, _value in LOST.values():
        assert any(line.startswith(table.replace("_", ".", 1)) and f": {column} " in line for line in named)
    before = User.objects.count(), Folder.objects.count(), Message.objects.count()
    _out, err_of_restore = _warned("restore", file, "--replace")
    assert err_of_restore.count("the row is left out.") == len(LOST)
    assert (User.objects.count(), Folder.objects.count(), Message.objects.count()) == before
    assert json.loads(run("backup", "--verify", backed_up(old_site / "again"), "--json"))["ok"] is True


def test_what_was_mended_comes_nearest(old_site: Path) -> None:
    for odd in (
        "a lone surrogate, as bytes",
        "a text that is too long",
        "one of more than 64 bits",
        "a date that is none",
    ):
        _write(old_site, *PLACES[odd])
    _write(old_site, *PLACES["a lone surrogate in JSON"])
    run("restore", backed_up(old_site / "backups"), "--replace")
    assert Conversation.objects.filter(title="a\ufffd\ufffd\ufffdb").exists()
    assert Folder.objects.latest("pk").name == "x" * 60
    assert Generation.objects.latest("pk").seq == 2**31 - 1
    assert ImportJob.objects.latest("created_at").report == {"\ufffd": ["\ufffd", "\ufffd"]}
    assert Message.objects.latest("pk").created_at.year >= 2026


def test_two_rows_that_become_the_same_cost_one_of_them_and_no_more(old_site: Path) -> None:
    bob = User.objects.get(username="bob")
    Folder.objects.create(owner=bob, name="a\ufffd")
    Folder.objects.create(owner=bob, name="later")
    _write(old_site, "conversations_folder", "name", "'a' || char(0)")
    file = backed_up(old_site / "backups")
    with pytest.raises(CommandError, match="1 row makes no sense"):
        run("backup", "--verify", file)
    _out, err = _warned("restore", file, "--replace")
    assert "refused by the database (IntegrityError)" in err
    assert set(Folder.objects.values_list("name", flat=True)) == {"서류", "a\ufffd", "later"}


def test_a_session_is_not_named_by_its_key(old_site: Path) -> None:
    connection.close()
    with closing(sqlite3.connect(old_site / "db.sqlite3", isolation_level=None)) as file:
        [key] = file.execute("SELECT session_key FROM django_session").fetchone()
        file.execute("UPDATE django_session SET expire_date = 'never'")
    _out, err = _warned("backup", "--output", old_site / "backups", "--with-sessions")
    assert "sessions.session" in err
    assert key not in err


def test_only_the_first_are_named() -> None:
    odd = OddRows()
    for _number in range(250):
        odd.add(rows.OddRow("a.b", "1", "c", "is no date"))
    assert len(odd.sentences()) == 101
    assert odd.sentences()[-1] == "And 150 more rows like these."


def _older(file: Path, target: Path, change: Callable[[bytes], bytes]) -> Path:
    """A backup as versions made them that looked at no value: with lines of rows changed."""
    parts = [(entry.name, b"".join(entry.pieces)) for entry in entries(file, None)]
    with target.open("wb") as out:
        archive = ArchiveWriter(out, None, About.read(parts[0][1]))
        digests = {label: rows.Digest() for label in check(file, None).manifest.tables}
        for name, text in parts[1:-1]:
            if name.startswith("database/"):
                text = change(text)
                for line in text.splitlines(keepends=True):
                    digests[name.split("/")[1]].add(line)
            archive.add_text(name, text)
        archive.manifest.tables = {label: digest.rows() for label, digest in digests.items()}
        archive.close()
    return target


def test_a_backup_of_before_is_mended_when_it_is_loaded(old_site: Path) -> None:
    def change(text: bytes) -> bytes:
        return text.replace("서류".encode(), rb"a\u0000\ud800").replace("제목".encode(), "제".encode() * 500)

    file = _older(backed_up(old_site / "backups"), old_site / "older", change)
    out, err = _warned("backup", "--verify", file, "--json")
    assert json.loads(out)["odd_rows"]["count"] == 2
    assert json.loads(out)["ok"] is True
    assert "conversations.folder" in err
    run("restore", file, "--replace")
    assert Folder.objects.get().name == "a\ufffd\ufffd"
    assert len(Conversation.objects.get().title) == 120


@pytest.fixture
def database_url(postgres_url: str, worker_id: str) -> Iterator[str]:
    with scratch_database(postgres_url, f"chat_odd_{worker_id}") as url:
        yield url


@pytest.mark.service
def test_everything_odd_at_once_goes_to_postgresql_and_back(old_site: Path, database_url: str) -> None:
    for place in PLACES.values():
        _write(old_site, *place)
    file = backed_up(old_site / "backups")
    assert json.loads(run("backup", "--verify", file, "--json"))["ok"] is True
    assert json.loads(run("backup", "--verify", file, "--scratch", database_url, "--json"))["ok"] is True
    with standing_in(config_of(database_url)):
        run("restore", file, "--replace")
        _strange_dates_of_postgresql()
        out, err = _warned("backup", "--output", old_site / "back", "--json")
        assert "conversations.conversation" in err
        assert "updated_at" in err
    back = old_site / "back" / json.loads(out)["file"]
    run("restore", back, "--replace")
    assert connection.vendor == "sqlite"
    assert Conversation.objects.earliest("updated_at").updated_at.year >= 2026
    for odd in LOST.values():
        _write(old_site, *odd)
    with standing_in(config_of(database_url)):
        run("restore", backed_up_of(old_site), "--replace")
        assert User.objects.count() == 2


def backed_up_of(site: Path) -> Path:
    """Of the SQLite database of the site, whichever is asked now."""
    from tests.operations.backup.conftest import config

    with standing_in(config(site / "db.sqlite3")):
        return backed_up(site / "last")


def _strange_dates_of_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_conversation SET updated_at = 'infinity', temperature = 'NaN'")
        cursor.execute("UPDATE conversations_generation SET cost = 'NaN', started_at = '0044-03-15 BC'")


def test_a_file_on_disk_whose_name_is_no_text(old_site: Path) -> None:
    odd = bytes(old_site / "media") + b"/odd\xff\xed\xa0\x80"
    with open(odd, "wb") as file:
        file.write(b"x")
    file_of_backup = backed_up(old_site / "backups")
    assert json.loads(run("backup", "--verify", file_of_backup, "--json"))["ok"] is True
    run("restore", file_of_backup, "--replace")
