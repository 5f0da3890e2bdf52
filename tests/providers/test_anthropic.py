"""What only the Messages API has."""

import json

import pytest

from providers import errors
from providers.anthropic import AnthropicProvider, MessagesReader, alternating
from providers.base import ChatRequest, Reasoning, Text, Turn
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider


def _request(*turns: Turn, model: str = "claude-sonnet-4-5", **options: object) -> ChatRequest:
    return ChatRequest(model, turns, **options)  # type: ignore[arg-type]


async def test_the_request_on_the_wire(
    anthropic: AnthropicProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    await heard.listen(anthropic, _request(Turn("user", "One"), system="Be brief.", temperature=0.0, max_tokens=100))

    asked = scripted_provider.chats[0]
    assert asked.body == {
        "model": "claude-sonnet-4-5",
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "One"}],
        "temperature": 0.0,
        "max_tokens": 100,
        "stream": True,
    }
    assert asked.path == "/v1/messages"
    assert "a-key" in asked.headers["authorization"] + asked.headers.get("x-api-key", "")


async def test_a_base_url_with_v1_is_the_same(heard: Heard, scripted_provider: ScriptedProvider) -> None:
    provider = AnthropicProvider(api_key="a-key", base_url=f"{scripted_provider.anthropic_url}/v1/")
    await heard.listen(provider, _request(Turn("user", "Hello")))
    await provider.close()
    assert scripted_provider.chats[0].path == "/v1/messages"


async def test_temperature_ends_at_one_and_needs_the_older_api(
    anthropic: AnthropicProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    await heard.listen(anthropic, _request(Turn("user", "Hello"), temperature=1.7))

    asked = scripted_provider.chats[0]
    assert asked.body["temperature"] == 1.0
    assert asked.headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("model", ["claude-opus-4-7", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5"])
async def test_later_models_get_no_temperature(
    anthropic: AnthropicProvider, heard: Heard, scripted_provider: ScriptedProvider, model: str
) -> None:
    await heard.listen(anthropic, _request(Turn("user", "Hello"), model=model, temperature=0.5))

    asked = scripted_provider.chats[0]
    assert "temperature" not in asked.body
    assert asked.headers["anthropic-version"] != "2023-06-01"


async def test_a_refused_temperature_is_left_out(
    anthropic: AnthropicProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    await heard.listen(anthropic, _request(Turn("user", "script:no-temperature"), temperature=0.5))

    assert heard.finish == "stop"
    assert ["temperature" in asked.body for asked in scripted_provider.chats] == [True, False]


async def test_nothing_to_ask(anthropic: AnthropicProvider, heard: Heard, scripted_provider: ScriptedProvider) -> None:
    with pytest.raises(errors.BadRequest):
        await heard.listen(anthropic, _request(Turn("assistant", "I am alone")))
    assert scripted_provider.chats == []


def test_turns_alternate_are_not_empty_and_begin_with_the_person() -> None:
    turns = (
        Turn("assistant", "Welcome"),
        Turn("user", "One"),
        Turn("assistant", "  "),
        Turn("user", "Two"),
        Turn("assistant", "Three"),
        Turn("assistant", "Four \n"),
    )
    assert alternating(_request(*turns)) == [
        {"role": "user", "content": "One\n\nTwo"},
        {"role": "assistant", "content": "Three\n\nFour"},
    ]


def _read(*events: dict[str, object]) -> tuple[list[Text | Reasoning], MessagesReader]:
    reader = MessagesReader("m")
    return [piece for event in events for piece in reader.read("", json.dumps(event))], reader


def test_blocks_that_are_no_text_say_nothing() -> None:
    events, reader = _read(
        {"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": "xyz"}},
        {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "abc"}},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{"}},
        {"type": "an_event_of_the_future"},
    )
    assert events == []
    assert reader.finish is None


def test_text_in_the_start_of_a_block() -> None:
    events, _ = _read({"type": "content_block_start", "content_block": {"type": "text", "text": "Hi"}})
    assert events == [Text("Hi")]


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("tool_use", "tool_call"),
        ("MAX_TOKENS", "length"),
        ("an_end_of_the_future", "other"),
    ],
)
def test_stop_reasons(stop: str, reason: str) -> None:
    _, reader = _read({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 3}})
    assert reader.finish == reason


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", errors.Overloaded),
        ("api_error", errors.Overloaded),
        ("rate_limit_error", errors.RateLimited),
        ("authentication_error", errors.AuthenticationFailed),
        ("permission_error", errors.PermissionDenied),
        ("billing_error", errors.QuotaExceeded),
        ("not_found_error", errors.ModelUnknown),
        ("timeout_error", errors.TimedOut),
        ("invalid_request_error", errors.BadRequest),
    ],
)
def test_error_events(kind: str, error: type[errors.ProviderError]) -> None:
    with pytest.raises(error) as caught:
        _read({"type": "error", "error": {"type": kind, "message": "Sorry."}})
    assert type(caught.value) is error
