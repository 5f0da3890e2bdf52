"""Lists of conversations inside of other lists and objects: what is recognised in there is read."""

from typing import Any

import pytest

from conversations.transfer.reading import conversations_in
from conversations.transfer.tree import Parsed
from tests.conversations.transfer.conftest import Make, chatgpt, complaint, parsed

ONE, TWO = chatgpt(), chatgpt(conversation_id="c2")
TABLES = {"messages": [{"id": "1", "role": "user", "content": "Question", "topicId": "t"}], "topics": []}


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({"data": {"export": {"conversations": [ONE, TWO]}}}, 2),
        ({"users": [{"name": "x", "conversations": [ONE]}, {"name": "y", "conversations": [TWO]}]}, 2),
        ({"a": {"b": {"c": [ONE]}}}, 1),
        ({"result": [{"conversation": {"data": ONE}}, {"conversation": {"data": TWO}}]}, 2),
        ([[[[[ONE, TWO]]]]], 2),
        ({"pages": [{"items": {"a": ONE}}, {"items": {"b": TWO}}]}, 2),
        ({"account": {"a": [1]}, "export": {"data": {"state": TABLES}}}, 1),
        ({"export": {"thread": {"log": [{"role": "user", "content": "Question"}]}}}, 1),
    ],
)
def test_a_list_in_other_lists_and_objects(make: Make, data: Any, count: int) -> None:
    found = parsed(make(data))
    assert len(found) == count
    assert {one.turns[0].content for one in found} == {"Question"}


@pytest.mark.parametrize("nothing", [{}, None, {"a": 1}])
def test_a_conversation_behind_many_things_that_are_none(make: Make, nothing: Any) -> None:
    for data in (
        {"data": [nothing] * 200 + [ONE]},
        {"data": {str(number): nothing for number in range(200)} | {"c": ONE}},
    ):
        [one] = [one for one in conversations_in(make(data)) if isinstance(one, Parsed)]
        assert one.source_id == "c1"


def test_lists_without_conversations_are_named_once_an_object(make: Make) -> None:
    assert complaint(make({"data": {"export": [{"hello": "world"}]}})).endswith("is known here.")
    assert len(list(conversations_in(make({"data": {"export": [{"hello": "world"}] * 50}})))) == 1
