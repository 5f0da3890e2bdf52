from dataclasses import replace

import pytest

from conversations.generation.prompt import CONTINUE, build_prompt
from conversations.models import Message
from providers import ModelInfo, estimate_tokens, model_info


@pytest.fixture
def info(db: None) -> ModelInfo:
    return replace(model_info("openai/scripted"), context_window=1000)


def _branch(*texts: str) -> list[Message]:
    roles = ("user", "assistant")
    return [Message(pk=i, role=roles[i % 2], content=text) for i, text in enumerate(texts)]


def test_all_turns_when_they_fit(info: ModelInfo) -> None:
    prompt = build_prompt(_branch("a", "b", "c", ""), failed=(), system="Be kind.", info=info, max_tokens=100)
    assert [(turn.role, turn.content) for turn in prompt.turns] == [("user", "a"), ("assistant", "b"), ("user", "c")]
    assert prompt.system == "Be kind."
    assert not prompt.earlier_left_out


def test_whole_turns_are_left_out_from_the_oldest_on(info: ModelInfo) -> None:
    text = "word " * 200
    branch = _branch(text, text, text, text, text, text, "last")
    prompt = build_prompt(branch, failed=(), system="", info=info, max_tokens=100)
    assert prompt.earlier_left_out
    assert prompt.turns[0].role == "user"
    assert prompt.turns[-1].content == "last"
    spent = sum(estimate_tokens(turn.content) for turn in prompt.turns)
    assert spent < info.context_window - 100
    assert len(prompt.turns) == 3


def test_the_last_turn_stays_even_when_it_does_not_fit(info: ModelInfo) -> None:
    prompt = build_prompt(_branch("a", "b", "word " * 5000), failed=(), system="", info=info, max_tokens=100)
    assert [turn.content for turn in prompt.turns] == ["word " * 5000]


def test_empty_and_failed_answers_are_not_replayed(info: ModelInfo) -> None:
    branch = _branch("a", "half an ans", "b", "  ", "c")
    prompt = build_prompt(branch, failed={1}, system="", info=info, max_tokens=100)
    assert [turn.content for turn in prompt.turns] == ["a", "b", "c"]


def test_reasoning_is_never_sent_back(info: ModelInfo) -> None:
    branch = _branch("a", "b", "c")
    branch[1].reasoning = "secret thoughts"
    prompt = build_prompt(branch, failed=(), system="", info=info, max_tokens=100)
    assert "secret" not in repr(prompt)


def test_an_answer_at_the_end_is_gone_on_with(info: ModelInfo) -> None:
    prompt = build_prompt(_branch("a", "half an"), failed=(), system="", info=info, max_tokens=100)
    assert [turn.content for turn in prompt.turns] == ["a", "half an", CONTINUE]
    assert prompt.turns[-1].role == "user"
