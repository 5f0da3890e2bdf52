"""`manage.py backup`: one file with everything, made while the site runs."""

import io
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import IO

import pytest
import zstandard
from django.core.management.base import CommandError

from conversations.models import Message
from operations.backup.archive import entries
from operations.backup.checking import check
from operations.backup.databases import copy_sqlite
from operations.backup.keys import BackupKey
from operations.backup.places import Folder, name_at
from operations.backup.problems import Unreachable
from tests.operations.backup.conftest import KEY
from tests.operations.backup.content import API_KEY, MOMENT, PASSWORD, TEXT, backed_up, media_files, run


def test_one_file_with_database_media_and_manifest(site: Path) -> None:
    file = backed_up(site / "backups")
    assert re.fullmatch(r"chat-backup-\d{8}T\d{6}Z\.tar\.zst", file.name)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600
    checked = check(file, None)
    assert checked.about.database == "sqlite"
    assert checked.about.migrations["conversations"][0] == "0001_initial"
    assert checked.manifest.tables["conversations.message"].count == 2
    assert [part.name for part in checked.manifest.media()] == [f"media/{name}" for name in media_files()]


def test_common_tools_read_it(site: Path) -> None:
    file = backed_up(site / "backups")
    decompressor = zstandard.ZstdDecompressor()
    with file.open("rb") as source:
        archive = decompressor.stream_reader(source, read_across_frames=True).read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        names = tar.getnames()
    assert names[0] == "about.json"
    assert names[-1] == "manifest.json"
    assert "database/conversations.message/000001" in names


def test_what_can_be_made_again_is_left_out(site: Path) -> None:
    manifest = check(backed_up(site / "backups"), None).manifest
    assert not {"sessions.session", "conversations.searchentry"} & set(manifest.tables)
    kept = check(backed_up(site / "backups", "--with-sessions"), None).manifest
    assert kept.tables["sessions.session"].count == 1


def test_encrypted_it_shows_nothing(site: Path, key: BackupKey, settings) -> None:
    settings.BACKUP_KEY = KEY
    file = backed_up(site / "backups")
    assert file.name.endswith(".tar.zst.sealed")
    assert b"about" not in file.read_bytes()
    assert check(file, key).manifest.row_count > 0


def test_no_secret_can_be_read_without_encryption_either(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = backed_up(site / "backups", "--with-sessions")
    parts = {entry.name: b"".join(entry.pieces).decode(errors="replace") for entry in entries(file, None)}
    everything = "".join(parts.values())
    assert API_KEY not in everything
    assert PASSWORD not in everything
    assert json.dumps(TEXT, ensure_ascii=False)[1:-1] in parts["database/conversations.message/000001"]
    said = run("backup", "--verify", file, "--verbosity", 2) + "".join(capsys.readouterr())
    for shown in (parts["about.json"], parts["manifest.json"], said):
        for secret in (API_KEY, PASSWORD, "argon2", "md5$", "gAAAA", TEXT[:20], "alice", KEY):
            assert secret not in shown


def test_writers_go_on_and_the_copy_is_of_one_moment(tmp_path: Path) -> None:
    """Two tables that always agree, written by another connection for as long as the copy takes."""
    database = sqlite3.connect(tmp_path / "busy.sqlite3", check_same_thread=False, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; CREATE TABLE a (n, pad); CREATE TABLE b (n);"
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i < 9000)"
        "INSERT INTO a SELECT i, zeroblob(2000) FROM c; INSERT INTO b SELECT n FROM a;"
    )
    written, done = [0], threading.Event()

    def write() -> None:
        while not done.is_set():
            database.executescript("BEGIN; INSERT INTO a VALUES (0, ''); INSERT INTO b VALUES (0); COMMIT;")
            written[0] += 1

    writer = threading.Thread(target=write)
    steps: list[int] = []

    def step(left: int, _all: int) -> None:
        before = written[0]
        while written[0] == before:  # in every step somebody writes
            done.wait(0.001)
        steps.append(left)

    writer.start()
    try:
        copy_sqlite(tmp_path / "busy.sqlite3", tmp_path / "copy.sqlite3", step)
    finally:
        done.set()
        writer.join()
        database.close()
    copy = sqlite3.connect(tmp_path / "copy.sqlite3")
    [(a, b)] = copy.execute("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)")
    copy.close()
    assert a == b
    assert len(steps) > 1
    assert steps == sorted(steps, reverse=True), "a write made the copy begin again"


def test_rotation_removes_only_backups(site: Path) -> None:
    folder = site / "backups"
    folder.mkdir()
    other = folder / "chat-backup-mine.tar.zst"
    other.write_text("kept")
    files = [backed_up(folder) for _ in range(3)]
    assert len(set(files)) == 3
    last = backed_up(folder, "--keep", 2)
    assert sorted(folder.iterdir()) == sorted([other, files[2], last])


def test_rotation_waits_for_success(site: Path) -> None:
    folder = site / "backups"
    backed_up(folder)
    (site / "db.sqlite3").write_bytes(b"no database at all" * 100)
    before = sorted(folder.iterdir())
    with pytest.raises(CommandError, match="database"):
        run("backup", "--output", folder, "--keep", 1)
    assert sorted(folder.iterdir()) == before


def test_what_a_killed_backup_left_goes_with_the_next(site: Path) -> None:
    folder = site / "backups"
    folder.mkdir()
    (folder / ".chat-backup-20200101T000000Z.tar.zst.unfinished").write_bytes(b"half")
    left = site / ".backup-scratch-old"
    left.mkdir()
    (left / "lock").touch()
    file = backed_up(folder)
    assert list(folder.iterdir()) == [file]
    assert not left.exists()


def test_missing_files_are_told(site: Path) -> None:
    next((site / "media").rglob("*/*/*")).unlink()
    assert json.loads(run("backup", "--output", site / "backups", "--json"))["missing_files"] == 1


def test_links_among_the_files_are_not_followed(site: Path) -> None:
    (site / "media/link").symlink_to("/etc/hostname")
    (site / "media/folder").symlink_to("/etc")
    manifest = check(backed_up(site / "backups"), None).manifest
    assert len(manifest.media()) == 1


def test_output_among_the_files_is_refused(site: Path) -> None:
    with pytest.raises(CommandError, match="must not go among the uploaded files"):
        run("backup", "--output", site / "media/backups")


def test_somewhere_must_be_said(site: Path) -> None:
    with pytest.raises(CommandError, match="--output FOLDER"):
        run("backup")


def test_a_weak_key_is_refused(site: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(CommandError, match="at least 16 characters"):
        run("backup", "--output", site / "backups", "--key-file", tmp_path / "key")
    with pytest.raises(CommandError, match="cannot be read"):
        run("backup", "--output", site / "backups", "--key-file", tmp_path / "nothing")


def test_storage_of_the_settings(site: Path, settings) -> None:
    options = {"location": str(site / "remote")}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = settings.STORAGES | {"backups": {"BACKEND": backend, "OPTIONS": options}}
    first = json.loads(run("backup", "--storage", "backups", "--json"))["file"]
    second = json.loads(run("backup", "--storage", "backups", "--keep", 1, "--json"))
    assert second["removed"] == [first]
    assert [path.name for path in (site / "remote").iterdir()] == [second["file"]]
    assert "Every byte" in run("backup", "--verify", second["file"], "--storage", "backups")
    with pytest.raises(CommandError, match="There is no"):
        run("backup", "--verify", first, "--storage", "backups")


def test_a_storage_on_this_machine_is_for_its_owner_only(site: Path, settings) -> None:
    options = {"location": str(site / "remote")}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = settings.STORAGES | {"backups": {"BACKEND": backend, "OPTIONS": options}}
    run("backup", "--storage", "backups")
    [file] = (site / "remote").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    options["file_permissions_mode"] = 0o640  # whoever says so
    settings.STORAGES = settings.STORAGES | {"backups": {"BACKEND": backend, "OPTIONS": options}}
    file.unlink()
    run("backup", "--storage", "backups")
    [file] = (site / "remote").iterdir()
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_only_has_the_name_of_a_backup_is_neither_replaced_nor_removed(site: Path) -> None:
    folder = site / "backups"
    folder.mkdir()
    precious = site / "precious"
    precious.write_text("precious")
    names = [f"chat-backup-20200101T00000{number}Z.tar.zst" for number in range(3)]
    (folder / names[0]).symlink_to(precious)
    (folder / names[1]).mkdir()
    os.mkfifo(folder / names[2])
    os.mkfifo(folder / ".chat-backup-20200101T000000Z.tar.zst.unfinished")  # would be waited for
    (folder / ".chat-backup-20200101T000001Z.tar.zst.unfinished").symlink_to(precious)
    for _time in range(2):
        removed = json.loads(run("backup", "--output", folder, "--keep", 1, "--json"))["removed"]
        assert not set(removed) & set(names)
    assert (folder / names[0]).is_symlink()
    assert (folder / names[1]).is_dir()
    assert (folder / names[2]).is_fifo()
    assert precious.read_text() == "precious"
    assert len(list(folder.iterdir())) == 6


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_name_that_is_taken_in_the_last_moment(site: Path, kind: str) -> None:
    folder = Folder(site / "backups")
    name = name_at(MOMENT, sealed=False)
    path = site / "backups" / name

    def write(file: IO[bytes]) -> None:
        file.write(b"a backup")
        path.symlink_to(site / "nothing") if kind == "link" else path.write_bytes(b"of somebody else")

    with pytest.raises(Unreachable, match="is there already and was not replaced"):
        folder.keep(name, write)
    assert [one.name for one in path.parent.iterdir()] == [name]
    assert kind == "file" or not (site / "nothing").exists()


@pytest.mark.parametrize("place", ["file", "/dev/null", "pipe"])
def test_a_place_that_is_no_folder(site: Path, place: str) -> None:
    (site / "file").write_text("precious")
    os.mkfifo(site / "pipe")
    with pytest.raises(CommandError, match="cannot be read: Not a directory"):
        run("backup", "--output", site / place)
    assert (site / "file").read_text() == "precious"


def test_storage_that_cannot_be_reached(site: Path, settings) -> None:
    (site / "file").touch()
    backend = "django.core.files.storage.FileSystemStorage"
    options = {"location": str(site / "file" / "below")}
    settings.STORAGES = settings.STORAGES | {"backups": {"BACKEND": backend, "OPTIONS": options}}
    with pytest.raises(CommandError, match="cannot be reached, or refuses"):
        run("backup", "--storage", "backups")
    with pytest.raises(CommandError, match="no storage 'elsewhere'"):
        run("backup", "--storage", "elsewhere")


@pytest.mark.parametrize(
    ("backend", "options", "told"),
    [
        ("not.there.Storage", {}, r"BACKUP_STORAGE cannot be imported \(ModuleNotFoundError\)"),
        ("os.path.join", {"a": "s3cret-word"}, "BACKUP_STORAGE is no class of a storage"),
        ("builtins.dict", {}, "BACKUP_STORAGE is no class of a storage"),
        ("django.core.files.storage.FileSystemStorage", {"s3cret-word": 1}, "correct BACKUP_STORAGE_OPTIONS"),
        ("django.core.files.storage.FileSystemStorage", {"location": 5}, "as BACKUP_STORAGE and BACKUP_STORAGE_OPTION"),
    ],
)
def test_a_storage_that_cannot_be_made_names_its_variable(
    site: Path, settings, backend: str, options: dict[str, object], told: str
) -> None:
    settings.STORAGES = settings.STORAGES | {"backups": {"BACKEND": backend, "OPTIONS": options}}
    for arguments in (["backup"], ["backup", "--verify", "name"], ["restore", "name"]):
        with pytest.raises(CommandError, match=told) as refused:
            run(*arguments, "--storage", "backups")
        assert "s3cret-word" not in str(refused.value)


def test_many_rows_go_into_several_parts(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.backup.making.PART_BYTES", 200)
    conversation = Message.objects.values_list("conversation_id", flat=True)[0]
    Message.objects.bulk_create(Message(conversation_id=conversation, role="user", content="x") for _ in range(40))
    file = backed_up(site / "backups")
    parts = [part.name for part in check(file, None).manifest.parts if "conversations.message/" in part.name]
    assert len(parts) > 10
    assert "restored and compared" in run("backup", "--verify", file)


@pytest.mark.parametrize("limit", [100_000, 1_500_000], ids=["beside the database", "in the folder of backups"])
def test_full_disk_leaves_no_half_file(site: Path, limit: int) -> None:
    """The kernel refuses to let files grow; in a process of its own, which the limit is for."""
    (site / "media/noise").write_bytes(os.urandom(2_000_000))
    env = os.environ | {"DATABASE_URL": f"sqlite:///{site / 'db.sqlite3'}", "VAR_DIR": str(site)}
    env |= {"DJANGO_SETTINGS_MODULE": "chatbot_site.settings", "APP_ENV": "development", "ENV_FILE": "tests/no.env"}
    before = set(site.rglob("*"))
    ended = subprocess.run(
        [sys.executable, "manage.py", "backup", "--output", str(site / "backups")],
        env=env,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert ended.returncode == 1, ended.stderr
    assert "There is no room left" in ended.stderr
    assert "Traceback" not in ended.stderr
    left = {path.name for path in set(site.rglob("*")) - before}
    assert left <= {"backups", "log", "chat.log", "db.sqlite3-wal", "db.sqlite3-shm"}
