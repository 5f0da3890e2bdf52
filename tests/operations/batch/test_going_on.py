"""Killed, stopped, cut short: the same command goes on, and no line is asked twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.batch.conftest import Batch, Files
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import ROOT, Site


@pytest.fixture
def site(tmp_path: Path, scripted_provider: ScriptedProvider) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    site = Site(folder, provider_url=scripted_provider.url).prepare()
    yield site
    site.close()


def _start(site: Site, files: Files, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "batch", str(files.input), str(files.output), *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=site.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, error = process.communicate(timeout=60)
    return process.returncode, out + error


def _asked(provider: ScriptedProvider) -> Counter[str]:
    return Counter(recorded.body["messages"][-1]["content"] for recorded in provider.chats)


def test_killed_and_gone_on_with_no_line_is_asked_twice(
    site: Site, files: Files, scripted_provider: ScriptedProvider
) -> None:
    """Ten answers, then two that hang in their middle when the power goes, then eighteen more."""
    quick = [{"id": number, "prompt": f"line {number}"} for number in range(10)]
    held = [{"id": number, "prompt": f"line {number} script:words-5 pause-2"} for number in (10, 11)]
    rest = [{"id": number, "prompt": f"line {number}"} for number in range(12, 30)]
    files.write(*quick, *held, *rest)
    process = _start(site, files, "--concurrency", "2")
    scripted_provider.wait_until(lambda seen: sum(one.script == "words" for one in seen.chats) == 2, 60)
    process.kill()
    process.communicate(timeout=60)
    assert len(files.results()) == 10
    scripted_provider.release_what_is_there()

    code, said = _finish(_start(site, files, "--concurrency", "2"))
    assert code == 1
    assert "28 of 30 lines answered, 2 failed (interrupted 2)" in said
    assert _asked(scripted_provider) == {str(line["prompt"]): 1 for line in (*quick, *held, *rest)}
    by_id = {result["id"]: result for result in files.results()}
    assert by_id.keys() == set(range(30))
    assert {number for number, result in by_id.items() if "error" in result} == {10, 11}
    assert by_id[10]["error"]["code"] == "interrupted"

    scripted_provider.release_what_is_there()  # nobody waits; the next ones do not pause before it
    again = _start(site, files, "--ask-again-interrupted")
    scripted_provider.wait_until(lambda seen: sum(one.script == "words" for one in seen.chats) == 4, 60)
    scripted_provider.release()
    assert _finish(again)[0] == 0
    assert len(files.results()) == 30
    assert _asked(scripted_provider)["line 0"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_is_in_flight_finish(
    site: Site, files: Files, scripted_provider: ScriptedProvider, number: signal.Signals
) -> None:
    files.write(*({"id": line, "prompt": f"{line} script:words-5 pause-2"} for line in range(6)))
    process = _start(site, files, "--concurrency", "2")
    scripted_provider.wait_until(lambda seen: sum(one.sent == 2 for one in seen.chats) == 2, 60)
    process.send_signal(number)
    _release_until_it_ends(process, scripted_provider)
    code, said = _finish(process)
    assert code == 130
    assert "Stopped by a signal." in said
    assert "the same command goes on" in said
    answered = [result for result in files.results() if "answer" in result]
    assert len(answered) == len(files.results()) == len(scripted_provider.chats) < 6


def test_a_second_signal_stops_at_once(site: Site, files: Files, scripted_provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "script:words-5 pause-2"})
    process = _start(site, files)
    scripted_provider.wait_until(lambda seen: any(one.sent == 2 for one in seen.chats), 60)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    code, said = _finish(process)
    assert code == 130
    assert "Stopped at once." in said
    assert "Traceback" not in said
    scripted_provider.release_what_is_there()
    assert _finish(_start(site, files))[0] == 1
    assert files.results()[0]["error"]["code"] == "interrupted"
    assert len(scripted_provider.chats) == 1


def test_a_finished_batch_has_nothing_to_ask(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One"})
    first = batch()
    again = batch()
    assert (again.code, again.lines) == (0, first.lines)
    assert len(provider.chats) == 1


def test_a_half_written_line_is_cut_away(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One"}, {"id": "b", "prompt": "Two"})
    batch("--concurrency", "1")
    whole = files.output.read_bytes().splitlines(keepends=True)
    files.output.write_bytes(whole[0] + whole[1][:40])
    outcome = batch()
    assert outcome.errors == ["interrupted"]  # asked, and its answer is not there
    assert len(provider.chats) == 2


def test_a_half_written_journal(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One"})
    files.journal.write_bytes(b'{"journal":"chat-b')
    assert batch().code == 0
    head = json.loads(files.journal.read_text().splitlines()[0])
    assert head["journal"] == "chat-batch"


def test_a_damaged_journal(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One"})
    batch()
    with files.journal.open("a") as journal:
        journal.write('{"asked": 99}\n')
    assert "is damaged. Nothing was asked." in batch().error


def _release_until_it_ends(process: subprocess.Popen[str], provider: ScriptedProvider) -> None:
    """Whatever was asked before the signal arrived goes on to its end."""
    while process.poll() is None:
        provider.release_what_is_there()
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
