"""What the command says, and when it refuses."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from conversations.models import Conversation
from operations.cleanup.kinds import KINDS
from operations.cleanup.retention import Policy, policies
from tests.operations.cleanup.conftest import ago, chat


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("cleanup", *arguments, stdout=out)
    return out.getvalue()


def test_says_what_went(alice: User) -> None:
    chat(alice, expires_at=ago(hours=1))
    chat(alice, expires_at=ago(hours=1))
    chat(alice, deleted_at=ago(days=31))

    assert _run().startswith("Removed 2 temporary chats, 1 deleted conversations. (")


def test_says_so_when_there_is_nothing(db: None) -> None:
    assert _run("--dry-run").startswith("There is nothing to remove.")


def test_is_quiet_when_told_so(db: None) -> None:
    assert _run("--verbosity", "0") == ""


def test_json_names_every_kind(db: None) -> None:
    report = json.loads(_run("--json"))

    assert report["removed"] == {kind.name: 0 for kind in KINDS}
    assert report["failed"] == {}


def test_only_one_kind(alice: User) -> None:
    chat(alice, expires_at=ago(hours=1))

    assert json.loads(_run("--json", "--only", "read_notices"))["removed"] == {"read_notices": 0}
    assert Conversation.objects.exists()


def test_a_kind_that_is_none_is_wrong_usage(db: None) -> None:
    with pytest.raises(CommandError, match="there is no kind 'everything'"):
        _run("--only", "everything")


def test_retention_is_read_with_the_longest_first(settings: Any) -> None:
    settings.RETENTION_DAYS = {"Interns": 30, "A=b": None, "Members": 365}

    assert policies() == [Policy("A=b", None), Policy("Members", 365), Policy("Interns", 30)]


def test_a_group_that_is_not_there_is_named(db: None, settings: Any) -> None:
    settings.RETENTION_DAYS = {"Intrens": 30}
    told = StringIO()

    call_command("cleanup", stdout=StringIO(), stderr=told)

    assert "'Intrens'" in told.getvalue()


def test_refuses_tables_that_it_does_not_know(db: None) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="conversations").delete()

    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        _run()


def test_what_cannot_be_removed_is_told_and_the_rest_goes(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    chat(alice, expires_at=ago(hours=1))

    def broken(path: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(default_storage, "listdir", broken)

    with pytest.raises(CommandError, match="orphan_files: PermissionError"):
        _run()
    assert not Conversation.objects.exists()
