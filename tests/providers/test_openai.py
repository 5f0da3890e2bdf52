"""What only Chat Completions has."""

import json
from collections.abc import Callable

import pytest

from providers import errors
from providers.base import ChatRequest, Reasoning, Text, Turn
from providers.openai import ChatCompletionsReader, OpenAIProvider
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider

Ask = Callable[..., ChatRequest]


async def test_the_request_on_the_wire(
    openai: OpenAIProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    turns = (Turn("user", "One"), Turn("assistant", "Two"), Turn("assistant", " "), Turn("user", "Three"))
    await heard.listen(openai, ChatRequest("gpt-4o", turns, system="Be brief.", temperature=0.0, max_tokens=100))

    asked = scripted_provider.chats[0]
    assert asked.body == {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": "Three"},
        ],
        "temperature": 0.0,
        "max_tokens": 100,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert asked.headers["authorization"] == "Bearer a-key"
    assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5", "gpt-5.4-mini", "gpt-6.1-sol", "openai/o4-mini"])
async def test_reasoning_models_take_another_limit_and_no_temperature(
    openai: OpenAIProvider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider, model: str
) -> None:
    await heard.listen(openai, ask("Hello", model=model, temperature=0.7, max_tokens=100))

    body = scripted_provider.chats[0].body
    assert body["max_completion_tokens"] == 100
    assert "max_tokens" not in body
    assert "temperature" not in body


@pytest.mark.parametrize("parameter", ["stream-options", "temperature", "max-tokens"])
async def test_a_parameter_that_the_server_refuses_is_left_out_once_and_for_all(
    openai: OpenAIProvider, ask: Ask, heard: Heard, scripted_provider: ScriptedProvider, parameter: str
) -> None:
    question = ask(f"script:no-{parameter}", temperature=0.5, max_tokens=100)
    await heard.listen(openai, question)
    await heard.listen(openai, question)

    refused, *answered = scripted_provider.chats
    name = parameter.replace("-", "_")
    assert name in refused.body
    assert len(answered) == 2
    assert all(name not in asked.body for asked in answered)
    if parameter == "max-tokens":
        assert all(asked.body["max_completion_tokens"] == 100 for asked in answered)


async def test_a_server_without_keys_gets_a_harmless_one(
    ask: Ask, heard: Heard, scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the-operator's-own-key")
    provider = OpenAIProvider(name="ollama", base_url=scripted_provider.openai_url)
    await heard.listen(provider, ask("Hello"))
    await provider.close()

    assert scripted_provider.chats[0].headers["authorization"] == "Bearer no-key"


def _read(*chunks: object) -> tuple[list[Text | Reasoning], ChatCompletionsReader]:
    reader = ChatCompletionsReader("m")
    return [event for chunk in chunks for event in reader.read("", json.dumps(chunk))], reader


def _delta(**delta: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_has_two_names(field: str) -> None:
    events, _ = _read(_delta(**{field: "Hm."}), _delta(content="Yes."))
    assert events == [Reasoning("Hm."), Text("Yes.")]


def test_content_in_parts() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Yes."}]
    events, _ = _read(_delta(content=parts))
    assert events == [Reasoning("Hm."), Text("Yes.")]


def test_usage_in_every_chunk_counts_once() -> None:
    usage = [{"prompt_tokens": 3, "completion_tokens": number} for number in (1, 2)]
    _, reader = _read(*(_delta(content="x") | {"usage": each} for each in usage))
    assert reader.usage is not None
    assert reader.usage.output_tokens == 2


def test_null_usage_and_null_details_are_no_usage() -> None:
    _, reader = _read(_delta(content="x") | {"usage": None})
    assert reader.usage is None
    _, reader = _read({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": None}})
    assert reader.usage is not None
    assert reader.usage.output_tokens == 0


def test_unknown_finish_reasons_are_other() -> None:
    _, reader = _read({"choices": [{"delta": {}, "finish_reason": "an end of the future"}]})
    assert (reader.finish, reader.word) == ("other", "an end of the future")


@pytest.mark.parametrize(
    ("chunk", "kind"),
    [
        ({"error": {"message": "Overloaded", "code": 503}}, errors.Overloaded),
        ({"error": {"message": "Slow down", "type": "rate_limit_error"}}, errors.RateLimited),
        ({"error": "something broke"}, errors.Overloaded),
        ({"object": "error", "message": "maximum context length is 10", "code": 400}, errors.ContextTooLong),
        ({"choices": [{"delta": {}, "finish_reason": "error"}], "error": {"code": 429}}, errors.RateLimited),
        ({"choices": [{"delta": {}, "finish_reason": "error"}]}, errors.Overloaded),
    ],
)
def test_error_objects_inside_a_good_stream(chunk: dict[str, object], kind: type[errors.ProviderError]) -> None:
    with pytest.raises(kind):
        _read(chunk)
