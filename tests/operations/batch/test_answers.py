"""Questions in, answers out."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest

from providers.models import ModelOverride
from tests.operations.batch.conftest import Batch, Files
from tests.operations.batch.limiting import LimitingProvider
from tests.scripted_provider.fixture import ScriptedProvider


def test_every_line_gets_its_answer(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One"}, {"id": 7, "prompt": "둘"})
    outcome = batch()
    assert outcome.code == 0
    assert "2 of 2 lines answered" in outcome.said
    assert "One" in outcome["a"]["answer"]
    assert "둘" in outcome[7]["answer"]
    assert outcome["a"]["finish_reason"] == "stop"
    assert outcome["a"]["model"] == "openai/scripted"
    assert outcome["a"]["cached"] is False
    assert outcome["a"]["usage"]["input_tokens"] == 10
    assert outcome["a"]["cost"] is None  # nobody knows the price
    assert files.output.stat().st_mode & 0o777 == 0o600


def test_what_a_line_says_wins_over_the_command_line(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    line = {"id": "a", "system": "Brief.", "temperature": 0.1, "max_tokens": 7, "model": "claude-sonnet-4-5"}
    messages = [
        {"role": "system", "content": "And kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "How are you?"},
    ]
    files.write(line | {"messages": messages}, {"id": "b", "prompt": "Two"})
    assert batch("--system", "Long.", "--temperature", "0.9", "--max-tokens", "50").code == 0
    asked = {recorded.api: recorded.body for recorded in provider.chats}
    assert asked["anthropic"]["temperature"] == 0.1
    assert asked["anthropic"]["max_tokens"] == 7
    assert json.dumps("Brief.\n\nAnd kind.")[1:-1] in json.dumps(asked["anthropic"]["system"])
    assert len(asked["anthropic"]["messages"]) == 3
    assert asked["openai"]["temperature"] == 0.9
    assert asked["openai"]["max_tokens"] == 50
    assert asked["openai"]["messages"][0] == {"role": "system", "content": "Long."}


def test_cost_and_tokens_are_counted(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    ModelOverride.objects.create(model="openai/scripted", input_price=1000, output_price=2000)
    files.write({"id": "a", "prompt": "script:words-5"}, {"id": "b", "prompt": "script:words-10"})
    outcome = batch("--json")
    told = json.loads(outcome.said)
    assert outcome["a"]["cost"] == pytest.approx((10 * 1000 + 5 * 2000) / 1_000_000)
    assert told["cost"] == pytest.approx((20 * 1000 + 15 * 2000) / 1_000_000)
    assert (told["input_tokens"], told["output_tokens"]) == (20, 15)
    assert (told["answered"], told["failed"], told["left"], told["stopped"]) == (2, 0, 0, None)


def test_reasoning_is_kept(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "script:reasoning"})
    assert batch()["a"]["reasoning"] == "Let me think. "


def test_never_more_at_once_than_asked_for(batch: Batch, files: Files, limiting: LimitingProvider) -> None:
    files.write(*({"id": number, "prompt": "script:words-3 tps-200"} for number in range(30)))
    assert batch("--concurrency", "3").code == 0
    assert limiting.most_open == 3
    assert len(limiting.chats) == 30


def test_through_a_pipe(
    batch: Batch, files: Files, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = b'{"id": "a", "prompt": "One"}\n'
    for _ in range(2):  # the same lines again: nothing is left to ask
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(piped)))
        assert batch(source="-").code == 0
    assert len(provider.chats) == 1


def test_the_cache_is_asked_first(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    pytest.importorskip("providers.response_cache")
    ModelOverride.objects.create(model="openai/scripted", input_price=1000, output_price=2000)
    files.write({"id": "a", "prompt": "One"})
    first = batch("--cache")
    files.output.unlink()
    files.journal.unlink()
    again = batch("--cache")
    assert len(provider.chats) == 1
    assert again["a"]["cached"] is True
    assert again["a"]["cost"] == 0
    assert again["a"]["answer"] == first["a"]["answer"]
    assert "1 from the cache" in again.said


def test_without_the_option_nothing_is_cached(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "Same"}, {"id": "b", "prompt": "Same"})
    batch("--concurrency", "1")
    assert len(provider.chats) == 2


def test_a_dry_run_asks_nothing_and_writes_nothing(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    ModelOverride.objects.create(model="openai/scripted", input_price=1, output_price=10, max_output=1000)
    files.write({"id": "a", "prompt": "x" * 4000}, b"oops")
    outcome = batch("--dry-run", "--json")
    told = json.loads(outcome.said)
    assert (told["lines"], told["bad_lines"], told["input_tokens"]) == (2, 1, 1004)
    assert told["cost_of_input"] == pytest.approx(0.001004)
    assert told["cost_at_most"] == pytest.approx(0.011004)
    assert "at most $0.0110" in batch("--dry-run").said
    assert not provider.chats
    assert not files.output.exists()
    assert not files.journal.exists()


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    from operations.management.commands.batch import Command

    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "batch", "--help"])
    told = capsys.readouterr().out
    assert '{"id": "a", "prompt": "What is a queue?"}' in told
    assert "--ask-again-interrupted" in told
