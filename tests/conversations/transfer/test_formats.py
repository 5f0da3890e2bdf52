"""What each product's export becomes."""

import json
from datetime import UTC, datetime

import pytest

from conversations.transfer.tree import Parsed
from tests.conversations.transfer.conftest import SAMPLES, Make, chatgpt, chatgpt_node, parsed


def _turns(one: Parsed) -> list[tuple[int | None, str, str]]:
    return [(turn.parent, turn.role, turn.content) for turn in one.turns]


def test_chatgpt() -> None:
    first, second = parsed(SAMPLES / "chatgpt.json")
    assert (first.source, first.source_id) == ("chatgpt", "6b0f0d9c-0000-4000-8000-000000000001")
    assert _turns(first) == [
        (None, "user", "How do I roll back?\n\n[screen.png]"),
        (0, "assistant", "Run `helm rollback`."),
        (None, "user", "How do I roll back a release?"),
        (2, "assistant", "With `helm rollback NAME REVISION`."),
    ]
    assert first.turns[1].reasoning == "Helm keeps revisions."
    assert [turn.model for turn in first.turns] == ["", "o4-mini", "", "gpt-5"]
    assert (first.leaf, first.system_prompt, first.is_archived) == (3, "Answer briefly.", True)
    assert first.turns[2].created_at == datetime(2025, 8, 24, 1, 46, 50, tzinfo=UTC)
    assert dict(first.notes) == {"tools": 2, "attachments": 1, "instructions": 1}
    assert second.title == "앤초비로 뭘 만들까요?"


def test_claude() -> None:
    first, old = (one for one in _readable("claude.json") if one.turns)
    assert (first.source, first.source_id) == ("claude", "11111111-0000-4000-8000-000000000001")
    assert _turns(first) == [
        (None, "user", "What is a queue?\n\n**notes.txt**\n\n```\nnotes\n```"),
        (0, "assistant", "A line."),
        (0, "assistant", "A line that waits."),
    ]
    assert (first.leaf, first.turns[1].reasoning, first.turns[1].model) == (2, "Keep it short.", "claude-sonnet-4-6")
    assert dict(first.notes) == {"tools": 1}
    assert first.created_at == datetime(2026, 2, 14, 10, 4, 22, tzinfo=UTC)
    assert _turns(old) == [(None, "user", "Hello"), (0, "assistant", "Hello there")]


def _readable(name: str) -> list[Parsed]:
    from conversations.transfer.reading import conversations_in

    return [one for one in conversations_in(SAMPLES / name) if isinstance(one, Parsed)]


def test_open_webui() -> None:
    [one] = parsed(SAMPLES / "open_webui.json")
    assert (one.source, one.source_id, one.title) == ("open_webui", "chat-1", "Products")
    assert _turns(one) == [
        (None, "user", "What is 15 * 17?\n\n[image]"),
        (0, "assistant", "255"),
        (0, "assistant", "It is 255."),
    ]
    assert one.turns[1].reasoning == "15 * 10 & 15 * 7"
    assert (one.leaf, one.system_prompt, one.is_pinned) == (2, "You teach arithmetic.", True)
    assert dict(one.notes) == {"tools": 1, "attachments": 1}


def test_open_webui_from_before_branches(make: Make) -> None:
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi", "model": "llama"}]
    [one] = parsed(make([{"id": "x", "chat": {"title": "T", "models": ["llama"], "messages": messages}}]))
    assert _turns(one) == [(None, "user", "Hello"), (0, "assistant", "Hi")]


def test_librechat_recursive() -> None:
    [one] = parsed(SAMPLES / "librechat_recursive.json")
    assert (one.source, one.source_id) == ("librechat", "af1ea676-0000-444f-a9ed-7c8dbf062733")
    assert _turns(one) == [(None, "user", "How much fuel?"), (0, "assistant", "8 l."), (0, "assistant", "8.2 l.")]
    assert (one.turns[1].reasoning, one.turns[2].model) == ("A van.", "gpt-4o")
    assert (one.system_prompt, one.temperature, one.leaf) == ("You know cars.", 1.0, 2)


def test_librechat_flat() -> None:
    [one] = parsed(SAMPLES / "librechat_flat.json")
    assert _turns(one) == [
        (None, "user", "tell me a story"),
        (0, "assistant", "Once."),
        (None, "user", "tell me a long story"),
        (2, "assistant", "Twice."),
    ]


def test_answers_in_a_row_stay_apart_where_the_tree_branches(make: Make) -> None:
    mapping = {
        "q": chatgpt_node("q", None, "user", "Q"),
        "a": chatgpt_node("a", "q", "assistant", "One"),
        "b": chatgpt_node("b", "a", "assistant", "Two"),
        "c": chatgpt_node("c", "a", "assistant", "Three"),
    }
    [one] = parsed(make([chatgpt(mapping=mapping, current_node="b")]))
    assert _turns(one) == [
        (None, "user", "Q"),
        (0, "assistant", "One"),
        (1, "assistant", "Two"),
        (1, "assistant", "Three"),
    ]


def test_a_child_may_stand_before_its_parent(make: Make) -> None:
    mapping = chatgpt()["mapping"]
    [one] = parsed(make([chatgpt(mapping=dict(reversed(mapping.items())))]))
    assert _turns(one) == [(None, "user", "Question"), (0, "assistant", "Answer")]


@pytest.mark.parametrize(
    "date", [-1, 253402300799, "yesterday", "9999-12-31T00:00:00Z", True, [], {}, 1e300, "1969-01-01"]
)
def test_dates_that_cannot_be_true_are_left_out_and_noted(make: Make, date: object) -> None:
    [one] = parsed(make([chatgpt(create_time=date)]))
    assert one.notes["dates"] == 1
    assert one.created_at == one.turns[0].created_at


@pytest.mark.parametrize(
    "date", [1700000000, 1700000000.0, 1700000000000, "2023-11-14T22:13:20Z", "2023-11-14T22:13:20"]
)
def test_dates_in_every_way_of_writing(make: Make, date: object) -> None:
    [one] = parsed(make([chatgpt(create_time=date)]))
    assert one.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_what_no_database_holds_is_replaced(make: Make) -> None:
    mapping = {"q": chatgpt_node("q", None, "user", "a\x00b\ud800")}
    [one] = parsed(make([chatgpt(mapping=mapping, title="x\x00y" + "z" * 200)]))
    assert one.turns[0].content == "a\ufffdb\ufffd"
    assert (one.title[:3], len(one.title)) == ("x\ufffdy", 120)


QUESTION_AND_ANSWER = [(None, "user", "Question"), (0, "assistant", "Answer")]


@pytest.mark.parametrize(
    ("data", "source", "title"),
    [
        (
            {
                "conversationId": "l",
                "title": "T",
                "messages": [
                    {"isCreatedByUser": 1, "text": "Question", "content": None, "files": None},
                    {"isCreatedByUser": 0, "text": None, "content": [{"type": "text", "text": "Answer"}, None]},
                ],
            },
            "librechat",
            "T",
        ),
        (
            {
                "id": "o",
                "title": 5,
                "chat": {
                    "messages": [
                        {"role": "user", "content": [{"type": "text", "text": "Question"}], "timestamp": 1700000000.5},
                        {"role": "assistant", "content": "Answer", "timestamp": 1700000000500},
                    ]
                },
            },
            "open_webui",
            "5",
        ),
        (
            {
                "id": "o",
                "chat": {
                    "title": "T",
                    "history": {
                        "currentId": None,
                        "messages": {
                            "a": {"role": "user", "content": "Question", "childrenIds": ["b"]},
                            "b": {"role": "assistant", "content": "Answer"},
                        },
                    },
                },
            },
            "open_webui",
            "T",
        ),
        (
            {
                "data": {
                    "chats": [
                        {
                            "chatID": "t",
                            "chatTitle": "T",
                            "messages": [
                                {"role": "user", "content": "Question"},
                                {"role": "assistant", "content": [{"type": "text", "text": "Answer"}]},
                            ],
                        }
                    ]
                }
            },
            "other",
            "T",
        ),
        (
            [
                {
                    "_id": {"$oid": "x"},
                    "title": "T",
                    "messages": [
                        {"id": "1", "from": "user", "content": "Question", "ancestors": []},
                        {"id": "2", "from": "assistant", "content": "Answer", "ancestors": ["1"]},
                    ],
                }
            ],
            "other",
            "T",
        ),
        (
            {
                "exportType": "all",
                "state": {
                    "sessions": [{"id": "s", "meta": {"title": "Session"}}],
                    "topics": [{"id": "t", "title": "T", "sessionId": "s"}],
                    "messages": [
                        {"id": "1", "role": "user", "content": "Question", "sessionId": "s", "topicId": "t"},
                        {"id": "2", "role": "assistant", "content": "Answer", "parentId": "1", "topicId": "t"},
                    ],
                },
            },
            "lobechat",
            "T",
        ),
        (
            {"format": "chat-conversation", "version": "1", "conversation": {"id": "c", "title": "T", "messages": [
                {"id": 1, "parent": None, "role": "user", "content": "Question"},
                {"id": "2", "parent": 1, "role": "assistant", "content": "Answer", "reasoning": None}]}},
            "own",
            "T",
        ),
    ],
)  # fmt: skip
def test_other_shapes(make: Make, data: object, source: str, title: str) -> None:
    [one] = parsed(make(data))
    assert (one.source, one.title, _turns(one)) == (source, title, QUESTION_AND_ANSWER)


def test_stars_and_projects(make: Make) -> None:
    messages = [{"sender": "human", "text": "Question"}]
    path = make([{"uuid": "c", "is_starred": True, "project": {"name": "Work"}, "chat_messages": messages}])
    [one] = parsed(path)
    assert (one.is_pinned, one.folder) == (True, "Work")


@pytest.mark.parametrize(
    ("star", "is_pinned"),
    [
        ({"pinned_time": 1700000200.5, "is_starred": None}, True),
        ({"isPinned": "true"}, True),
        ({"starredAt": "2025-01-01T00:00:00Z"}, True),
        ({"favorite": 1}, True),
        ({"pinned_time": None, "is_starred": False}, False),
        ({"pinned_time": 0, "is_do_not_remember": True}, False),
    ],
)
def test_stars_by_every_name(make: Make, star: dict[str, object], is_pinned: bool) -> None:
    [one] = parsed(make([chatgpt(**star)]))
    assert one.is_pinned is is_pinned


@pytest.mark.parametrize("ending", ["[%s]", "%s", "%s\n%s", '{"data": [%s]}'])
@pytest.mark.parametrize("head", [{"id": "s"}, {}])
def test_sharegpt(make: Make, ending: str, head: dict[str, str]) -> None:
    one = {**head, "conversations": [{"from": "human", "value": "Question"}, {"from": "gpt", "value": "Answer"}]}
    found = parsed(make(ending.replace("%s", json.dumps(one))))
    assert len(found) == ending.count("%s")
    for one_ in found:
        assert _turns(one_) == [(None, "user", "Question"), (0, "assistant", "Answer")]


def test_an_envelope_of_conversations_is_none_of_messages(make: Make) -> None:
    assert len(parsed(make({"conversations": [chatgpt(), chatgpt(conversation_id="c2")]}))) == 2


def test_deepseek(make: Make) -> None:
    def node(key: str, parent: str, *fragments: dict[str, str], **message: object) -> dict[str, object]:
        said = {"model": "deepseek-chat", "inserted_at": "2025-01-28T10:00:00+08:00", "fragments": fragments}
        return {"id": key, "parent": parent, "children": [], "message": said | message}

    mapping = {
        "root": {"id": "root", "parent": None, "children": ["1"], "message": None},
        "1": node("1", "root", {"type": "REQUEST", "content": "Question"}, files=[{"file_name": "a.pdf"}]),
        "2": node(
            "2",
            "1",
            {"type": "SEARCH", "content": "x"},
            {"type": "THINK", "content": "Hm."},
            {"type": "RESPONSE", "content": "Answer"},
        ),
        "3": node("3", "1", {"type": "RESPONSE", "content": "Other"}, {"type": "PICTURE", "content": "seen"}),
    }
    data = {"id": "d", "title": "T", "inserted_at": "2025-01-28T10:00:00+08:00", "mapping": mapping}
    [one] = parsed(make([data]))
    assert (one.source, one.source_id, one.title) == ("deepseek", "d", "T")
    assert _turns(one) == [
        (None, "user", "Question\n\n[a.pdf]"),
        (0, "assistant", "Answer"),
        (0, "assistant", "Other\n\nseen"),
    ]
    assert (one.turns[1].reasoning, one.turns[1].model, one.turns[0].model) == ("Hm.", "deepseek-chat", "")
    assert one.created_at == datetime(2025, 1, 28, 2, tzinfo=UTC)
    assert dict(one.notes) == {"attachments": 1, "tools": 1, "unknown:fragment PICTURE": 1}
