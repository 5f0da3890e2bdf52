"""Files that are refused, each with a sentence that helps; and conversations that cannot be read."""

import json
import struct
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from conversations.transfer import scanning, zips
from conversations.transfer.reading import conversations_in
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, complaint, parsed, refusal


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


@pytest.mark.parametrize(
    "text", ["[1,]", "[{}{}]", "[1 2]", '[{"a":}]', "[{]}]", '[{"a":"\t"}]', "[" + "9" * 5000 + "]"]
)
def test_json_that_is_wrong_in_itself(make: Make, text: str) -> None:
    assert "The JSON is broken" in refusal(make(text))


def test_something_after_the_end(make: Make) -> None:
    assert refusal(make("[] []")) == "After the end of the JSON something else follows, at line 1, column 4."


def test_not_utf8(make: Make) -> None:
    assert "at line 2, column 12 is not UTF-8" in refusal(make(b'[\n{"title": "\xff"}]'))


def test_a_byte_order_mark_is_passed_by(make: Make) -> None:
    assert len(parsed(make(b"\xef\xbb\xbf" + json.dumps([chatgpt()]).encode()))) == 1


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000])
def test_nested_a_hundred_thousand_deep(make: Make, text: str) -> None:
    assert "nested more than 700 levels deep" in refusal(make(text))


def test_as_deep_as_may_be(make: Make) -> None:
    message: dict[str, Any] = {"messageId": "m0", "isCreatedByUser": True, "text": "end", "children": []}
    for number in range(1, 340):
        message = {"messageId": f"m{number}", "isCreatedByUser": number % 2 == 0, "text": "x", "children": [message]}
    [one] = parsed(make({"conversationId": "c", "messagesTree": [message], "recursive": True}))
    assert len(one.turns) == 340


def test_one_conversation_too_large(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "ELEMENT_BYTES", 1 << 20)
    huge = chatgpt(title="x" * (3 << 20))
    assert refusal(make([chatgpt(), huge])) == (
        f"One conversation, at line 1, column {4 + len(json.dumps(chatgpt()))}, is larger than 1.0\xa0MB."
    )


def test_a_hundred_megabytes_on_one_line_are_refused_by_size(make: Make, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1000
    assert refusal(make([chatgpt(title="x" * 2000)])).startswith("The file is larger than 1000\xa0bytes")


def test_an_id_that_stands_twice(make: Make) -> None:
    text = json.dumps(chatgpt()).replace('"a": {"id"', '"q": {"id"')
    assert "the id q stands twice" in refusal(make(f"[{text}]"))


def test_other_json(make: Make) -> None:
    assert complaint(make([{"hello": "world"}])) == "[0]: This is no conversation of a product that is known here."


# Conversations that cannot be read: the place in the JSON, and why.
NUMBER = {"q": chatgpt_node("q", None, "user", 7)}
ORPHAN = {"q": chatgpt_node("q", "gone", "user", "x")}
PART = "[1].mapping.q.message.content.parts[0]"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mapping": None}, "[1].mapping: This is missing."),
        ({"mapping": []}, "[1].mapping: There should be an object, and there is a list."),
        ({"title": 3}, "[1].title: There should be text, and there is a number."),
        ({"mapping": {"q": 5}}, "[1].mapping.q: There should be an object, and there is a number."),
        ({"mapping": NUMBER}, f"{PART}: There should be text, and there is a number."),
        ({"mapping": ORPHAN}, "[1].mapping.q: The message before it is not in the file."),
        ({"mapping": {"q": chatgpt_node("q", "q", "user", "x")}}, "[1].mapping.q: The messages go round in a circle."),
        ({"is_archived": "no"}, "[1].is_archived: There should be true or false, and there is text."),
    ],
)  # fmt: skip
def test_one_conversation_that_cannot_be_read(make: Make, changes: dict[str, Any], said: str) -> None:
    path = make([chatgpt(), chatgpt(**changes), chatgpt()])
    assert complaint(path) == said
    assert len(list(conversations_in(path))) == 3


def test_a_long_circle(make: Make) -> None:
    mapping = {str(n): chatgpt_node(str(n), str((n + 1) % 50), "user", "x") for n in range(50)}
    assert "go round in a circle" in complaint(make([chatgpt(mapping=mapping)]))


def test_ids_that_repeat(make: Make) -> None:
    message = {"messageId": "m", "isCreatedByUser": True, "text": "x"}
    path = make({"conversationId": "c", "messages": [message, message]})
    assert complaint(path) == "messages[1]: Two messages have the same id."


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


def test_a_zip_in_parts(zipped: Make) -> None:
    parts = {f"conversations-{n:03}.json": json.dumps([chatgpt(conversation_id=str(n))]) for n in range(3)}
    assert [one.source_id for one in parsed(zipped(parts))] == ["0", "1", "2"]


def test_a_place_in_a_zip_names_the_file(zipped: Make) -> None:
    assert refusal(zipped({"a/conversations.json": "[{"})).startswith("a/conversations.json: The file ends")
    assert complaint(zipped({"conversations.json": json.dumps([chatgpt(title=[])])})).startswith(
        "conversations.json: [0].title: "
    )


def test_a_zip_without_conversations(zipped: Make) -> None:
    assert refusal(zipped({"photo.png": b"x"})).startswith("There are no conversations in the ZIP file")


@pytest.mark.parametrize("name", ["../x.json", "/etc/x.json", "a/../../x.json", "..\\x.json", "C:/x.json"])
def test_names_that_lead_outside(zipped: Make, name: str) -> None:
    assert "names that lead outside of it" in refusal(zipped({"conversations.json": "[]", name: "x"}))


def test_a_bomb(zipped: Make) -> None:
    path = zipped({"conversations.json": b" " * (50 << 20)})
    assert path.stat().st_size < 100_000
    assert "larger than 1.0\xa0GB" in refusal(path)


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
    assert refusal(path).startswith("The ZIP file is protected by a password.")


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
