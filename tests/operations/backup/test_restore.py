"""`manage.py restore`: a backup in the place of the site, whole or not at all."""

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from conversations.models import Conversation, Generation, Message, SearchEntry
from conversations.search.index import index_own
from operations.backup.databases import standing_in
from operations.backup.media import StagedMedia
from operations.backup.occupied import refuse_sqlite_in_use
from operations.backup.problems import Unreachable
from tests.operations.backup.conftest import config
from tests.operations.backup.content import MOMENT, TEXT, backed_up, digests, media_files, run


@pytest.fixture
def backup(site: Path, tmp_path: Path) -> Path:
    return backed_up(tmp_path / "backups")


def _changed() -> tuple[object, object]:
    """Another site than the one in the backup; how all of it looks."""
    User.objects.create_user("charlie")
    Message.objects.filter(role="user").update(content="changed")
    root = Path(connection.settings_dict["NAME"]).parent / "media"
    (root / "later").write_text("later")
    return digests(), media_files()


def test_everything_is_as_it_was(site: Path, backup: Path) -> None:
    rows, files = digests(), media_files()
    changed = _changed()
    assert changed != (rows, files)
    said = run("restore", backup, "--replace")
    assert "The site is restored" in said
    assert "people: 3" in said
    assert (digests(), media_files()) == (rows, files)
    question = Message.objects.get(role="user")
    assert question.content == TEXT
    assert question.created_at < Conversation.objects.get().updated_at == MOMENT
    assert str(Generation.objects.get().cost) == "123456.123456"
    assert Generation.objects.get().retry_after == 1 / 3
    assert sorted(path.name for path in site.iterdir() if "db" in path.name or path.name.startswith(".")) == [
        "db.sqlite3",
        "db.sqlite3-shm",
        "db.sqlite3-wal",
    ]


def test_into_an_empty_site(backup: Path, site: Path) -> None:
    rows, files = digests(), media_files()
    connection.close()
    for path in [site / "db.sqlite3", *(p for p in (site / "media").rglob("*") if p.is_file())]:
        path.unlink()
    run("restore", backup)
    assert (digests(), media_files()) == (rows, files)


def test_ids_go_on_from_there(site: Path, backup: Path) -> None:
    newest = User.objects.latest("pk").pk
    run("restore", backup, "--replace")
    assert User.objects.create_user("dora").pk == newest + 1


def test_sessions_end_and_search_begins_anew(site: Path, backup: Path) -> None:
    assert Session.objects.exists()
    run("restore", backup, "--replace")
    assert not Session.objects.exists()
    assert not SearchEntry.objects.exists()
    alice = User.objects.get(username="alice")
    index_own(alice)
    assert SearchEntry.objects.filter(owner=alice).count() == 3


def test_sessions_that_were_kept(site: Path, tmp_path: Path) -> None:
    kept = Session.objects.get().session_key
    run("restore", backed_up(tmp_path / "backups", "--with-sessions"), "--replace")
    assert Session.objects.get().session_key == kept


def test_the_audit_log_stays_append_only(site: Path, backup: Path) -> None:
    run("restore", backup, "--replace")
    with connection.cursor() as cursor, pytest.raises(Exception, match="append"):
        cursor.execute("DELETE FROM moderation_auditentry")


def test_not_over_a_site_unless_told_so(site: Path, backup: Path) -> None:
    before = _changed()
    with pytest.raises(CommandError, match=r"already \(people: 3, conversations: 1, messages: 2"):
        run("restore", backup)
    assert (digests(), media_files()) == before


def test_dry_run_says_what_would_be_lost(site: Path, backup: Path) -> None:
    before = _changed()
    assert "people: 3, conversations: 1, messages: 2" in run("restore", backup, "--dry-run")
    told = json.loads(run("restore", backup, "--dry-run", "--json"))
    assert told["restored"] is False
    assert told["replaced"]["people"] == 3
    assert (digests(), media_files()) == before


def test_over_a_database_that_is_none(site: Path, backup: Path) -> None:
    rows = digests()
    connection.close()
    for path in site.glob("db.sqlite3*"):
        path.write_bytes(b"what a broken disk left" * 1000)
    with pytest.raises(CommandError, match="a database that cannot be read"):
        run("restore", backup)
    run("restore", backup, "--replace")
    assert digests() == rows


def test_while_the_site_runs(site: Path, backup: Path) -> None:
    """Whoever has the database open would go on with the old one, and what they write would be lost."""
    before = _changed()
    server = sqlite3.connect(site / "db.sqlite3")
    server.execute("SELECT count(*) FROM accounts_user").fetchone()
    with pytest.raises(CommandError, match="The site is running"):
        run("restore", backup, "--replace")
    assert (digests(), media_files()) == before
    run("restore", backup, "--replace", "--force")
    server.close()
    assert User.objects.count() == 2


@pytest.mark.parametrize(("kind", "make"), [("a directory", os.mkdir), ("a pipe", os.mkfifo)])
@pytest.mark.parametrize("is_link", [False, True])
def test_where_the_database_is_no_file(
    site: Path, backup: Path, kind: str, make: Callable[[Path], None], is_link: bool
) -> None:
    odd, database = site / "odd", site / "db.sqlite3"
    connection.close()
    for path in site.glob("db.sqlite3*"):
        path.unlink()
    make(odd if is_link else database)
    if is_link:
        database.symlink_to(odd)
    before = [(path.name, path.lstat().st_mode) for path in sorted(site.iterdir())]
    for call in ((), ("--dry-run",), ("--replace",), ("--replace", "--force")):
        with pytest.raises(CommandError, match=rf"db.sqlite3 is {kind}, not a database.*Nothing was changed"):
            run("restore", backup, *call)
    assert [(path.name, path.lstat().st_mode) for path in sorted(site.iterdir())] == before


def test_a_database_that_cannot_be_opened_is_not_called_one_in_use(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="it is a directory"), standing_in(config(tmp_path)):
        refuse_sqlite_in_use(tmp_path)


@pytest.mark.parametrize(
    "where",
    [
        "operations.backup.loading.rows.set_sequences",
        "operations.backup.restoring.look_at",
        "pathlib.Path.replace",
    ],
)
def test_a_restore_that_fails_leaves_the_old_site(
    where: str, site: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _changed()

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(where, fail)
        with pytest.raises(CommandError, match="There is no room left"):
            run("restore", backup, "--replace")
    assert (digests(), media_files()) == before
    assert not [path for path in site.rglob("*") if path.name.startswith(".")]


# --- Who may read it --------------------------------------------------------------------------------------------------


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_database_keeps_its_mode(site: Path, backup: Path, mode: int) -> None:
    (site / "db.sqlite3").chmod(mode)
    run("restore", backup, "--replace")
    assert _mode(site / "db.sqlite3") == mode


def test_a_new_database_and_all_files_are_for_their_owner_only(site: Path, backup: Path) -> None:
    connection.close()
    (site / "db.sqlite3").unlink()
    shutil.rmtree(site / "media")
    before = os.umask(0o022)
    try:
        run("restore", backup)
    finally:
        os.umask(before)
    assert _mode(site / "db.sqlite3") == 0o600
    assert media_files()
    for path in (site / "media", *(site / "media").rglob("*")):
        assert _mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_linked_database_stays_a_link(site: Path, backup: Path, tmp_path: Path) -> None:
    rows = digests()
    disk = tmp_path / "disk"
    disk.mkdir()
    connection.close()
    for path in site.glob("db.sqlite3*"):
        path.rename(disk / path.name)
    (site / "db.sqlite3").symlink_to(disk / "db.sqlite3")
    (disk / "db.sqlite3").chmod(0o640)
    run("restore", backup, "--replace")
    assert (site / "db.sqlite3").is_symlink()
    assert _mode(disk / "db.sqlite3") == 0o640
    assert digests() == rows
    assert sorted(path.name for path in disk.iterdir() if path.name.startswith(".")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root restores for another account")
def test_root_restores_for_the_account_that_has_the_site(site: Path, backup: Path) -> None:
    for path in (site / "media", site / "db.sqlite3"):
        os.chown(path, 12345, 12346)
    run("restore", backup, "--replace")
    for path in (site / "db.sqlite3", site / "media", *(site / "media").rglob("*")):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346), path


@pytest.mark.parametrize("kind", ["directory", "device", "pipe"])
def test_what_is_no_file_is_no_backup(site: Path, tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = {"directory": tmp_path, "device": Path("/dev/null"), "pipe": tmp_path / "pipe"}[kind]
    with pytest.raises(CommandError, match=f"is a {kind}, not a backup"):
        run("restore", path, "--replace")
    with pytest.raises(CommandError, match=f"is a {kind}, not a backup"):
        run("backup", "--verify", path)


def test_a_swap_of_files_that_was_killed_is_taken_back_by_the_next(site: Path, backup: Path) -> None:
    files = media_files()
    staged = StagedMedia(site / "media")
    staged.begin()
    for name in [*files, "new"]:
        staged.add(f"media/{name}", [b"new"])
    killed = staged.swapped()
    killed.__enter__()  # and nobody comes back
    assert {text for name, text in media_files().items() if not name.startswith(".")} == {b"new"}
    StagedMedia(site / "media").begin()
    assert {name: text for name, text in media_files().items() if name != "new"} == files
