"""What a provider can do to a batch."""

from __future__ import annotations

import json

import pytest

from providers.models import ModelOverride
from tests.operations.batch.conftest import Batch, Files
from tests.operations.batch.limiting import LimitingProvider
from tests.scripted_provider.fixture import ScriptedProvider

FAILURES = {
    "script:error-400": "bad_request",
    "script:error-403": "permission",
    "script:error-404": "model_unknown",
    "script:context-too-long": "context_too_long",
    "script:error-500": "overloaded",
    "script:error-503": "overloaded",
    "script:empty-200": "malformed",
    "script:html-200": "malformed",
    "script:redirect": "address_wrong",
    "script:bad-json": "malformed",
    "script:bad-utf8": "malformed",
    "script:error-first": "overloaded",
    "script:error-in-stream": "overloaded",
    "script:cut": "connection_lost",
    "script:clean-cut": "incomplete",
    "script:huge": "too_large",
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.batch.asking.MAX_TRIES", 2)
    monkeypatch.setattr("operations.batch.pace.LONGEST_PAUSE_SECONDS", 0.001)


@pytest.mark.parametrize(("script", "code"), FAILURES.items())
def test_a_failure_is_the_lines_own(
    batch: Batch, files: Files, provider: ScriptedProvider, quick: None, script: str, code: str
) -> None:
    files.write({"id": "a", "prompt": script}, {"id": "b", "prompt": "Two"})
    outcome = batch()
    assert outcome.code == 1
    assert outcome.errors == [code]
    assert outcome["a"]["error"]["sentence"].endswith(".")
    assert "answer" in outcome["b"]


def test_what_came_of_a_cut_answer_is_kept_and_counted(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    ModelOverride.objects.create(model="openai/scripted", input_price=1000, output_price=2000)
    files.write({"id": "a", "prompt": "script:cut"})
    outcome = batch()
    assert outcome["a"]["partial"].startswith("Hello. You")
    assert outcome["a"]["usage"]["estimated"] is True
    assert outcome["a"]["cost"] > 0
    assert len(provider.chats) == 1


def test_a_model_that_nobody_has(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One", "model": "groq/llama"}, {"id": "b", "prompt": "Two"})
    outcome = batch()
    assert outcome.errors == ["model_unknown"]
    assert outcome["a"]["error"]["sentence"] == "The provider does not know the model “groq/llama”."
    assert len(provider.chats) == 1


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("script:error-401", "openai: The provider did not accept the API key."),
        ("script:error-429-quota", "openai: The account at the provider has no credit left."),
    ],
)
def test_what_every_line_would_fail_with_stops_the_run(
    batch: Batch, files: Files, provider: ScriptedProvider, script: str, sentence: str
) -> None:
    files.write(*({"id": number, "prompt": f"{number} {script}"} for number in range(20)))
    outcome = batch("--concurrency", "2")
    assert outcome.code == 1
    assert sentence in outcome.error
    assert "20 lines are left: the same command goes on." in outcome.error
    assert len(provider.chats) <= 2
    assert not outcome.lines


def test_a_rate_limit_is_waited_for(batch: Batch, files: Files, limiting: LimitingProvider) -> None:
    limiting.refusals = 5
    files.write(*({"id": number, "prompt": str(number)} for number in range(12)))
    outcome = batch("--concurrency", "4")
    assert outcome.code == 0
    assert limiting.refused == 5
    assert len(limiting.chats) == 12


def test_a_rate_limit_without_an_end_fails_by_name(batch: Batch, files: Files, limiting: LimitingProvider) -> None:
    limiting.refusals = 1000
    files.write({"id": "a", "prompt": "One"})
    outcome = batch()
    assert outcome.errors == ["rate_limit"]
    assert limiting.refused == 6


def test_a_rate_limit_of_a_day_stops_the_run(batch: Batch, files: Files, limiting: LimitingProvider) -> None:
    limiting.refusals, limiting.retry_after_ms = 1, "86400000"
    files.write({"id": "a", "prompt": "One"})
    outcome = batch()
    assert outcome.code == 1
    assert "too many requests" in outcome.error
    assert "1 lines are left" in outcome.error
    assert batch().code == 0


def test_failed_lines_are_asked_again_only_when_told(batch: Batch, files: Files, limiting: LimitingProvider) -> None:
    limiting.refusals = 6
    files.write({"id": "a", "prompt": "One"}, b"oops", {"id": "b", "prompt": "Two"})
    assert batch("--concurrency", "1").errors == ["rate_limit", "not_json"]
    assert batch().errors == ["rate_limit", "not_json"]
    outcome = batch("--ask-again-failed")
    assert outcome.errors == ["not_json"]
    assert sorted(result["line"] for result in outcome.lines) == [1, 2, 3]
    assert len(limiting.chats) == 2


def test_an_error_with_json(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "script:error-400"})
    outcome = batch("--json")
    assert outcome.code == 1
    assert json.loads(outcome.said)["errors"] == {"bad_request": 1}
