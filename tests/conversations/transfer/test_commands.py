"""Export and import from the command line."""

import json
import os
import stat
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Preferences, User
from conversations.models import Conversation
from tests.conversations.conftest import converse
from tests.conversations.transfer.conftest import SAMPLES, Make, chatgpt


def _import(*arguments: Any) -> str:
    out = StringIO()
    call_command("import_conversations", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def _export(*arguments: Any) -> str:
    out = StringIO()
    call_command("export_conversations", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_file_is_imported(alice: User) -> None:
    said = _import("--user", "Alice", SAMPLES / "chatgpt.json")
    assert "ChatGPT: 2 conversations with 6 messages, 0 of them here already." in said
    assert "2 conversations with 6 messages are imported." in said
    assert Conversation.objects.owned_by(alice).count() == 2


def test_a_dry_run_stores_nothing(alice: User) -> None:
    said = _import("--user", "alice", SAMPLES / "claude.json", "--dry-run")
    assert "Claude: 2 conversations with 5 messages" in said
    assert "are imported" not in said
    assert not Conversation.objects.exists()


def test_the_report_as_json(alice: User) -> None:
    report = json.loads(_import("--user", "alice", SAMPLES / "open_webui.json", "--json"))
    assert (report["conversations"], report["imported"], report["notes"]["attachments"]) == (1, 1, 1)


def test_nothing_is_imported_where_something_cannot_be_read(alice: User, make: Make) -> None:
    path = make([chatgpt(), chatgpt(mapping=3)])
    with pytest.raises(CommandError, match="Nothing was imported: not everything can be read"):
        _import("--user", "alice", path)
    assert not Conversation.objects.exists()
    _import("--user", "alice", path, "--skip-unreadable")
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "The file is empty. Nothing was imported."), ("[{", "ends in the middle of the JSON, at line 1, column 3")],
)
def test_a_broken_file(alice: User, make: Make, content: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        _import("--user", "alice", make(content))


def test_a_file_that_is_not_there(alice: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        _import("--user", "alice", tmp_path / "none.json")


@pytest.mark.django_db
def test_a_person_who_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nobody here is called mallory"):
        _import("--user", "mallory", tmp_path / "none.json")
    with pytest.raises(CommandError, match="Nobody here is called mallory"):
        _export("--user", "mallory", "--output", tmp_path / "x")


@pytest.mark.parametrize("export_format", ["zip", "json"])
def test_everything_exported_can_be_imported(alice: User, bob: User, tmp_path: Path, export_format: str) -> None:
    for number in range(12):
        converse(alice, f"Question {number}", "Answer")
    path = tmp_path / f"all.{export_format}"
    assert "12 conversations are in" in _export("--user", "alice", "--output", path, "--format", export_format)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _import("--user", "alice", path, "--dry-run").count("12 of them here already") == 1
    _import("--user", "bob", path)
    assert Conversation.objects.owned_by(bob).count() == 12


def test_everything_as_markdown(alice: User, tmp_path: Path) -> None:
    converse(alice, "One", "Answer")
    converse(alice, "Two", "Answer")
    _export("--user", "alice", "--output", tmp_path / "all.md", "--format", "markdown")
    text = (tmp_path / "all.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# One", "# Two"]


def test_an_empty_account(alice: User, tmp_path: Path) -> None:
    for export_format in ("zip", "json", "markdown"):
        _export("--user", "alice", "--output", tmp_path / export_format, "--format", export_format)
    assert json.loads((tmp_path / "json").read_text()) == []
    with ZipFile(tmp_path / "zip") as archive:
        assert archive.namelist() == ["manifest.json"]


def test_a_file_that_cannot_be_written(alice: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        _export("--user", "alice", "--output", tmp_path / "no" / "all.zip")


def test_the_old_file_stays_until_the_new_one_is_complete(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converse(alice, "One", "Answer")
    path = tmp_path / "all.zip"
    _export("--user", "alice", "--output", path)
    old = path.read_bytes()
    monkeypatch.setattr("conversations.transfer.archive.as_markdown", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _export("--user", "alice", "--output", path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["all.zip"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="another database does not keep such values")
@pytest.mark.parametrize("export_format", ["zip", "json", "markdown"])
@pytest.mark.parametrize("odd", [b"\xff\xfe", "9999-99-99 00:00:00"])
@pytest.mark.parametrize("table", ["conversation", "message"])
def test_a_conversation_that_cannot_be_read_is_named_and_the_others_are_exported(
    alice: User, tmp_path: Path, export_format: str, odd: bytes | str, table: str
) -> None:
    whole, damaged, last = (converse(alice, title, "Answer") for title in ("First one", "Second one", "Third one"))
    row = damaged.pk.hex if table == "conversation" else damaged.leaf_id
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE conversations_{table} SET created_at = %s WHERE id = %s", [odd, row])
    path = tmp_path / "all"
    with pytest.raises(CommandError, match=rf"Not in it, .*: conversation {damaged.pk} \(\w+Error\)\.$"):
        _export("--user", "alice", "--output", path, "--format", export_format)
    if export_format == "zip":
        with ZipFile(path) as archive:
            assert archive.testzip() is None
            manifest = json.loads(archive.read("manifest.json"))
        assert [one["id"] for one in manifest["files"]] == [str(whole.pk), str(last.pk)]
    else:
        text = path.read_text()
        assert [title in text for title in ("First one", "Second one", "Third one")] == [True, False, True]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="another database does not keep such values")
def test_an_account_that_cannot_be_read_is_one_sentence(alice: User, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET date_joined = %s WHERE id = %s", [b"\xff", alice.pk])
    with pytest.raises(CommandError, match=r"The account alice, .* cannot be read \(UnicodeDecodeError\)"):
        _export("--user", "alice", "--output", tmp_path / "all")
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("export_format", ["zip", "json"])
def test_an_earlier_export_is_replaced_and_nothing_else(alice: User, tmp_path: Path, export_format: str) -> None:
    path = tmp_path / "all"
    arguments = ("--user", "alice", "--output", path, "--format", export_format)
    for _time in range(2):  # of an empty account, and of one with a conversation
        _export(*arguments)
        converse(alice, "One", "Answer")
    _export(*arguments)
    for foreign in (b"my diary", b"[1, 2]", b"PK\x03\x04", b'[{"title": "of another product"}]'):
        path.write_bytes(foreign)
        with pytest.raises(CommandError, match="has not written it"):
            _export(*arguments)
        assert path.read_bytes() == foreign
    _export(*arguments, "--replace")
    assert path.stat().st_size > 100


def test_a_link_a_device_and_a_folder_are_never_replaced(alice: User, tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    os.mkfifo(tmp_path / "pipe")
    for place, kind in (("link", "a link"), ("pipe", "a pipe"), (".", "a directory"), ("/dev/null", "a device")):
        for more in ((), ("--replace",)):
            with pytest.raises(CommandError, match=f"is {kind}, not a file"):
                _export("--user", "alice", "--output", tmp_path / place, *more)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (tmp_path / "link").is_symlink()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_the_file_speaks_the_language_of_its_person(alice: User, tmp_path: Path) -> None:
    converse(alice, "One", "Answer")
    Preferences.objects.create(user=alice, language="en")
    _export("--user", "alice", "--output", tmp_path / "en.md", "--format", "markdown")
    assert "## Question" in (tmp_path / "en.md").read_text()
    Preferences.objects.update(language="ko")
    _export("--user", "alice", "--output", tmp_path / "ko.md", "--format", "markdown")
    assert "## 질문" in (tmp_path / "ko.md").read_text()


def test_progress_on_a_terminal(alice: User) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    call_command(
        "import_conversations", "--user", "alice", str(SAMPLES / "chatgpt.json"), stdout=StringIO(), stderr=err
    )
    assert "Checked: 2" in err.getvalue()
    assert "Imported: 2 of 2" in err.getvalue()


@pytest.mark.parametrize("command", ["import_conversations", "export_conversations"])
def test_help_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(command, "--help")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "examples:" in said
    assert "exit codes: 0 done" in said
