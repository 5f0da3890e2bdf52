"""Values of neighbouring types, other encodings and other envelopes: what exports of some version have, is read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.transfer.formats import chatgpt as chatgpt_format
from conversations.transfer.problems import Unreadable
from conversations.transfer.reading import conversations_in
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, parsed

ONE = json.dumps(chatgpt())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, ""),
        ("x", "x"),
        (3, "3"),
        (3.0, "3"),
        (0.7, "0.7"),
        (True, "true"),
        ({"text": "a"}, "a"),
        ({"text": {"value": "a"}}, "a"),
        (["a", None, {"content": "b"}], "a\n\nb"),
        ({"colour": 1}, ""),
        ("a\x00b\ud800", "a\ufffdb\ufffd"),
    ],
)
def test_a_text(data: Any, text: str) -> None:
    assert Value(data, "").text() == text


@pytest.mark.parametrize(
    ("data", "number"), [("0.7", 0.7), (1, 1.0), ("x", None), (True, None), ("9e99", 2.0), ([], None)]
)
def test_a_number(data: Any, number: float | None) -> None:
    assert Value(data, "").number(0, 2) == number


@pytest.mark.parametrize(
    ("data", "flag"), [(1, True), (0, False), ("true", True), ("0", False), ("no", False), (None, False)]
)
def test_a_flag(data: Any, flag: bool) -> None:
    assert Value(data, "").flag() is flag


@pytest.mark.parametrize("data", [None, False, "", 0, [], {}])
def test_nothing_is_an_empty_list(data: Any) -> None:
    assert list(Value(data, "").items()) == []


@pytest.mark.parametrize("zero", [0, "0", 0.0, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", ""])
def test_a_date_of_zero_is_no_date(make: Make, zero: Any) -> None:
    [one] = parsed(make([chatgpt(create_time=zero)]))
    assert one.created_at == one.turns[0].created_at
    assert "dates" not in one.notes


@pytest.mark.parametrize(
    "date",
    [
        1700000000,
        "1700000000",
        1700000000000,
        1700000000000000,
        1700000000000000000,
        "2023-11-14T22:13:20.000000000Z",
        "Tue, 14 Nov 2023 22:13:20 GMT",
        {"$date": "2023-11-14T22:13:20Z"},
        {"$date": {"$numberLong": "1700000000000"}},
    ],
)
def test_a_date_in_seconds_and_finer_and_in_words(date: Any) -> None:
    assert Value(date, "").moment() == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [
        ONE.encode("utf-16"),
        ONE.encode("utf-16-le"),
        ONE.encode("utf-16-be"),
        ONE.encode("utf-32"),
        ONE.encode("utf-8-sig"),
        f" \n[{ONE}]".encode("utf-16-be"),
        f"{ONE}\n{json.dumps(chatgpt(conversation_id='c2'))}\n".encode(),
        json.dumps(chatgpt(), indent=1).encode() + b"\n" + json.dumps(chatgpt(), indent=1).encode(),
        f'{{"conversations": [{ONE}]}}'.encode(),
        f'{{"version": 3, "exported": "today", "chats": [{ONE}], "user": {{"name": "x"}}}}'.encode(),
        f'{{"user": {{"a": [1]}}, "data": {{"chats": [{ONE}]}}}}'.encode(),
        f"[[{ONE}]]".encode(),
        f"[null, {ONE}]".encode(),
        ONE.replace('"T"', '"a\tb"').encode(),
        ONE.replace("1700000001", "NaN").encode(),
        ONE.replace("1700000001", "9" * 5000).encode(),
    ],
)
def test_encodings_and_envelopes(make: Make, data: bytes) -> None:
    found = [one for one in conversations_in(make(data)) if isinstance(one, Parsed)]
    assert found
    assert [turn.content for turn in found[0].turns] == ["Question", "Answer"]


def test_a_broken_line_does_not_stop_the_others(make: Make) -> None:
    lines = [ONE, '{"mapping": {"q": ', "{]", json.dumps(chatgpt(conversation_id="c2"))]
    found = list(conversations_in(make("\n".join(lines))))
    assert [isinstance(one, Parsed) for one in found] == [True, False, False, True]


def test_damaged_letters_do_not_spoil_the_sound_ones(make: Make) -> None:
    text = json.dumps([chatgpt(title="가나다라")], ensure_ascii=False).encode().replace("다".encode(), b"\xff")
    [one] = parsed(make(text))
    assert (one.title, one.notes["undecodable"]) == ("가나\ufffd라", 1)


def test_text_in_korean_windows(make: Make) -> None:
    [one] = parsed(make(json.dumps([chatgpt(title="가나다라마바사")], ensure_ascii=False).encode("cp949")))
    assert one.title == "가나다라마바사"


def test_what_was_read_before_a_file_ends_too_early_is_kept(make: Make) -> None:
    found = list(conversations_in(make(f'[{ONE}, {{"mapping": {{"q"')))
    assert [isinstance(one, Parsed) for one in found] == [True, False]


@pytest.mark.parametrize("wrong", [None, 5, "x", [], {}, [None], {"a": None}])
@pytest.mark.parametrize("name", ["content", "author", "metadata", "recipient", "create_time"])
def test_a_member_of_another_type_costs_that_member(make: Make, name: str, wrong: Any) -> None:
    node = chatgpt_node("a", "q", "assistant", "Answer")
    node["message"][name] = wrong
    [one] = parsed(make([chatgpt(mapping=chatgpt()["mapping"] | {"a": node})]))
    assert one.turns[0].content == "Question"


def test_parts_that_are_numbers_or_objects_with_a_text(make: Make) -> None:
    node = chatgpt_node("q", None, "user", "")
    node["message"]["content"]["parts"] = [
        7,
        {"text": "seven"},
        None,
        {"content_type": "audio_transcription", "text": "x"},
    ]
    [one] = parsed(make([chatgpt(mapping={"q": node}, title=7)]))
    assert (one.title, one.turns[0].content) == ("7", "7\n\nseven\n\nx")


def test_a_system_message_in_the_middle_is_not_the_system_prompt(make: Make) -> None:
    mapping = {
        "s": chatgpt_node("s", None, "system", "Be brief."),
        "q": chatgpt_node("q", "s", "user", "Question"),
        "t": chatgpt_node("t", "q", "system", "The person has left."),
        "a": chatgpt_node("a", "t", "assistant", "Answer"),
    }
    [one] = parsed(make([chatgpt(mapping=mapping)]))
    assert (one.system_prompt, one.notes["system"], len(one.turns)) == ("Be brief.", 1, 2)


def test_every_string_of_a_file_can_be_stored(make: Make) -> None:
    odd = "\x00\ud800\udfff"
    mapping = {f"q{odd}": chatgpt_node("q", None, "user", odd + "x"), f"k{odd}": {"message": odd}}
    [one] = parsed(make([chatgpt(title=odd + "T", mapping=mapping, conversation_id=odd, default_model_slug=odd)]))
    text = json.dumps(one.as_dict(), ensure_ascii=False)
    assert not set(text.encode().decode()) & set(odd)


def test_a_broken_first_line_does_not_stop_the_others(make: Make) -> None:
    for broken in ('{"mapping": {"q": ', '{"mapping": {"q": "x', '{"a": ]'):
        found = list(conversations_in(make("\n".join([broken, ONE, json.dumps(chatgpt(conversation_id="c2"))]))))
        assert [isinstance(one, Parsed) for one in found] == [False, True, True]


def test_an_object_whose_list_begins_on_the_next_line_is_no_list_of_lines(make: Make) -> None:
    assert len(parsed(make(f'{{"export": [\n{ONE}\n]}}'))) == 1


def test_what_nobody_foresaw_costs_one_conversation(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    real = chatgpt_format.grow

    def odd(parsed: Parsed, *args: Any, **more: Any) -> Parsed:
        if parsed.title == "Odd":
            raise TypeError
        return real(parsed, *args, **more)

    monkeypatch.setattr(chatgpt_format, "grow", odd)
    found = list(conversations_in(make([chatgpt(), chatgpt(title="Odd"), chatgpt()])))
    assert [one.code if isinstance(one, Unreadable) else "" for one in found] == ["", "not_read", ""]


def test_tags_that_are_a_number(make: Make) -> None:
    chat = {"tags": 5, "history": {"messages": {"q": {"id": "q", "role": "user", "content": "Hi"}}}}
    [one] = parsed(make([{"id": "c", "chat": chat, "meta": {"tags": 5}}]))
    assert one.turns[0].content == "Hi"


def test_an_id_nested_deeply_is_none(make: Make) -> None:
    deep = '{"id":' * 3_000 + "1" + "}" * 3_000
    [one] = parsed(make('[{"id": ' + deep + ', "messages": [{"role": "user", "content": "Hi"}]}]'))
    assert (one.source_id, one.turns[0].content) == ("", "Hi")


def test_a_name_that_stands_twice_with_deep_values(make: Make) -> None:
    deep = "[" * 3_000 + "]" * 3_000
    [one] = parsed(make('[{"x": ' + deep + ', "x": ' + deep + ", " + ONE[1:] + "]"))
    assert len(one.turns) == 2


def test_lobechat_names_the_parents_of_answers_only(make: Make) -> None:
    messages = [
        {"id": "a2", "role": "assistant", "content": "A2", "parentId": "u2", "createdAt": 1700000004000},
        {"id": "u1", "role": "user", "content": "U1", "createdAt": 1700000001000},
        {"id": "a1", "role": "assistant", "content": "A1", "parentId": "u1", "createdAt": 1700000002000},
        {"id": "u2", "role": "user", "content": "U2", "createdAt": 1700000003000},
    ]
    data = {"state": {"messages": [one | {"topicId": "t"} for one in messages], "topics": [{"id": "t", "title": "T"}]}}
    [one] = parsed(make(data))
    assert [(turn.content, turn.parent) for turn in one.turns] == [("U1", None), ("A1", 0), ("U2", 1), ("A2", 2)]


NOT_SHOWN = "```\nThis block is not supported on your current device yet.\n```"


@pytest.mark.parametrize(
    ("text", "content", "shown"),
    [
        ("Answer", [{"type": "thinking", "thinking": "Hm"}], ["Hi", "Answer"]),
        (NOT_SHOWN, [{"type": "tool_use", "name": "search", "input": {"query": "x"}}], ["Hi"]),
        (f"Answer\n\n{NOT_SHOWN}", [{"type": "tool_use", "name": "search", "input": {}}], ["Hi", "Answer"]),
    ],
)
def test_an_answer_of_claude_that_is_only_in_the_text(make: Make, text: str, content: Any, shown: list[str]) -> None:
    messages = [
        {"uuid": "q", "sender": "human", "text": "Hi", "content": []},
        {"uuid": "a", "sender": "assistant", "text": text, "content": content},
    ]
    [one] = parsed(make([{"uuid": "c", "name": "T", "chat_messages": messages}]))
    assert [turn.content.strip() for turn in one.turns] == shown
