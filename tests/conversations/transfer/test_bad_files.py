"""Files that are refused, each with a sentence that helps; and conversations that cannot be read."""

import json
import struct
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from conversations.transfer import scanning, zips
from conversations.transfer.problems import Unreadable
from conversations.transfer.reading import conversations_in
from conversations.transfer.tree import Parsed
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, complaint, parsed, refusal

DENSE = "Unpacked, this file is more than 300 times larger than in the ZIP file, as no export is."


def test_an_empty_file(make: Make) -> None:
    assert refusal(make("")) == "The file is empty."
    assert refusal(make(" \n ")) == "The file is empty."


def test_a_web_page(make: Make) -> None:
    assert refusal(make("<!doctype html><html></html>")).startswith("This is a web page.")


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"\x89PNG\r\n", b"hello", b"\x1f\x8b\x08", b"12"])
def test_neither_zip_nor_json(make: Make, data: bytes) -> None:
    assert refusal(make(data)).startswith("This is neither a ZIP nor a JSON file.")


def test_broken_json_names_the_line_and_column(make: Make) -> None:
    assert "at line 3, column 10." in refusal(make('[\n{"mapping": {}},\n{"title" "x"}]')).replace(
        "The JSON is broken ", ""
    )


@pytest.mark.parametrize("text", ['[{"mapping": {"a', '[{"mapping": {}}', '{"mapping"', '["a\\', "[", "[1"])
def test_a_file_that_ends_too_early(make: Make, text: str) -> None:
    assert "ends in the middle of the JSON, at line 1" in refusal(make(text))


@pytest.mark.parametrize("text", ["[1,]", "[{}{}]", "[1 2]", '[{"a":}]', "[{]}]"])
def test_json_that_is_wrong_in_itself(make: Make, text: str) -> None:
    assert "The JSON is broken" in refusal(make(text))


def test_something_after_the_end(make: Make) -> None:
    assert refusal(make("[] x")) == "After the end of the JSON something else follows, at line 1, column 4."


def test_a_byte_order_mark_is_passed_by(make: Make) -> None:
    assert len(parsed(make(b"\xef\xbb\xbf" + json.dumps([chatgpt()]).encode()))) == 1


@pytest.mark.parametrize("text", ["[" * 300_000 + "]" * 300_000, '{"a":' * 300_000 + "1" + "}" * 300_000])
def test_nested_deeper_than_a_conversation_can_be(make: Make, text: str) -> None:
    assert "nested more than 250000 levels deep" in refusal(make(text))


def test_a_message_in_each_other_as_deep_as_there_may_be_messages(make: Make) -> None:
    head = '{"messageId": "m%d", "isCreatedByUser": true, "text": "%d", "children": ['
    text = "".join(head % (number, number) for number in range(20_000)) + "]}" * 20_000
    [one] = parsed(make('{"conversationId": "c", "messagesTree": [' + text + "]}"))
    assert len(one.turns) == 20_000
    assert (one.turns[-1].parent, one.turns[-1].content) == (19_998, "19999")


def test_one_conversation_too_large(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "ELEMENT_BYTES", 1 << 20)
    huge = chatgpt(title="x" * (3 << 20))
    path = make([chatgpt(), huge, chatgpt()])
    column = 4 + len(json.dumps(chatgpt()))
    assert complaint(path) == f"[1, {column}]: One conversation, at line 1, column {column}, is larger than 1.0\xa0MB."
    assert [isinstance(one, Parsed) for one in conversations_in(path)] == [True, False, True]


def test_a_hundred_megabytes_on_one_line_are_refused_by_size(make: Make, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1000
    assert refusal(make([chatgpt(title="x" * 2000)])).startswith("The file is larger than 1000\xa0bytes")


def test_of_a_name_that_stands_twice_nothing_is_lost(make: Make) -> None:
    text = json.dumps(chatgpt(title="Later")).replace('"a": {"id"', '"q": {"id"')
    [one] = parsed(make('[{"title": "Earlier", ' + text[1:] + "]"))
    assert sorted(turn.content for turn in one.turns) == ["Answer", "Question"]
    assert (one.title, one.notes["repeated"]) == ("Later", 2)


def test_other_json(make: Make) -> None:
    assert complaint(make([{"hello": "world"}])) == "[0]: This is no conversation of a product that is known here."


# Conversations that cannot be read: the place in the JSON, and why.
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mapping": None}, "[1].mapping: This is missing."),
        ({"mapping": "gone"}, "[1].mapping: There should be an object, and there is text."),
        ({"mapping": []}, "[1]: It has no messages."),
        ({"mapping": {"q": 5}}, "[1].mapping.q: It has no messages."),
    ],
)
def test_one_conversation_that_cannot_be_read(make: Make, changes: dict[str, Any], said: str) -> None:
    path = make([chatgpt(), chatgpt(**changes), chatgpt()])
    assert complaint(path) == said
    assert len(list(conversations_in(path))) == 3


@pytest.mark.parametrize("length", [1, 2, 50])
def test_a_circle_is_cut(make: Make, length: int) -> None:
    mapping = {str(n): chatgpt_node(str(n), str((n + 1) % length), "user", f"x{n}") for n in range(length)}
    [one] = parsed(make([chatgpt(mapping=mapping)]))
    assert sorted(turn.content for turn in one.turns) == sorted(f"x{n}" for n in range(length))


def test_a_message_whose_parent_is_missing_hangs_on_what_came_before_it(make: Make) -> None:
    mapping = chatgpt()["mapping"] | {
        "q2": chatgpt_node("q2", "gone", "user", "And?"),
        "a2": chatgpt_node("a2", "q2", "assistant", "So."),
    }
    [one] = parsed(make([chatgpt(mapping=mapping, current_node="a2")]))
    assert [(turn.parent, turn.content) for turn in one.turns] == [
        (None, "Question"),
        (0, "Answer"),
        (1, "And?"),
        (2, "So."),
    ]


def test_ids_that_repeat(make: Make) -> None:
    message = {"messageId": "m", "isCreatedByUser": True, "text": "x"}
    [one] = parsed(make({"conversationId": "c", "messages": [message, message, message | {"text": "y"}]}))
    assert [turn.content for turn in one.turns] == ["x", "y"]
    assert one.notes["repeated"] == 2


def test_a_message_that_is_too_long(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.transfer.tree.MESSAGE_CHARACTERS", 5)
    assert complaint(make([chatgpt()])) == "[0].mapping.q: The message is longer than 5 characters."


def test_too_many_messages(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.transfer.tree.MESSAGES", 1)
    assert "more than 1 messages" in complaint(make([chatgpt()]))


# ZIP files


def test_a_zip_is_read(zipped: Make) -> None:
    path = zipped({"conversations.json": json.dumps([chatgpt()]), "user.json": "{}", "chat.html": "<html>"})
    assert len(parsed(path)) == 1


def test_files_of_a_zip_are_chosen_by_their_content(zipped: Make) -> None:
    """Whatever else is in it, and whatever it is called; none of it stops the rest."""
    inner = zipped({"deep/c.json": json.dumps([chatgpt(conversation_id="3")])}, "inner.zip").read_bytes()
    others: list[str] = []
    path = zipped(
        {
            "__MACOSX/._conversations.json": b"\x00\x05\x16\x07",
            "chats.txt": json.dumps([chatgpt(conversation_id="1")]),
            "conversations.json": "[{",
            "conversations-001.json": json.dumps([chatgpt(conversation_id="2")]),
            "inner.zip": inner,
            "notes.md": "[a link](https://example.org)",
            "user.json": json.dumps({"email": "x"}),
            "shared.json": json.dumps([{"id": "x", "title": "y"}]),
            "photo.jpg": b"\xff\xd8\xff",
            "broken.zip": b"PK\x03\x04 and no more",
        }
    )
    found = list(conversations_in(path, others.append))
    assert [one.source_id for one in found if isinstance(one, Parsed)] == ["1", "2", "3"]
    assert [one.params["file"] for one in found if isinstance(one, Unreadable)] == ["conversations.json"]
    assert others == ["notes.md", "user.json", "shared.json", "broken.zip"]


def test_a_bomb_in_a_zip_in_a_zip(zipped: Make) -> None:
    inner = zipped({"conversations.json": b" " * (50 << 20)}, "inner.zip").read_bytes()
    assert DENSE in refusal(zipped({"inner.zip": inner}))
    assert len(parsed(zipped({"a.json": json.dumps([chatgpt()]), "inner.zip": inner}))) == 1


def test_what_was_attached_to_conversations_does_not_stop_them(zipped: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a ZIP, whatever is in it and however large it is, nor data of somebody's own, nor broken JSON."""
    monkeypatch.setattr(zips, "INFLATED_BYTES", 100_000)
    lines = "\n".join(json.dumps({"messages": [{"role": "user", "content": str(n)}]}) for n in range(3))
    attached = {
        "a/project.zip": zipped({"x.txt": "x"}, "inner.zip").read_bytes()[:-9],
        "b/large.zip": zipped({"x.json": "[" + " " * 200_000 + "]"}, "inner.zip").read_bytes(),
        "c/training.jsonl": lines,
        "d/config.json": '{"a": ',
    }
    export = json.dumps([chatgpt()])
    for files in (attached | {"conversations.json": export}, {"conversations.json": export} | attached):
        others: list[str] = []
        [one] = list(conversations_in(zipped(files), others.append))
        assert isinstance(one, Parsed)
        assert sorted(others) == ["a/project.zip", "b/large.zip/x.json", "c/training.jsonl", "d/config.json"]
    assert len(parsed(zipped({"c/training.jsonl": lines}))) == 3


def test_zips_in_each_other_are_not_followed_for_ever(zipped: Make) -> None:
    data = json.dumps([chatgpt()]).encode()
    for _ in range(10):
        data = zipped({"a": data}, "nested.zip").read_bytes()
    assert "is in more than 2 ZIP files" in refusal(zipped({"a": data}))


def test_a_name_that_is_no_utf8_does_not_stop_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("\uac00.json", json.dumps([chatgpt()]))
        archive.writestr("b.json", json.dumps([chatgpt(mapping=1)]))
    path.write_bytes(path.read_bytes().replace("\uac00".encode(), b"\xed\xa0\x80"))
    assert [isinstance(one, Parsed) for one in conversations_in(path)] == [True, False]


def test_a_zip_in_parts(zipped: Make) -> None:
    parts = {f"conversations-{n:03}.json": json.dumps([chatgpt(conversation_id=str(n))]) for n in range(3)}
    assert [one.source_id for one in parsed(zipped(parts))] == ["0", "1", "2"]


def test_a_place_in_a_zip_names_the_file(zipped: Make) -> None:
    assert refusal(zipped({"a/conversations.json": "[{"})).startswith("a/conversations.json: The file ends")
    assert complaint(zipped({"conversations.json": json.dumps([chatgpt(mapping=5)])})).startswith(
        "conversations.json: [0].mapping: "
    )


def test_a_zip_without_conversations(zipped: Make) -> None:
    assert refusal(zipped({"photo.png": b"x"})).startswith("There are no conversations in the ZIP file")


@pytest.mark.parametrize(
    "folder", ["../", "/home/alice/", "a/../../", "..\\", "C:/", "Export 12:30:/", "Export:/a/", "//", "./"]
)
def test_names_in_a_zip_may_lead_anywhere(
    zipped: Make, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are shown, and nothing is unpacked by them."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    path = zipped({f"{folder}conversations.json": json.dumps([chatgpt()]), f"{folder}x.json": "[]"})
    monkeypatch.chdir(tmp_path / "a" / "b")
    before = sorted(tmp_path.rglob("*"))
    assert len(parsed(path)) == 1
    assert sorted(tmp_path.rglob("*")) == before


def _in_zips(zipped: Make, depth: int) -> Path:
    data: bytes | str = json.dumps([chatgpt()])
    for number in range(depth):
        data = zipped({f"{number}.zip" if number else "conversations.json": data}).read_bytes()
    return zipped({"outer.zip": data})


def test_zip_files_in_each_other(zipped: Make) -> None:
    assert len(parsed(_in_zips(zipped, 2))) == 1
    assert refusal(_in_zips(zipped, 3)).startswith(
        "outer.zip/2.zip/1.zip: This ZIP file is in more than 2 ZIP files, one in the other."
    )


def test_zip_files_in_each_other_beside_an_export_are_another_file(zipped: Make) -> None:
    data = _in_zips(zipped, 3).read_bytes()
    assert len(parsed(zipped({"conversations.json": json.dumps([chatgpt()]), "attached.zip": data}))) == 1


def test_a_bomb(zipped: Make) -> None:
    path = zipped({"conversations.json": b" " * (50 << 20)})
    assert path.stat().st_size < 100_000
    assert DENSE in refusal(path)


@pytest.mark.parametrize("first", [True, False])
def test_a_bomb_beside_an_export_is_refused_with_it(zipped: Make, monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    """Whatever is unpacked to be looked at counts, in however many files it is."""
    monkeypatch.setattr(zips, "INFLATED_BYTES", 25 << 20)
    blank = {f"x/{number}.json": b" " * (11 << 20) for number in range(3)}
    export = {"conversations.json": json.dumps([chatgpt()])}
    path = zipped(export | blank if first else blank | export)
    assert refusal(path) == "Unpacked, the ZIP file would be larger than 25.0\xa0MB. It is not from an export."


def test_a_bomb_that_lies_about_its_size(zipped: Make) -> None:
    path = zipped({"conversations.json": b"[" + b" " * (20 << 20) + b"]"})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", (20 << 20) + 2), struct.pack("<L", 10)))
    assert refusal(path) in (
        "The ZIP file is damaged. Download it again.",
        "conversations.json: The ZIP file is damaged. Download it again.",
    )


def test_an_encrypted_zip(zipped: Make) -> None:
    path = zipped({"conversations.json": "[]"})
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert "The ZIP file is protected by a password." in refusal(path)


@pytest.mark.parametrize("cut", [30, 100, 200])
def test_a_zip_that_is_cut_short(zipped: Make, cut: int) -> None:
    path = zipped({"conversations.json": json.dumps([chatgpt()] * 5)})
    path.write_bytes(path.read_bytes()[:-cut])
    assert "ZIP file is damaged" in refusal(path)


def test_a_zip_with_a_wrong_checksum(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([chatgpt()]))
    path.write_bytes(path.read_bytes().replace(b"Question", b"Quest!on"))
    assert "ZIP file is damaged" in refusal(path)


def test_a_zip_with_too_large_a_table_of_contents(zipped: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "DIRECTORY_BYTES", 100)
    assert "lists too many files" in refusal(zipped({f"{n}.json": "{}" for n in range(50)}))


def test_an_unknown_compression(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo("conversations.json"), "[]")
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 10] = 99
    path.write_bytes(data)
    assert "ZIP file is damaged" in refusal(path)


def test_an_answer_in_many_pieces_may_not_become_too_long_either(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.transfer.tree.MESSAGE_CHARACTERS", 20)
    mapping = {"q": chatgpt_node("q", None, "user", "Question")}
    for number in range(5):
        mapping[str(number)] = chatgpt_node(str(number), str(number - 1) if number else "q", "assistant", "12345")
    assert complaint(make([chatgpt(mapping=mapping)])) == "[0].mapping.4: The message is longer than 20 characters."
