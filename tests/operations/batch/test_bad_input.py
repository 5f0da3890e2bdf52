"""What is wrong with IN or OUT: told by name, and nothing lost."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.operations.batch.conftest import Batch, Files
from tests.operations.batch.limiting import LimitingProvider
from tests.scripted_provider.fixture import ScriptedProvider

GOOD = {"id": "good", "prompt": "One"}
BAD = {
    b"": "empty_line",
    b"   ": "empty_line",
    b'{"id": "x", "prompt": ': "not_json",
    b'{"id": "x", "prompt": "\xff\xfe"}': "not_utf8",
    b'{"id": "x", "prompt": "\\ud800"}': "not_json",
    b"[1, 2]": "not_an_object",
    b'"text"': "not_an_object",
    b'{"prompt": "One"}': "no_id",
    b'{"id": true, "prompt": "One"}': "bad_id",
    b'{"id": 1.5, "prompt": "One"}': "bad_id",
    b'{"id": "", "prompt": "One"}': "bad_id",
    b'{"id": ["x"], "prompt": "One"}': "bad_id",
    b'{"id": "x"}': "no_question",
    b'{"id": "x", "prompt": "  "}': "no_question",
    b'{"id": "x", "messages": []}': "no_question",
    b'{"id": "x", "messages": [{"role": "system", "content": "Hi"}]}': "no_question",
    b'{"id": "x", "prompt": 7}': "bad_prompt",
    b'{"id": "x", "prompt": "One", "messages": []}': "prompt_and_messages",
    b'{"id": "x", "messages": "One"}': "bad_messages",
    b'{"id": "x", "messages": ["One"]}': "bad_messages",
    b'{"id": "x", "messages": [{"role": "tool", "content": "Hi"}]}': "bad_messages",
    b'{"id": "x", "messages": [{"role": "user", "content": null}]}': "bad_messages",
    b'{"id": "x", "prompt": "One", "model": 7}': "bad_model",
    b'{"id": "x", "prompt": "One", "model": ""}': "bad_model",
    b'{"id": "x", "prompt": "One", "system": []}': "bad_system",
    b'{"id": "x", "prompt": "One", "temperature": "hot"}': "bad_temperature",
    b'{"id": "x", "prompt": "One", "temperature": true}': "bad_temperature",
    b'{"id": "x", "prompt": "One", "temperature": 3}': "bad_temperature",
    b'{"id": "x", "prompt": "One", "max_tokens": 0}': "bad_max_tokens",
    b'{"id": "x", "prompt": "One", "max_tokens": 1.5}': "bad_max_tokens",
}


@pytest.mark.parametrize(("line", "code"), BAD.items(), ids=range(len(BAD)))
def test_a_bad_line_is_named_and_the_others_are_answered(
    batch: Batch, files: Files, provider: ScriptedProvider, line: bytes, code: str
) -> None:
    files.write(line, GOOD)
    outcome = batch()
    assert outcome.code == 1
    assert f"1 of 2 lines answered, 1 failed ({code} 1)" in outcome.error
    assert outcome.errors == [code]
    bad = next(result for result in outcome.lines if result["line"] == 1)
    assert bad["error"]["sentence"].endswith((".", "?"))
    assert "answer" in outcome["good"]
    assert len(provider.chats) == 1


def test_a_huge_line(batch: Batch, files: Files, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = json.dumps({"id": "x", "prompt": "y" * (10 * 2**20)}).encode()
    files.write(huge, GOOD, huge)
    outcome = batch()
    assert outcome.errors == ["line_too_long", "line_too_long"]
    assert outcome["good"]["line"] == 2


def test_a_byte_order_mark_and_windows_line_ends(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.input.write_bytes(b'\xef\xbb\xbf{"id": "a", "prompt": "One"}\r\n{"id": "b", "prompt": "Two"}')
    assert batch().code == 0


def test_repeated_ids_are_refused_before_anything_is_asked(
    batch: Batch, files: Files, provider: ScriptedProvider
) -> None:
    files.write({"id": 7, "prompt": "One"}, {"id": "b", "prompt": "Two"}, {"id": "7", "prompt": "Three"})
    outcome = batch()
    assert outcome.code == 1
    assert outcome.error == "The id '7' repeats: lines 1 and 3. Nothing was asked."
    assert not provider.chats
    assert not files.output.exists()


def test_an_empty_input(batch: Batch, files: Files) -> None:
    files.write()
    assert (batch().code, batch().error) == (1, "IN is empty. Nothing was asked.")


def test_an_input_that_is_not_there_or_a_folder(batch: Batch, files: Files, tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory" in batch().error
    assert "cannot be read: Is a directory" in batch(source=str(tmp_path)).error


def test_an_output_of_somebody_else_is_left_alone(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write(GOOD)
    files.output.write_text('{"mine": 1}')
    outcome = batch_refused(batch)
    assert "is there already and is no output of this command" in outcome
    assert files.output.read_text() == '{"mine": 1}'
    assert not provider.chats


def test_a_journal_of_somebody_else_is_left_alone(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write(GOOD)
    files.journal.write_text("Dear diary")
    assert "is no journal of this command" in batch_refused(batch)
    assert files.journal.read_text() == "Dear diary"


def test_another_input_for_the_same_output(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write(GOOD)
    batch()
    files.write(GOOD, {"id": "b", "prompt": "Two"})
    assert "The input is not the one" in batch_refused(batch)
    assert len(provider.chats) == 1


def test_an_output_that_was_changed(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write(GOOD)
    batch()
    files.output.write_text('{"oops": 1}\n')
    assert "is no output of this command, or was changed" in batch_refused_any(batch)


def test_an_output_that_went_away(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write(GOOD)
    batch()
    files.output.unlink()
    assert "says that lines were asked" in batch_refused(batch)
    assert len(provider.chats) == 1


def test_two_batches_into_one_output(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write(GOOD)
    with files.journal.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "Another batch is writing" in batch_refused(batch)
    assert batch().code == 0


def test_input_and_output_are_the_same_file(files: Files) -> None:
    files.write(GOOD)
    with pytest.raises(CommandError, match="the same file") as refusal:
        call_command("batch", str(files.input), str(files.input))
    assert refusal.value.returncode == 2


def test_an_output_in_a_folder_that_is_not_there(files: Files, provider: ScriptedProvider, tmp_path: Path) -> None:
    files.write(GOOD)
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("batch", str(files.input), str(tmp_path / "none" / "out.jsonl"))


def test_a_full_disk(batch: Batch, files: Files, limiting: LimitingProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device that is always full stands for it: the intent cannot be written, so nothing is asked."""
    files.write(GOOD)
    monkeypatch.setattr("operations.batch.durable._write", _no_space)
    outcome = batch()
    assert outcome.code == 1
    assert "cannot be written: No space left on device" in outcome.error
    assert not limiting.chats


def _no_space(_descriptor: int, data: bytes) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        full.write(data)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--concurrency", "0"),
        ("--concurrency", "many"),
        ("--budget", "-1"),
        ("--budget", "NaN"),
        ("--temperature", "3"),
        ("--max-tokens", "0"),
    ],
)
def test_wrong_usage(files: Files, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    from operations.management.commands.batch import Command

    with pytest.raises(SystemExit) as end:
        Command().run_from_argv(["manage.py", "batch", str(files.input), str(files.output), *arguments])
    assert end.value.code == 2
    assert "must be" in capsys.readouterr().err


def test_no_model_at_all(batch: Batch, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.DEFAULT_MODEL", "")
    monkeypatch.setattr("django.conf.settings.PROVIDERS", {})
    files.write(GOOD)
    outcome = batch()
    assert outcome.code == 2
    assert "give --model" in outcome.error


def batch_refused(batch: Batch) -> str:
    """What it says when it asks nothing."""
    said = batch_refused_any(batch)
    assert said.endswith("Nothing was asked.")
    return said


def batch_refused_any(batch: Batch) -> str:
    outcome = batch()
    assert outcome.code == 1
    return outcome.error


@pytest.mark.parametrize("which", ["output", "journal"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "directory", "hard link"])
def test_what_would_grow_somewhere_else(
    batch: Batch, files: Files, provider: ScriptedProvider, which: str, kind: str
) -> None:
    files.write(GOOD)
    place = files.output if which == "output" else files.output.with_name(f"{files.output.name}.journal")
    precious = place.with_name("precious")
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    elif kind == "hard link":
        precious.touch()
        os.link(precious, place)
    else:
        if kind == "link":
            precious.touch()
        place.symlink_to(precious)
    outcome = batch()
    assert outcome.code == 1
    assert f"is a {kind.removeprefix('dangling ')}, not a file" in outcome.error or "(a hard link)" in outcome.error
    assert not precious.exists() or not precious.read_bytes()
    assert not provider.chats
