"""Roles and pieces that no parser knows: their text is imported, as whose it is as far as that is known."""

import json
import time
from typing import Any

import pytest

from conversations.transfer.formats.parts import everything
from conversations.transfer.tree import Parsed
from conversations.transfer.values import Value
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, parsed


def _said(one: Parsed) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in one.turns]


def _unknown(one: Parsed) -> dict[str, int]:
    return {code.removeprefix("unknown:"): n for code, n in one.notes.items() if code.startswith("unknown:")}


def _in_format(product: str, *messages: tuple[Any, Any]) -> Any:
    """A conversation of roles and texts, as the product has it."""
    if product == "chatgpt":
        keys = [None, *(str(number) for number in range(len(messages)))]
        nodes = [
            chatgpt_node(str(n), keys[n], "", text, author={"role": role}) for n, (role, text) in enumerate(messages)
        ]
        return [chatgpt(mapping={node["id"]: node for node in nodes}, current_node=keys[-1])]
    if product == "claude":
        return [
            {"uuid": "c", "name": "T", "chat_messages": [{"sender": role, "text": text} for role, text in messages]}
        ]
    listed = [{"role": role, "content": text} for role, text in messages]
    if product == "open_webui":
        return [{"id": "o", "chat": {"title": "T", "models": ["m"], "messages": listed}}]
    if product == "own":
        return {"format": "chat-conversation", "version": 1, "conversation": {"title": "T", "messages": listed}}
    if product == "librechat":
        return {"conversationId": "l", "messages": [{"role": role, "text": text} for role, text in messages]}
    if product == "lobechat":
        return {"data": {"messages": [one | {"id": str(n), "topicId": "t"} for n, one in enumerate(listed)]}}
    if product == "deepseek":
        nodes = [{"message": {"role": role, "content": text}} for role, text in messages]
        tail = {"message": {"fragments": [{"type": "RESPONSE", "content": "Last"}]}}
        return [{"id": "d", "mapping": {str(n): node for n, node in enumerate([*nodes, tail])}}]
    if product == "sharegpt":
        return {"conversations": [{"from": role, "value": text} for role, text in messages]}
    return {"messages": listed}


PRODUCTS = ["chatgpt", "claude", "open_webui", "own", "librechat", "lobechat", "deepseek", "sharegpt", "other"]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(
    ("asks", "answers"), [("User", "Assistant"), ("USER", "AI"), ("Human", "Bot"), (" user ", "MODEL")]
)
def test_roles_in_capitals_and_by_other_names(make: Make, product: str, asks: str, answers: str) -> None:
    [one] = parsed(make(_in_format(product, (asks, "Question"), (answers, "Answer"))))
    assert _said(one)[:2] == [("user", "Question"), ("assistant", "Answer")]
    assert _unknown(one) == {}


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", ["observation", "Narrator", "critic"])
def test_what_somebody_unknown_says_is_quoted_under_the_name(make: Make, product: str, name: str) -> None:
    messages = (("user", "Question"), (name, "First line\n\nSecond"), ("user", "And?"), ("assistant", "So."))
    [one] = parsed(make(_in_format(product, *messages)))
    quotation = f"> **{name}**\n>\n> First line\n>\n> Second"
    assert _said(one)[:4] == [
        ("user", "Question"), ("assistant", quotation), ("user", "And?"), ("assistant", "So.")
    ]  # fmt: skip
    assert list(_unknown(one).values()) == [1]
    assert name in next(iter(_unknown(one)))
    assert [turn.parent for turn in one.turns[:4]] == [None, 0, 1, 2]


@pytest.mark.parametrize("product", [name for name in PRODUCTS if name != "librechat"])
def test_what_nobody_named_says_is_quoted(make: Make, product: str) -> None:
    [one] = parsed(make(_in_format(product, ("user", "Question"), (None, "Text"))))
    assert _said(one)[:2] == [("user", "Question"), ("assistant", "> Text")]
    assert sum(_unknown(one).values()) == 1


def test_a_quotation_is_a_part_of_the_answer_that_goes_on_with_it(make: Make) -> None:
    messages = (("user", "Question"), ("assistant", "One"), ("critic", "Hm"), ("assistant", "Two"))
    [one] = parsed(make(_in_format("chatgpt", *messages)))
    assert _said(one) == [("user", "Question"), ("assistant", "One\n\n> **critic**\n>\n> Hm\n\nTwo")]


def test_a_role_without_words_is_no_message(make: Make) -> None:
    [one] = parsed(make(_in_format("open_webui", ("user", "Question"), ("critic", ""), ("assistant", "Answer"))))
    assert _said(one) == [("user", "Question"), ("assistant", "Answer")]


def test_a_system_message_of_this_product(make: Make) -> None:
    messages = (("system", "Be brief."), ("user", "Question"), ("System", "Late"), ("assistant", "Answer"))
    [one] = parsed(make(_in_format("own", *messages)))
    assert one.system_prompt == "Be brief."
    quotation = "> **system**\n>\n> Late"
    assert _said(one) == [("user", "Question"), ("assistant", quotation), ("assistant", "Answer")]
    assert "system" not in one.notes


def test_instructions_in_two_places_are_both_kept(make: Make) -> None:
    messages = [{"role": "system", "content": "Rhyme."}, {"role": "user", "content": "Hi"}]
    for prompt, expected in (("Be brief.", "Be brief.\n\nRhyme."), ("Rhyme.", "Rhyme."), ("", "Rhyme.")):
        [one] = parsed(make([{"id": "o", "chat": {"params": {"system": prompt}, "models": [], "messages": messages}}]))
        assert one.system_prompt == expected


CARD = {"blob": {"deep": [[{"markdown": "DEEP"}]], "title": "TITLE", "body": "BODY"}, "id": "x1", "kind": "card"}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"markdown": "MM"}, "MM"),
        ({"html": "<p>HH</p>"}, "<p>HH</p>"),
        ({"body": "BB", "caption": "CC"}, "BB\n\nCC"),
        ({"transcript": "TT"}, "TT"),
        ({"title": "T", "body": "B", "url": "https://example.org"}, "T\n\nB"),
        ({"text": "same", "markdown": "same", "html": "<b>same</b>"}, "same"),
        ({"text": "", "markdown": "same"}, "same"),
        (CARD, "DEEP\n\nTITLE\n\nBODY"),
        ({"verse": "two words", "mode": "dark"}, "two words"),
        ({"poem": "가나다"}, "가나다"),
        ({"lines": ["one", "two", ["three"]]}, "one\n\ntwo\n\nthree"),
        ({"rows": [{"cells": [{"value": "a"}, {"value": "b"}]}]}, "a\n\nb"),
        ({"content": {"content": {"text": "in"}}}, "in"),
        ({"data": "A" * 300, "text": "data:image/png;base64,AAAA"}, ""),
        ({"id": "a-b-c", "created_at": "Tue, 14 Nov 2023 22:13:20 GMT", "model": "Some Model"}, ""),
        ({}, ""),
    ],
)
def test_everything_that_an_unknown_object_says(make: Make, data: dict[str, Any], text: str) -> None:
    assert everything(Value(data, "")) == text


def test_an_unknown_object_may_be_deep_or_long(make: Make) -> None:
    data: Any = {"text": "bottom"}
    for number in range(50_000):
        data = [data] if number % 2 else {"inner": data}
    assert everything(Value(data, "")) == "bottom"
    began = time.process_time()
    for piece in ("a", "a ", " ", "=", "ab, "):
        everything(Value({"other": piece * (1_000_000 // len(piece))}, ""))
    assert time.process_time() - began < 5


PARTS = [
    ({"type": "card", "title": "TITLE", "body": "BODY"}, "TITLE\n\nBODY", True),
    ({"type": "card"} | CARD, "DEEP\n\nTITLE\n\nBODY", True),
    ({"markdown": "MM"}, "MM", True),
    ({"html": "<p>HH</p>"}, "<p>HH</p>", True),
    ({"caption": "CC"}, "CC", True),
    ({"type": "text", "markdown": "MM"}, "MM", False),
    ({"type": "text", "answer": "MM"}, "MM", True),
    ({"type": "text", "text": {"value": "MM"}}, "MM", False),
    ({"text": "plain"}, "plain", False),
    ([{"text": "in a list"}, ["of", "lists"]], "in a list\n\nof\n\nlists", False),
]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(("part", "text", "is_unknown"), PARTS)
def test_an_unknown_piece_of_a_message(make: Make, product: str, part: Any, text: str, is_unknown: bool) -> None:
    content = [part] if isinstance(part, dict) else part
    data = _in_format(product, ("user", "Question"), ("assistant", content))
    [one] = parsed(make(data))
    assert _said(one)[1] == ("assistant", text)
    if product != "chatgpt":  # whose pieces have a content_type, not a type
        assert bool(_unknown(one)) is is_unknown


def _chatgpt(make: Make, **content: Any) -> Parsed:
    mapping = {"q": chatgpt_node("q", None, "user", "Question")}
    mapping["a"] = chatgpt_node("a", "q", "assistant", "", content=content)
    [one] = parsed(make([chatgpt(mapping=mapping)]))
    return one


@pytest.mark.parametrize(
    ("content", "text", "unknown"),
    [
        ({"content_type": "new_card"} | CARD, "DEEP\n\nTITLE\n\nBODY", {"content new_card": 1}),
        ({"content_type": "new_card", "parts": ["P"], "body": "BODY"}, "P\n\nBODY", {"content new_card": 1}),
        ({"content_type": "text", "markdown": "MM"}, "MM", {}),
        (
            {"content_type": "text", "parts": [{"content_type": "card", "title": "T", "body": "B"}]},
            "T\n\nB",
            {"part card": 1},
        ),
        ({"content_type": "text", "parts": [{"body": "B"}, {"title": "T"}]}, "B\n\nT", {"part": 2}),
    ],
)  # fmt: skip
def test_an_unknown_content_of_chatgpt(make: Make, content: Any, text: str, unknown: dict[str, int]) -> None:
    one = _chatgpt(make, **content)
    assert one.turns[1].content == text
    assert _unknown(one) == unknown


def test_a_message_of_chatgpt_that_is_only_a_text(make: Make) -> None:
    mapping = chatgpt()["mapping"] | {"b": {"id": "b", "parent": "a", "message": "Said"}}
    [one] = parsed(make([chatgpt(mapping=mapping, current_node="b")]))
    assert one.turns[-1].content == "Answer\n\n> Said"


def test_a_fragment_of_deepseek_of_another_shape(make: Make) -> None:
    fragments = [{"type": "CARD", "title": "T", "body": "B"}, {"type": "RESPONSE", "markdown": "M"}]
    mapping = {"1": {"id": "1", "message": {"fragments": fragments}}}
    [one] = parsed(make([{"id": "d", "mapping": mapping}]))
    assert one.turns[0].content == "T\n\nB\n\nM"
    assert _unknown(one) == {"fragment CARD": 1}


S, F, E = "\ue200", "\ue202", "\ue201"


@pytest.mark.parametrize(
    ("mark", "shown"),
    [
        (f'{S}writing{F}{{"title":"Email","body":"Dear all,\\nBye"}}{E}', "\n\n**Email**\n\nDear all,\nBye\n\n"),
        (f'{S}writing{F}{{"body":"Dear all"}}{E}', "Dear all"),
        (f'{S}writing{F}{{"subject":"S","text":"Dear all"}}{E}', "\n\n**S**\n\nDear all\n\n"),
        (f'{S}products{F}{{"selections":[["turn0product1","Nice Kettle"]]}}{E}', "Nice Kettle"),
        (f'{S}products{F}{{"selections":[["turn0product1","Kettle"],["turn0product2","Pot"]]}}{E}', "Kettle, Pot"),
        (f'{S}products{F}{{"selections":[{{"ref":"turn0product1","title":"Kettle"}}]}}{E}', "Kettle"),
        (f'{S}products{F}[["turn0product1","Kettle"]]{E}', "Kettle"),
        (f'{S}entity{F}{{"name":"Bob"}}{E}', "Bob"),
        (f'{S}entity{F}{{"name":"Bob","type":"person","id":"turn0entity1"}}{E}', "Bob"),
        (f"{S}entity{F}turn0entity1{F}Bob{E}", "Bob"),
        (f'{S}genui{F}{{"chart":{{"title":"Rain","unit":"mm"}}}}{E}', "Rain"),
    ],
)
def test_marks_with_objects(make: Make, mark: str, shown: str) -> None:
    one = _chatgpt(make, content_type="text", parts=[f"a{mark}b"])
    assert one.turns[1].content == f"a{shown}b"
    assert _unknown(one) == {}


@pytest.mark.parametrize("mark", [f'{S}entity{F}{{"nick":"Bob"}}{E}', f'{S}products{F}{{"selections":[5]}}{E}'])
def test_a_card_of_which_nothing_can_be_shown_is_counted(make: Make, mark: str) -> None:
    one = _chatgpt(make, content_type="text", parts=[f"a{mark}b"])
    assert one.turns[1].content == "ab"
    assert sum(_unknown(one).values()) == 1


@pytest.mark.parametrize("product", ["other", "open_webui", "lobechat"])
@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "transcript": "HEARD"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav", "transcript": "HEARD"}},
        {"type": "output_audio", "transcript": "HEARD"},
        {"type": "audio", "audio": {"transcription": {"text": "HEARD"}}},
    ],
)
def test_what_was_spoken(make: Make, product: str, part: dict[str, Any]) -> None:
    [one] = parsed(make(_in_format(product, ("user", [{"type": "text", "text": "Hi"}, part]), ("assistant", "Yes"))))
    assert _said(one) == [("user", "Hi\n\nHEARD"), ("assistant", "Yes")]
    assert +one.notes == {"attachments": 1}


def test_a_recording_without_words_is_a_mark(make: Make) -> None:
    part = {"type": "input_audio", "input_audio": {"data": "AAAA"}}
    [one] = parsed(make(_in_format("other", ("user", [part, {"type": "image", "caption": "A cat"}]), ("ai", "Yes"))))
    assert _said(one) == [("user", "[audio] [image]\n\nA cat"), ("assistant", "Yes")]
    assert +one.notes == {"attachments": 2}


@pytest.mark.parametrize("content", [None, "", []])
def test_an_answer_that_was_spoken(make: Make, content: Any) -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": content, "audio": {"id": "a", "data": "AAAA", "transcript": "SPOKEN"}},
    ]
    [one] = parsed(make({"messages": messages}))
    assert _said(one) == [("user", "Hi"), ("assistant", "SPOKEN")]


def _session(**tables: Any) -> dict[str, Any]:
    message = {"id": "m", "role": "user", "content": "Hi", "sessionId": "s"}
    return {"messages": [message], "sessions": [{"id": "s", "meta": {"title": "T"}}], "topics": []} | tables


CONFIG = {"systemRole": "Be brief.", "params": {"temperature": 1.5, "max_tokens": 500}}


@pytest.mark.parametrize(
    "tables",
    [
        {"sessions": [{"id": "s", "config": CONFIG}]},
        {"sessions": [{"id": "s"}], "agents": [CONFIG | {"id": "a"}],
         "agentsToSessions": [{"agentId": "a", "sessionId": "s"}]},
        {"sessions": [{"id": "s", "agentId": "a"}], "agents": [CONFIG | {"id": "a"}]},
        {"sessions": [{"id": "s", "config": CONFIG}], "agents": [{"id": "a", "systemRole": "Be brief."}],
         "agentsToSessions": [{"agentId": "a", "sessionId": "s"}]},
        {"topics": [{"id": "t", "sessionId": "s", "title": "T"}], "sessions": [{"id": "s", "config": CONFIG}],
         "messages": [{"id": "m", "role": "user", "content": "Hi", "sessionId": "s", "topicId": "t"}]},
        {"topics": [{"id": "t", "title": "T"}], "sessions": [{"id": "s", "config": CONFIG}],
         "messages": [{"id": "m", "role": "user", "content": "Hi", "sessionId": "s", "topicId": "t"}]},
        {"sessions": [], "agents": [CONFIG | {"id": "a"}],
         "messages": [{"id": "m", "role": "user", "content": "Hi", "sessionId": "s", "agentId": "a"}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["state", "data"])
def test_how_an_agent_of_lobechat_is_told_to_answer(make: Make, around: str, tables: dict[str, Any]) -> None:
    [one] = parsed(make({"exportType": "all", around: _session(**tables)}))
    assert (one.system_prompt, one.temperature, one.max_tokens) == ("Be brief.", 1.5, 500)


def test_an_agent_of_another_session_tells_nothing(make: Make) -> None:
    tables = {
        "sessions": [{"id": "s"}, {"id": "z", "config": CONFIG}],
        "agents": [{"id": "a", "systemRole": "No."}],
        "agentsToSessions": [{"agentId": "a", "sessionId": "z"}],
    }
    [one] = parsed(make({"data": _session(**tables)}))
    assert (one.system_prompt, one.temperature) == ("", None)


def test_a_session_and_its_agent_that_differ_are_both_heard(make: Make) -> None:
    sessions = [{"id": "s", "agentId": "a", "config": CONFIG}]
    [one] = parsed(make({"data": _session(sessions=sessions, agents=[{"id": "a", "systemRole": "Rhyme."}])}))
    assert (one.system_prompt, one.temperature) == ("Be brief.\n\nRhyme.", 1.5)


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, [None], {"a": None}])
@pytest.mark.parametrize("name", ["sessions", "agents", "agentsToSessions"])
def test_tables_of_another_type_cost_only_themselves(make: Make, name: str, odd: Any) -> None:
    path = make(json.dumps({"data": _session(**{name: odd})}))
    [one] = parsed(path)
    assert _said(one) == [("user", "Hi")]
