"""`backup --verify`: the site is brought back in a scratch database, and looked at there."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from moderation.models import AuditEntry
from operations.backup import schema
from operations.backup.archive import entries
from operations.backup.databases import standing_in
from operations.backup.keys import BackupKey
from tests.operations.backup.conftest import KEY, config
from tests.operations.backup.content import backed_up, digests, rewritten, run


def test_all_is_well(site: Path) -> None:
    file = backed_up(site / "backups")
    before = sorted(site.rglob("*"))
    said = run("backup", "--verify", file)
    assert "Every byte is as it was written" in said
    assert "1 stored API key opens" in said
    assert sorted(site.rglob("*")) == before
    told = json.loads(run("backup", "--verify", file, "--json"))
    assert told["ok"] is True
    assert told["credentials"] == 1
    assert told["audit_entries"] == AuditEntry.objects.count() > 0
    assert told["rows"] == sum(rows.count for rows in digests().values())


def test_encrypted(site: Path, settings) -> None:
    settings.BACKUP_KEY = KEY
    assert "Every byte" in run("backup", "--verify", backed_up(site / "backups"))


def test_credentials_of_another_encryption_key(site: Path, settings) -> None:
    file = backed_up(site / "backups")
    settings.ENCRYPTION_KEY = "b3RoZXItdGVzdHMta2V5LXRoYXQtaXMtMzItYnl0ZXM="
    with pytest.raises(CommandError, match="The API key of openai does not open with this ENCRYPTION_KEY"):
        run("backup", "--verify", file)
    settings.ENCRYPTION_KEY = ""
    with pytest.raises(CommandError, match="ENCRYPTION_KEY is not set"):
        run("backup", "--verify", file)


def test_a_broken_chain_of_the_audit_log(site: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'moderation_auditentry'")
        for (trigger,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{trigger}"')
        cursor.execute("UPDATE moderation_auditentry SET action = 'nothing.happened' WHERE number = 2")
    file = backed_up(site / "backups")
    with pytest.raises(CommandError, match=r"chain is broken\. Entry 2"):
        run("backup", "--verify", file)


def test_a_missing_file_is_said(site: Path) -> None:
    next((site / "media").rglob("*/*/*")).unlink()
    assert "1 file that a row speaks of was missing" in run("backup", "--verify", backed_up(site / "backups"))


def test_an_older_one_is_migrated_forward(older_site: Path) -> None:
    file = backed_up(older_site / "backups")
    told = json.loads(run("backup", "--verify", file, "--json"))
    assert "moderation.0003_audit_append_only" in told["migrated_forward"]
    assert told["ok"] is True


@pytest.fixture
def older_site(empty_site: Path, tmp_path: Path):
    """As a version before left it: without the last migrations of moderation."""
    here = schema.applied()
    here["moderation"] = here["moderation"][:1]
    (tmp_path / "db.sqlite3").unlink()
    connection.close()
    with standing_in(config(tmp_path / "db.sqlite3")):
        schema.migrate_to(here)
        User.objects.create_user("alice")
        yield tmp_path


def test_an_older_one_is_restored_and_migrated_forward(older_site: Path, migrated: Path) -> None:
    file = backed_up(older_site / "backups")
    run("restore", file, "--replace")
    assert User.objects.get().username == "alice"
    assert not schema.unknown(schema.applied())
    assert "0003_audit_append_only" in schema.applied()["moderation"]


def test_newer(site: Path) -> None:
    file = backed_up(site / "backups")
    about = {"app_version": "9.9", "migrations": {**schema.applied(), "moderation": ["0001_initial", "0099_later"]}}
    newer = rewritten(file, file.with_name("newer"), about=about)
    for arguments in (("backup", "--verify"), ("restore", "--replace")):
        with pytest.raises(CommandError, match=r"newer version \(9.9; this is .*moderation.0099_later") as refused:
            run(*arguments, newer)
        assert "Nothing was changed" in str(refused.value)
    other = rewritten(file, file.with_name("other"), about={"format": 2, "app_version": "9.9"})
    with pytest.raises(CommandError, match="format 2"):
        run("restore", other, "--replace")


def test_a_row_that_does_not_fit_is_found(site: Path) -> None:
    """Sound by its sums, and yet no site: what only a restore shows."""
    file = backed_up(site / "backups")
    about = json.loads(_about(file))
    about["tables"][0]["fields"].append("more")
    with pytest.raises(CommandError, match="not what its own migrations make"):
        run("backup", "--verify", rewritten(file, file.with_name("other"), about=about))


def _about(file: Path) -> bytes:
    return next(b"".join(entry.pieces) for entry in entries(file, None))


def test_a_scratch_database_that_is_none(site: Path) -> None:
    file = backed_up(site / "backups")
    with pytest.raises(CommandError, match="is written postgres://"):
        run("backup", "--verify", file, "--scratch", "nonsense")
    with pytest.raises(CommandError, match="cannot be reached"):
        run("backup", "--verify", file, "--scratch", "postgres://nobody:planted@127.0.0.1:1/none")


def test_errors_are_json_too(site: Path) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("backup", "--verify", str(site / "nothing"), "--json", stdout=out)
    assert "No such file" in json.loads(out.getvalue())["error"]


def test_the_key_is_asked_of_the_environment_or_a_file(site: Path, tmp_path: Path, settings, key: BackupKey) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    file = backed_up(site / "backups", "--key-file", tmp_path / "key")
    settings.BACKUP_KEY = KEY
    assert "Every byte" in run("backup", "--verify", file)
