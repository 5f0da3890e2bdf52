"""What people saw beside or inside an answer there: documents, pasted text, marks with a text, speech."""

import json
import time
import tracemalloc
from typing import Any

import pytest

from conversations.transfer.documents import Document, Edit, Revision, Room, block, told
from conversations.transfer.formats import tags
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, parsed


def _answers(make: Make, *messages: dict[str, Any]) -> Any:
    """One conversation of ChatGPT with a question and these messages in a row."""
    mapping, before = {"q": chatgpt_node("q", None, "user", "Question")}, "q"
    for number, message in enumerate(messages):
        mapping[f"m{number}"] = chatgpt_node(f"m{number}", before, "assistant", "", **message)
        before = f"m{number}"
    [one] = parsed(make([chatgpt(mapping=mapping, current_node=before)]))
    return one


def _canvas(tool: str, **call: Any) -> dict[str, Any]:
    return {"recipient": f"canmore.{tool}", "content": {"content_type": "code", "text": json.dumps(call)}}


def _said(*parts: Any, **message: Any) -> dict[str, Any]:
    return {"content": {"content_type": "text", "parts": list(parts)}} | message


@pytest.mark.parametrize(
    ("mark", "shown"),
    [
        ('\ue200entity\ue202["company","Example","software"]\ue201', "Example"),
        ('\ue200entity\ue202["company","a\\ud800b\\u0000c"]\ue201', "a\ufffdb\ufffdc"),
        ("\ue200entity\ue202plain name\ue201", "plain name"),
        ("\ue200url\ue202the label\ue202https://example.org/a\ue201", "[the label](https://example.org/a)"),
        ("\ue200url\ue202the label\ue202turn0news0\ue201", "the label"),
        ("\ue200url\ue202the label\ue202javascript:x\ue201", "the label"),
        ("\ue200link_title\ue202Open Site\ue202search1\ue201", "Open Site"),
        ("\ue200navlist\ue202More on this\ue202turn0news1\ue202turn0news2\ue201", "More on this"),
        ("\ue200cite\ue202turn0search1\ue202turn0search2\ue201", ""),
        ('\ue200image_group\ue202{"query":["x"]}\ue201', ""),
        ('\ue200genui\ue202{"math_block_widget_v2":{"content":"E=mc^2"}}\ue201', "\n$$\nE=mc^2\n$$\n"),
        ("\ue200brand_new\ue202Visible words\ue202turn0x1\ue201", "Visible words"),
        ("\ue203quoted\ue204", "quoted"),
        ("\ue200entity", "entity"),
    ],
)
def test_a_mark_becomes_what_was_shown_for_it(make: Make, mark: str, shown: str) -> None:
    one = _answers(make, _said(f"a{mark}b"))
    assert one.turns[1].content == f"a{shown}b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See \ue200cite\ue202turn0search1", "See"),
        ("See \ue200cite\ue202turn0search1\ue202turn0sea", "See"),
        ("See \ue200ci", "See"),
        ('See \ue200entity\ue202["city","Par', "See"),
        ("See \ue200url\ue202the label\ue202https://exa", "See the label https://exa"),
        ("See \ue200cite\ue202turn0search1 and \ue200cite\ue202turn0search2\ue201go on", "See  and go on"),
        ("See \ue200cited works", "See cited works"),
        ("turn \ue200link_title\ue202turn left", "turn turn left"),
    ],
)
def test_a_mark_without_its_end(make: Make, text: str, shown: str) -> None:
    assert _answers(make, _said(text)).turns[1].content == shown


def test_marks_in_thoughts(make: Make) -> None:
    marked = 'In \ue200entity\ue202["city","Paris"]\ue201. \ue200cite\ue202turn0search1\ue201'
    thoughts = [{"summary": "S", "content": marked}]
    one = _answers(make, {"content": {"content_type": "thoughts", "thoughts": thoughts}}, _said("Yes."))
    assert one.turns[1].reasoning == "In Paris."


def test_a_mark_whose_text_is_in_the_metadata(make: Make) -> None:
    mark = "\ue200cite\ue202turn0search1\ue201"
    references = [{"matched_text": mark, "alt": "([MacMost](https://macmost.com))"}, {"matched_text": None}, 3]
    one = _answers(make, _said(f"Yes. {mark}", metadata={"content_references": references}))
    assert one.turns[1].content == "Yes. ([MacMost](https://macmost.com))"


def test_unknown_kinds_are_counted_by_name(make: Make) -> None:
    strange = {"content": {"content_type": "hologram", "text": "seen"}}
    one = _answers(make, _said("a\ue200brand_new\ue202b\ue201", {"content_type": "smell", "text": "c"}), strange)
    assert one.turns[1].content == "ab\n\nc\n\nseen"
    assert {code: count for code, count in one.notes.items() if code.startswith("unknown:")} == {
        "unknown:mark brand_new": 1,
        "unknown:part smell": 1,
        "unknown:content hologram": 1,
    }


def test_a_canvas_and_its_changes(make: Make) -> None:
    one = _answers(
        make,
        _canvas("create_textdoc", name="snake.py", type="code/python", content='print("```hi```")\n'),
        _said("Here it is."),
        _canvas("update_textdoc", updates=[{"pattern": "hi", "replacement": "ho"}]),
        _canvas("update_textdoc", updates=[{"pattern": ".*", "replacement": "pass"}]),
        _canvas("comment_textdoc", comments=[{"pattern": "x", "comment": "Nicer so."}]),
    )
    assert one.turns[1].content == (
        '**snake.py**\n\n````python\nprint("```hi```")\n````\n\nHere it is.\n\n'
        '**snake.py**\n\n````python\nprint("```ho```")\n````\n\n**snake.py**\n\n```python\npass\n```\n\n> Nicer so.'
    )
    assert "tools" not in one.notes


def test_a_change_by_a_pattern_that_does_not_fit_shows_what_is_new(make: Make) -> None:
    one = _answers(
        make,
        _canvas("create_textdoc", name="a", type="document", content="Old text"),
        _canvas("update_textdoc", updates=[{"pattern": "^O[a-z]+", "replacement": "New"}]),
    )
    assert one.turns[1].content.endswith("**a**\n\n```markdown\nNew\n```")


def test_a_call_of_the_canvas_that_is_no_json_is_shown_as_it_is(make: Make) -> None:
    broken = {"recipient": "canmore.create_textdoc", "content": {"content_type": "code", "text": '{"name": "x", "cont'}}
    assert '{"name": "x", "cont' in _answers(make, broken).turns[1].content


def test_other_tools_are_counted(make: Make) -> None:
    one = _answers(make, {"recipient": "python", "content": {"content_type": "code", "text": "1"}}, _said("2"))
    assert (one.turns[1].content, one.notes["tools"]) == ("2", 1)


def test_speech(make: Make) -> None:
    parts = [
        {"content_type": "audio_transcription", "text": "What was said", "direction": "in"},
        {"content_type": "real_time_user_audio_video_asset_pointer", "audio_asset_pointer": {"asset_pointer": "x"}},
    ]
    one = _answers(make, {"content": {"content_type": "multimodal_text", "parts": parts}})
    assert (one.turns[1].content, one.notes["attachments"]) == ("What was said", 1)


def test_a_picture_that_was_drawn_leaves_a_mark(make: Make) -> None:
    picture = {
        "content_type": "multimodal_text",
        "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "x"}],
    }
    one = _answers(make, {"author": {"role": "tool", "name": "dalle.text2im"}, "content": picture}, _said("There."))
    assert (one.turns[1].content, one.notes["attachments"]) == ("[image]\n\nThere.", 1)


@pytest.mark.parametrize("text", ["x", "```", "a\n`````python\nb\n`````", "~~~"])
def test_nothing_in_a_document_closes_its_block(text: str) -> None:
    first, *inside, last = block(text, "T *x*", "c++").split("\n")[2:]
    assert first == last + "c++"
    assert all(last not in line for line in inside)


NEVER_CLOSED = [
    "<antArtifact>",
    "<antThinking>",
    '<lobeArtifact identifier="x">',
    '<lobeArtifact "',
    '<lobeArtifact ""',
    "<lobeThinking>",
    "\ue200url\ue202",
    "\ue200cite\ue202turn0a1",
    "\ue200entity\ue202[",
    "\ue202{",
    ":::writing\n",
    "```",
]


@pytest.mark.parametrize("text", NEVER_CLOSED)
def test_marks_that_never_close_cost_no_time(make: Make, text: str) -> None:
    [one] = parsed(make([{"uuid": "c", "chat_messages": [{"sender": "human", "text": text * 100_000}]}]))
    assert len(one.turns) == 1
    one = _answers(make, _said(text * 100_000))
    assert len(one.turns) >= 1


@pytest.mark.parametrize(
    "lines", ['<details type="reasoning"><summary>', '<details type="reasoning">\n> <details x>\n']
)
def test_details_that_never_close_cost_no_time(make: Make, lines: str) -> None:
    text = lines * 50_000
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]
    [one] = parsed(make([{"id": "x", "chat": {"models": ["m"], "messages": messages}}]))
    assert len(one.turns) == 2


def test_an_attribute_without_an_end_is_passed_over_quickly() -> None:
    """40,000 letters once took 15 seconds, in which nothing else of the process went on."""
    began = time.process_time()
    assert tags._ATTRIBUTE.findall("a" * 400_000 + ' title="b"') == [("title", "b")]
    assert time.process_time() - began < 2


def test_a_change_that_would_make_gigabytes_shows_only_what_is_new(make: Make) -> None:
    update = {"pattern": "a", "multiple": True, "replacement": "b" * 20_000}
    one = _answers(
        make,
        _canvas("create_textdoc", name="Doc", type="document", content="a" * 20_000),
        _canvas("update_textdoc", updates=[update]),
    )
    assert sum(len(turn.content) for turn in one.turns) < 50_000
    assert "b" * 20_000 in one.turns[-1].content


def test_thousands_of_documents_are_not_copied_from_message_to_message() -> None:
    documents, room = None, Room()
    tracemalloc.start()
    for number in range(5_000):
        _, documents = told([Revision(f"key {number}", "", "", [Edit(None, f"text {number}")])], documents, room)
    assert documents is not None
    assert documents.get("key 4999") == documents.get("") == Document("key 4999", "", "text 4999")
    assert documents.get("key 4500") == Document("key 4500", "", "text 4500")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
