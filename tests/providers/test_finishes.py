"""Why an answer ended, in the words of every provider."""

import json
import time
from collections.abc import Callable

import pytest

from providers import errors
from providers.base import ChatRequest, Finish, Provider
from providers.finishes import WORD_LENGTH, ending
from providers.openai import ChatCompletionsReader
from tests.providers.conftest import Heard
from tests.scripted_provider.script import hello

Ask = Callable[..., ChatRequest]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        *(
            (word, "stop")
            for word in ("stop", "STOP", "end_turn", "eos", "eos_token", "COMPLETE", "normal", "eosFound")
        ),
        *((word, "stop") for word in ("FinishReason.STOP", "FINISH_REASON_STOP", " stop ", True, ["stop"])),
        *((word, "stop") for word in ("<|eot_id|>", "<|im_end|>", "EOT", "stop_str", "stop_token_id", "natural_stop")),
        *((word, "length") for word in ("LENGTH_CAPPED", "stopped_token_limit")),
        *((word, "length") for word in ("length", "MAX_TOKENS", "max-tokens", "model_length", "maxTokens")),
        *((word, "length") for word in ("model_context_window_exceeded", "max_output_tokens", "REASON_MAX_LEN")),
        *((word, "length") for word in ("contextLengthReached", "some_new_token_limit", {"type": "length"})),
        *((word, "content_filter") for word in ("content_filter", "SAFETY", "RECITATION", "BLOCKLIST", "SPII")),
        *((word, "content_filter") for word in ("PROHIBITED_CONTENT", "IMAGE_SAFETY", "sensitive", "ERROR_TOXIC")),
        *((word, "content_filter") for word in ("LANGUAGE", "guardrail_intervened", "new_safety_rule")),
        ("refusal", "refusal"),
        *((word, "tool_call") for word in ("tool_calls", "function_call", "tool_use", "TOOL_CALL")),
        ("MALFORMED_FUNCTION_CALL", "tool_call"),
        *((word, None) for word in ("network_error", "insufficient_system_resource", "abort", "unload", "pause_turn")),
    ],
)
def test_a_known_reason(said: object, reason: str | None) -> None:
    found = ending(said)
    assert found is not None
    assert (found.reason, found.word, found.is_error) == (reason, "", False)


@pytest.mark.parametrize("said", [None, "", "null", "NULL", "none", False, [], {}, "FINISH_REASON_UNSPECIFIED"])
def test_no_reason_yet(said: object) -> None:
    assert ending(said) is None


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("OTHER", "OTHER"),
        ("repetition", "repetition"),
        (7, "7"),
        (0, "0"),
        (1.5, "1.5"),
        ({"x": 1}, "unknown"),
        ([3], "3"),
        ("a\nb\u202e c\x00", "a b c"),
        ("\u200b", "?"),
        ("<b>x</b>", "<b>x</b>"),
        ("모름", "모름"),
    ],
)
def test_a_reason_that_nobody_knows_is_said_in_its_own_word(said: object, word: str) -> None:
    found = ending(said)
    assert found is not None
    assert (found.reason, found.word) == ("other", word)


def test_a_long_word_is_cut() -> None:
    found = ending("x" * 5000)
    assert found is not None
    assert len(found.word) == WORD_LENGTH


@pytest.mark.parametrize("said", ["MAX_TOKENS", "max-tokens", "Length"])
async def test_length_in_any_case_on_the_wire(provider: Provider, ask: Ask, heard: Heard, said: str) -> None:
    await heard.listen(provider, ask(f"script:finish-{said}", provider.name))
    assert heard.finish == "length"
    assert heard.text == hello(f"script:finish-{said}")


async def test_an_unknown_reason_on_the_wire(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:finish-out_of_ideas", provider.name))
    assert heard.events[-1] == Finish("other", "out_of_ideas")
    answer = await provider.complete(ask("script:finish-out_of_ideas", provider.name))
    assert answer.finish == Finish("other", "out_of_ideas")


async def test_trouble_of_the_provider_cuts_the_answer_and_keeps_it(provider: Provider, ask: Ask, heard: Heard) -> None:
    await heard.listen(provider, ask("script:finish-network_error", provider.name))
    assert heard.text == hello("script:finish-network_error")
    assert heard.finish is None


def _read(*chunks: object) -> ChatCompletionsReader:
    reader = ChatCompletionsReader("m")
    for chunk in chunks:
        list(reader.read("", json.dumps(chunk)))
    return reader


def test_a_mere_stop_takes_no_reason_back() -> None:
    ends = [{"choices": [{"delta": {}, "finish_reason": reason}]} for reason in ("length", "stop", None)]
    assert _read(*ends).finish == "length"


async def test_trouble_before_a_word_is_an_error_that_others_may_be_asked_after(
    provider: Provider, ask: Ask, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.scripted_provider.script.hello", lambda _: "")
    with pytest.raises(errors.Overloaded):
        await heard.listen(provider, ask("script:finish-insufficient_system_resource", provider.name))


@pytest.mark.parametrize("script", ["wants-tool", "text-and-tool"])
async def test_a_model_that_wants_a_tool(provider: Provider, ask: Ask, heard: Heard, script: str) -> None:
    await heard.listen(provider, ask(f"script:{script}", provider.name))
    assert heard.finish == "tool_call"
    answer = await provider.complete(ask(f"script:{script}", provider.name))
    assert answer.finish_reason == "tool_call"
    assert answer.text == heard.text == ("" if script == "wants-tool" else hello(f"script:{script}"))


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('<tool_call>\n{"name": "x", "arguments": {}}\n</tool_call>', True),
        ('I look it up.\n\n<tool_call>{"name": "x"}</tool_call>\n', True),
        ('[TOOL_CALLS][{"name": "x"}]', True),
        ("<function=look_up>{}</function>", True),
        ("<tool_call> is a tag that models write.", False),
        ('Like this:\n```\n<tool_call>{"name": "x"}</tool_call>\n```', False),
        ("Hello", False),
    ],
)
def test_a_call_of_a_tool_written_as_text(text: str, calls: bool) -> None:
    from providers.finishes import calls_tool

    assert calls_tool([text]) is calls
    assert calls_tool(list(text)) is calls


def test_a_word_of_any_length_is_looked_at_in_no_time() -> None:
    began = time.process_time()
    assert ending("max" * 100_000) is not None
    assert time.process_time() - began < 1
