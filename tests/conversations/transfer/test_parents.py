"""Messages that do not say what they follow: they hang on what came before them, unless they begin a conversation."""

from typing import Any

import pytest

from conversations.transfer.formats.claude import NONE_BEFORE
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, parsed

TEXTS = ("Q1", "A1", "Q2", "A2", "Q3", "A3")
ABSENT = object()
ROW = [None, 0, 1, 2, 3, 4]
VERSIONS = [None, 0, None, 2, 3, 4]


def _claude(parents: list[Any]) -> Any:
    messages = [
        {"uuid": TEXTS[n], "sender": ("human", "assistant")[n % 2], "text": TEXTS[n]} | _if(parent_message_uuid=parent)
        for n, parent in enumerate(parents)
    ]
    return [{"uuid": "c", "name": "T", "chat_messages": messages}]


def _librechat(parents: list[Any]) -> Any:
    messages = [
        {"messageId": TEXTS[n], "isCreatedByUser": n % 2 == 0, "text": TEXTS[n]} | _if(parentMessageId=parent)
        for n, parent in enumerate(parents)
    ]
    return {"conversationId": "c", "title": "T", "messages": messages}


def _open_webui(parents: list[Any]) -> Any:
    messages = {
        TEXTS[n]: {"id": TEXTS[n], "role": ("user", "assistant")[n % 2], "content": TEXTS[n]} | _if(parentId=parent)
        for n, parent in enumerate(parents)
    }
    return [{"id": "c", "chat": {"title": "T", "history": {"messages": messages, "currentId": "A3"}}}]


def _generic(parents: list[Any]) -> Any:
    messages = [
        {"id": TEXTS[n], "role": ("user", "assistant")[n % 2], "content": TEXTS[n]} | _if(parentId=parent)
        for n, parent in enumerate(parents)
    ]
    return {"messages": messages}


def _chatgpt(parents: list[Any]) -> Any:
    mapping = {
        TEXTS[n]: chatgpt_node(TEXTS[n], None, ("user", "assistant")[n % 2], TEXTS[n]) | {"parent": parent}
        for n, parent in enumerate(parents)
    }
    for node in mapping.values():
        if node["parent"] is ABSENT:
            del node["parent"]
    return [chatgpt(mapping=mapping, current_node="A3")]


def _own(parents: list[Any]) -> Any:
    messages = [
        {"id": TEXTS[n], "role": ("user", "assistant")[n % 2], "content": TEXTS[n]} | _if(parent=parent)
        for n, parent in enumerate(parents)
    ]
    conversation = {"id": "c", "title": "T", "leaf": "A3", "messages": messages}
    return {"format": "chat-conversation", "version": 1, "conversation": conversation}


def _if(**member: Any) -> dict[str, Any]:
    return {key: value for key, value in member.items() if value is not ABSENT}


def _parents(make: Make, data: Any) -> list[int | None]:
    [one] = parsed(make(data))
    assert ([turn.content for turn in one.turns], one.leaf) == (list(TEXTS), 5)
    return [turn.parent for turn in one.turns]


FORMATS = [_claude, _librechat, _open_webui, _generic, _chatgpt, _own]


@pytest.mark.parametrize("shape", FORMATS)
def test_a_message_that_leaves_out_its_parent_hangs_on_what_came_before_it(make: Make, shape: Any) -> None:
    assert _parents(make, shape([None, "Q1", ABSENT, "Q2", "A2", "Q3"])) == ROW
    assert _parents(make, shape([None, "Q1", "A1", ABSENT, "A2", ABSENT])) == ROW
    assert _parents(make, shape([ABSENT] * 6)) == ROW


@pytest.mark.parametrize("shape", FORMATS[:-1])
def test_an_answer_of_another_product_is_no_first_message(make: Make, shape: Any) -> None:
    assert _parents(make, shape([None, "Q1", "A1", None, "A2", "Q3"])) == ROW


@pytest.mark.parametrize("shape", FORMATS[:-1])
def test_where_no_message_has_a_parent_they_stand_in_a_row(make: Make, shape: Any) -> None:
    assert _parents(make, shape([None] * 6)) == ROW


@pytest.mark.parametrize("shape", [_claude, _librechat])
def test_where_every_message_is_marked_as_the_first_they_stand_in_a_row(make: Make, shape: Any) -> None:
    assert _parents(make, shape([NONE_BEFORE[0]] * 6)) == ROW


@pytest.mark.parametrize("shape", [_claude, _librechat, _generic])
def test_no_parent_does_not_make_a_first_message_where_those_are_marked_otherwise(make: Make, shape: Any) -> None:
    assert _parents(make, shape([NONE_BEFORE[0], "Q1", None, "Q2", "A2", "Q3"])) == ROW


@pytest.mark.parametrize(
    ("shape", "mark"),
    [
        (_claude, NONE_BEFORE[0]),
        (_librechat, NONE_BEFORE[1]),
        (_open_webui, None),
        (_chatgpt, None),
        (_own, None),
    ],
)
def test_another_version_of_the_first_question_stays_one(make: Make, shape: Any, mark: str | None) -> None:
    assert _parents(make, shape([mark, "Q1", mark, "Q2", "A2", "Q3"])) == VERSIONS


def test_first_messages_of_a_tree_need_no_mark(make: Make) -> None:
    tree = [
        {"messageId": "1", "isCreatedByUser": True, "text": "Q", "children": [{"messageId": "2", "text": "A"}]},
        {"messageId": "3", "isCreatedByUser": True, "text": "Q, edited", "children": [{"messageId": "4", "text": "B"}]},
    ]
    [one] = parsed(make({"conversationId": "c", "messagesTree": tree}))
    assert [(turn.content, turn.parent) for turn in one.turns] == [("Q", None), ("A", 0), ("Q, edited", None), ("B", 2)]
