"""A site whose OpenAI is the scripted provider, and a way to run the command."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command

from providers import stored
from tests.operations.batch.limiting import LimitingProvider
from tests.scripted_provider.fixture import ScriptedProvider

MODEL = "openai/scripted"


@pytest.fixture(autouse=True)
def clean_slate(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command asks the database from another thread. Retries make nobody wait."""
    monkeypatch.setattr("providers.retries.FIRST_DELAY_SECONDS", 0.001)
    monkeypatch.setattr("operations.batch.pace.FIRST_PAUSE_SECONDS", 0.001)
    cache.clear()
    stored._latest = stored.Stored()
    yield
    cache.clear()
    stored._latest = stored.Stored()


def set_up(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    openai = settings.PROVIDERS["openai"] | {"api_key": "sk-test", "base_url": provider.openai_url}
    anthropic = settings.PROVIDERS["anthropic"] | {"api_key": "sk-test", "base_url": provider.anthropic_url}
    monkeypatch.setattr(settings, "PROVIDERS", {"openai": openai, "anthropic": anthropic})
    monkeypatch.setattr(settings, "DEFAULT_MODEL", MODEL)


@pytest.fixture
def provider(scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> ScriptedProvider:
    set_up(scripted_provider, monkeypatch)
    return scripted_provider


@pytest.fixture
def limiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[LimitingProvider]:
    """Its refusals reach the command: the adapter does not wait for them by itself."""
    monkeypatch.setattr("providers.retries.MAX_RETRIES", 0)
    with LimitingProvider() as provider:
        set_up(provider, monkeypatch)
        yield provider


@dataclass
class Outcome:
    """What a run left: its exit code, what it said, and the lines of OUT."""

    code: int
    said: str
    error: str
    lines: list[dict[str, Any]]

    def __getitem__(self, line_id: str | int) -> dict[str, Any]:
        return next(line for line in self.lines if line["id"] == line_id)

    @property
    def errors(self) -> list[str]:
        """The codes of the lines that failed, in the order of IN."""
        return [line["error"]["code"] for line in sorted(self.lines, key=lambda line: line["line"]) if "error" in line]


Batch = Callable[..., Outcome]


class Files:
    """IN and OUT of a test."""

    def __init__(self, folder: Path) -> None:
        self.input, self.output = folder / "in.jsonl", folder / "out.jsonl"
        self.journal = folder / "out.jsonl.journal"

    def write(self, *lines: dict[str, Any] | bytes) -> None:
        raw = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        self.input.write_bytes(b"".join(line + b"\n" for line in raw))

    def results(self) -> list[dict[str, Any]]:
        if not self.output.is_file():  # reading a pipe would wait
            return []
        return [json.loads(line) for line in self.output.read_text().splitlines()]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def batch(files: Files) -> Batch:
    """Run the command over `files`."""

    def run(*arguments: str, source: str = "") -> Outcome:
        out, error, code, refusal = io.StringIO(), io.StringIO(), 0, ""
        try:
            call_command("batch", source or str(files.input), str(files.output), *arguments, stdout=out, stderr=error)
        except CommandError as failure:
            code, refusal = failure.returncode, str(failure)
        except SystemExit as end:
            code = int(end.code or 0)
        return Outcome(code, out.getvalue(), error.getvalue() + refusal, files.results())

    return run
