"""What all may cost."""

from __future__ import annotations

from providers.models import ModelOverride
from tests.operations.batch.conftest import Batch, Files
from tests.scripted_provider.fixture import ScriptedProvider


def test_it_asks_no_more_than_the_budget_allows(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    ModelOverride.objects.create(model="openai/scripted", input_price=0, output_price=100_000)  # ten tokens a dollar
    files.write(*({"id": number, "prompt": f"{number} script:words-10", "max_tokens": 10} for number in range(9)))
    outcome = batch("--budget", "3.50", "--concurrency", "4")
    assert outcome.code == 3
    assert "The budget of $3.50 does not allow the next question. 6 lines are left" in outcome.error
    assert len(provider.chats) == 3
    assert len(outcome.lines) == 3


def test_earlier_runs_count(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    ModelOverride.objects.create(model="openai/scripted", input_price=0, output_price=100_000)
    files.write(*({"id": number, "prompt": f"{number} script:words-10", "max_tokens": 10} for number in range(5)))
    assert batch("--budget", "2").code == 3
    assert batch("--budget", "2").code == 3
    assert len(provider.chats) == 2
    assert batch("--budget", "5").code == 0
    assert len(provider.chats) == 5


def test_short_answers_make_room_for_more(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    """Each might cost two dollars and costs one."""
    ModelOverride.objects.create(model="openai/scripted", input_price=0, output_price=100_000)
    files.write(*({"id": number, "prompt": f"{number} script:words-10", "max_tokens": 20} for number in range(4)))
    assert batch("--budget", "4", "--concurrency", "4").code == 3
    assert len(provider.chats) == 3


def test_unknown_prices_are_refused(batch: Batch, files: Files, provider: ScriptedProvider) -> None:
    files.write({"id": "a", "prompt": "One"})
    outcome = batch("--budget", "1")
    assert outcome.code == 1
    assert "No price is known for openai/scripted" in outcome.error
    assert not provider.chats
    assert batch("--budget", "1", "--allow-unpriced").code == 0
