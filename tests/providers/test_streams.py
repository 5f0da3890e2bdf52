"""Streams as servers in the world send them: what can be read is read, nothing twice, nothing mixed, nothing lost."""

import json
import time
from collections.abc import Callable, Iterable

import pytest

from providers import errors
from providers.anthropic import MessagesReader
from providers.base import ChatRequest, Reasoning, Text
from providers.openai import ChatCompletionsReader, OpenAIProvider
from providers.reading import Reader
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.raw import RAW, TEXT

Ask = Callable[..., ChatRequest]


@pytest.mark.parametrize("name", RAW)
async def test_a_stream_as_some_server_sends_it(openai: OpenAIProvider, ask: Ask, heard: Heard, name: str) -> None:
    await heard.listen(openai, ask(f"script:raw-{name}"))
    assert heard.text == TEXT
    assert heard.reasoning == ""
    assert heard.finish == "stop"


@pytest.mark.parametrize("name", ["as-json", "as-plain", "bom-crlf", "no-reason"])
async def test_a_stream_where_a_whole_answer_was_asked_for(openai: OpenAIProvider, ask: Ask, name: str) -> None:
    answer = await openai.complete(ask(f"script:raw-{name}"))
    assert (answer.text, answer.finish_reason) == (TEXT, "stop")


OVERLOADED = {"code": 429, "message": "slow down", "type": "server_error"}


@pytest.mark.parametrize(
    "end",
    [
        f"error: {json.dumps(OVERLOADED)}\n\n",
        f"error: {json.dumps(OVERLOADED)}",
        f"event: error\ndata: {json.dumps(OVERLOADED)}\n\n",
        json.dumps({"error": OVERLOADED}, indent=2),
        f"data: {json.dumps({'error': OVERLOADED}, indent=2)}\n\n",
        f"data: {json.dumps([{'error': OVERLOADED}])}\n\n",
    ],
)
@pytest.mark.parametrize("before", [[], [{"choices": [{"delta": {"content": "Hi"}}]}]])
async def test_an_error_in_any_dress_is_what_it_says(
    openai: OpenAIProvider, ask: Ask, heard: Heard, monkeypatch: pytest.MonkeyPatch, before: list[object], end: str
) -> None:
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in before) + end
    monkeypatch.setitem(RAW, "ends-in-error", ("text/event-stream", [body.encode()]))
    with pytest.raises(errors.RateLimited):
        await heard.listen(openai, ask("script:raw-ends-in-error"))
    assert heard.text == ("Hi" if before else "")


@pytest.mark.parametrize("chunks", [[], [{"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}]])
async def test_an_end_mark_behind_nothing_is_no_answer(
    openai: OpenAIProvider, ask: Ask, heard: Heard, monkeypatch: pytest.MonkeyPatch, chunks: list[object]
) -> None:
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    monkeypatch.setitem(RAW, "nothing", ("text/event-stream", [body.encode()]))
    with pytest.raises(errors.MalformedAnswer):
        await heard.listen(openai, ask("script:raw-nothing"))


def test_a_tab_within_a_string_is_read() -> None:
    assert events_of(ChatCompletionsReader("m"), '{"choices": [{"delta": {"content": "a\tb"}}]}') == [Text("a\tb")]


def events_of(reader: Reader, *chunks: object) -> list[Text | Reasoning]:
    return [
        event for chunk in chunks for event in reader.read("", chunk if isinstance(chunk, str) else json.dumps(chunk))
    ]


def said(*deltas: dict[str, object]) -> list[Text | Reasoning]:
    return events_of(ChatCompletionsReader("m"), *({"choices": [{"index": 0, "delta": delta}]} for delta in deltas))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (7, "7"),
        (0, "0"),
        (1.5, "1.5"),
        (["a", "b"], "ab"),
        (["a", None, 3, {"type": "text", "text": "b"}], "a3b"),
        ([{"type": "output_text", "text": "a"}, {"type": "image_url", "image_url": {}}], "a"),
        ({"text": "a"}, "a"),
        ([[["a"]]], "a"),
        (True, ""),
        (None, ""),
        ({}, ""),
    ],
)
def test_content_of_any_shape(content: object, text: str) -> None:
    assert "".join(event.text for event in said({"content": content})) == text


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"thinking": "Hm."},
        {"reasoning": ["H", "m."]},
        {"reasoning": {"text": "Hm."}},
        {"reasoning": {"content": [{"text": "Hm."}]}},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "s"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]},
        {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning": "Hm.", "reasoning_content": "Hm."},
        {"reasoning": None, "reasoning_content": "", "thinking": "Hm."},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Hm."}], "reasoning_content": "Hm."},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}]},
        {"content": [{"text": "Hm.", "thought": True}]},
    ],
)
def test_thoughts_of_any_shape_come_once(delta: dict[str, object]) -> None:
    assert said(delta, {"content": "Yes."}) == [Reasoning("Hm."), Text("Yes.")]


@pytest.mark.parametrize("value", [7, True, {"type": "reasoning.encrypted", "data": "xyz"}, [None], {}])
def test_thoughts_that_cannot_be_read_are_none(value: object) -> None:
    assert said({"reasoning": value, "content": "Yes."}) == [Text("Yes.")]


def test_thoughts_that_another_field_says_again_at_the_end_come_once() -> None:
    again = [{"type": "reasoning.text", "text": "I count."}]
    assert said({"reasoning": "I "}, {"reasoning": "count."}, {"reasoning_details": again}) == [
        Reasoning("I "),
        Reasoning("count."),
    ]


def test_a_word_that_comes_twice_stays_twice() -> None:
    reader = ChatCompletionsReader("m")
    chunks: Iterable[object] = (
        {"choices": [{"delta": {"content": "ha"}}]},
        {"choices": [{"delta": {"content": "ha"}, "finish_reason": "stop"}]},
    )
    assert events_of(reader, *chunks) == [Text("ha"), Text("ha")]


def test_what_an_error_chunk_says_first_is_kept() -> None:
    reader = ChatCompletionsReader("m")
    pieces = reader.read("", json.dumps({"choices": [{"delta": {"content": "a"}}], "error": {"code": 429}}))
    events = iter(pieces)
    assert next(events) == Text("a")
    with pytest.raises(errors.RateLimited):
        next(events)


@pytest.mark.parametrize("reader", [ChatCompletionsReader, MessagesReader])
@pytest.mark.parametrize("data", ["something broke", "", '"text"'])
def test_an_error_event_of_plain_text(reader: type[Reader], data: str) -> None:
    with pytest.raises(errors.ProviderError):
        list(reader("m").read("error", data))


@pytest.mark.parametrize("usage", [7, "x", [], True, {"prompt_tokens": [], "completion_tokens": "many"}, {"a": None}])
def test_usage_that_is_none_does_no_harm(usage: object) -> None:
    reader = ChatCompletionsReader("m")
    events = events_of(reader, {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "usage": usage})
    assert events == [Text("a")]
    assert reader.finish == "stop"


def test_a_number_of_tokens_is_one_that_can_be_stored() -> None:
    reader = ChatCompletionsReader("m")
    events_of(reader, {"choices": [], "usage": {"prompt_tokens": 10**20, "completion_tokens": -3}})
    assert reader.usage is not None
    assert (reader.usage.input_tokens, reader.usage.output_tokens) == (2**31 - 1, 0)


def test_usage_elsewhere_in_the_chunk() -> None:
    reader = ChatCompletionsReader("m")
    events_of(reader, {"choices": [{"delta": {}, "usage": {"prompt_tokens": 3}}]})
    assert reader.usage is not None
    assert reader.usage.input_tokens == 3


@pytest.mark.parametrize("finish", [1, True, {"type": "stop"}, ["stop"], {"a": []}])
def test_a_finish_that_is_no_string_loses_nothing(finish: object) -> None:
    reader = ChatCompletionsReader("m")
    assert events_of(reader, {"choices": [{"delta": {"content": "a"}, "finish_reason": finish}]}) == [Text("a")]
    assert reader.finish is not None


# --- the same for Anthropic's wire ------------------------------------------------------------------------------------
def test_odd_events_of_anthropic() -> None:
    reader = MessagesReader("m")
    events = events_of(
        reader,
        "ping",
        "",
        "null",
        {"type": "message_start"},
        {"type": "message_start", "message": {"usage": None}},
        {"type": "content_block_start"},
        {"type": "content_block_start", "index": None, "content_block": None},
        {"type": "content_block_start", "content_block": {"type": "server_tool_use", "name": "web_search"}},
        {"type": "content_block_delta", "delta": None},
        {"type": "content_block_delta", "delta": {"type": "citations_delta", "citation": {}}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": ["Hm."]}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 7}},
        {"type": "content_block_delta", "delta": {"text": " words"}},
        {"type": "message_delta", "delta": None, "usage": "none"},
        {"type": "message_delta", "delta": {"stop_reason": "END_TURN"}, "usage": {"output_tokens": "3"}},
        "[DONE]",
    )
    assert events == [Reasoning("Hm."), Text("7"), Text(" words")]
    assert (reader.finish, reader.done, reader.wants_tool) == ("stop", True, False)
    assert reader.usage is not None
    assert reader.usage.output_tokens == 3


def test_a_whole_message_in_a_stream_of_anthropic() -> None:
    whole = {"type": "message", "content": [None, "a", {"type": "text", "text": "b"}], "stop_reason": "max_tokens"}
    reader = MessagesReader("m")
    assert events_of(reader, whole) == [Text("a"), Text("b")]
    assert reader.finish == "length"
    assert list(MessagesReader("m").read_whole({"content": "text"})) == [Text("text")]


async def test_a_body_of_nothing_but_blanks(
    openai: OpenAIProvider, ask: Ask, heard: Heard, monkeypatch: pytest.MonkeyPatch, scripted_provider: ScriptedProvider
) -> None:
    monkeypatch.setitem(RAW, "blank", ("text/event-stream", [b"\n\n", b" \n"]))
    with pytest.raises(errors.MalformedAnswer):
        await heard.listen(openai, ask("script:raw-blank"))


def test_a_server_that_ends_and_goes_on_is_read_once() -> None:
    """What comes behind the end is compared with all before it only where it may be the same."""
    reader = ChatCompletionsReader("m")
    began = time.process_time()
    events_of(reader, *({"choices": [{"delta": {"content": "word"}, "finish_reason": "stop"}]} for _ in range(30_000)))
    events_of(reader, *({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]} for _ in range(1000)))
    assert time.process_time() - began < 3
