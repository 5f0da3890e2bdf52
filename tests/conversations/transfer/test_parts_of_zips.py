"""A part of an export that is no JSON is named; a file beside it that is harmless stops nothing."""

import bz2
import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from conversations.models import Conversation
from conversations.transfer import zips
from conversations.transfer.checking import check
from conversations.transfer.problems import Unreadable, sentence
from conversations.transfer.reading import conversations_in
from conversations.transfer.tree import Parsed
from tests.conversations.transfer.conftest import Make, chatgpt, parsed, refusal

GOOD = json.dumps([chatgpt()])
OWN = {"format": "chat-conversation", "conversation": {"title": "T", "messages": [{"role": "user", "content": "Hi"}]}}
HTML = "This is a web page. Choose the ZIP or JSON file of the export instead."
NO_JSON = "This is neither a ZIP nor a JSON file. Choose the file of the export as it was downloaded."
PACKED = "This file is packed once more. Unpack it, and import the JSON file in it."
DAMAGED = "The ZIP file is damaged. Download it again."
EMPTY = "The file is empty."
LOST = [
    ("conversations-001.json", b"<html><body>502 Bad Gateway</body></html>", HTML),
    ("conversations-001.json", b"  \n<!doctype html>", HTML),
    ("conversations-001.json", bytes(range(128, 256)) * 10, NO_JSON),
    ("conversations-001.json", b"null", NO_JSON),
    ("conversations-001.json", b"upstream connect error", NO_JSON),
    ("Conversations-001.JSON", b"%PDF-1.7", NO_JSON),
    ("conversations-001.jsonl.part", b"%PDF-1.7", None),
    ("conversations-001.json.part", b"\x89PNG", NO_JSON),
    ("conversations-001.json", b"", EMPTY),
    ("conversations-001.json", b"\x00" * 3000, EMPTY),
    ("conversations-001.json", gzip.compress(GOOD.encode(), mtime=0), PACKED),
    ("conversations-001.json.gz", gzip.compress(GOOD.encode(), mtime=0), PACKED),
    ("conversations-001.json.bz2", bz2.compress(GOOD.encode()), PACKED),
]


def _read(path: Path) -> tuple[int, list[str], list[str], list[str]]:
    """How many conversations are read, what is named as unreadable, as another file, and as a damaged one."""
    others: list[str] = []
    damaged: list[str] = []
    found = list(conversations_in(path, others.append, damaged.append))
    said = [sentence(one.as_dict()) for one in found if isinstance(one, Unreadable)]
    return sum(isinstance(one, Parsed) for one in found), said, others, damaged


@pytest.mark.parametrize(("name", "data", "said"), LOST)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_part_that_is_no_json_is_named(
    zipped: Make, name: str, data: bytes, said: str | None, is_first: bool
) -> None:
    good = {"conversations-000.json": GOOD}
    files = {name: data} | good if is_first else good | {name: data}
    expected = (1, [f"{name}: {said}"], [], []) if said else (1, [], [], [name])
    assert _read(zipped(files)) == expected


@pytest.mark.parametrize("product", ["chatgpt", "own", "other"])
def test_such_a_part_in_the_export_of_every_product(zipped: Make, product: str) -> None:
    good = {
        "chatgpt": GOOD,
        "own": json.dumps(OWN | {"version": 1, "conversation": OWN["conversation"] | {"id": "x"}}),  # type: ignore[operator]
        "other": json.dumps([{"messages": [{"role": "user", "content": "Hi"}]}]),
    }[product]
    count, said, others, damaged = _read(zipped({"json/one 1.json": good, "json/one 2.json": "<html>502"}))
    assert (count, said, others, damaged) == (1, [f"json/one 2.json: {HTML}"], [], [])


@pytest.mark.parametrize(
    "data", [b"<html>502 Bad Gateway</html>", bytes(range(128, 256)) * 4, gzip.compress(b"[]", mtime=0)]
)
def test_the_command_imports_nothing_then(alice: User, zipped: Make, data: bytes) -> None:
    path = zipped({"conversations-000.json": GOOD, "conversations-001.json": b"\xff" + data})
    with pytest.raises(CommandError, match="Nothing was imported: not everything can be read"):
        call_command("import_conversations", "--user", "alice", str(path), stdout=StringIO(), stderr=StringIO())
    assert not Conversation.objects.exists()
    arguments = ("--user", "alice", str(path), "--skip-unreadable")
    call_command("import_conversations", *arguments, stdout=StringIO(), stderr=StringIO())
    assert Conversation.objects.count() == 1


def test_a_file_of_another_name_that_is_no_json_is_only_told(zipped: Make) -> None:
    files = {"conversations.json": GOOD, "settings.json": "<html>", "photo.jpg": b"\xff\xd8", "chat.html": "<html>"}
    assert _read(zipped(files)) == (1, [], [], ["settings.json"])


@pytest.mark.parametrize("data", [b"PK\x03\x04 and no more", b"<html>502", b"", gzip.compress(b"x", mtime=0)])
def test_a_damaged_zip_beside_an_export_is_told_as_damaged(
    alice: User, zipped: Make, tmp_path: Path, data: bytes
) -> None:
    path = zipped({"conversations.json": GOOD, "part2.zip": data, "user.json": "{}"})
    assert _read(path) == (1, [], ["user.json"], ["part2.zip"])
    said = check(path, alice, tmp_path / "shelf").note_sentences()
    assert "1 other file in the ZIP file has no conversations: user.json." in said
    assert "1 file in the ZIP file cannot be read, so nobody can say whether it has conversations: part2.zip." in said


def test_a_damaged_zip_among_zips_that_have_the_export_is_a_part_of_it(zipped: Make) -> None:
    good = zipped({"conversations.json": GOOD}, "inner.zip").read_bytes()
    path = zipped({"export-1.zip": good, "export-2.zip": good[:-30], "export-3.zip": "<html>502"})
    count, said, others, damaged = _read(path)
    assert (count, said, others, damaged) == (
        1,
        [f"export-2.zip: {DAMAGED}", f"export-3.zip: {DAMAGED}"],
        [],
        [],
    )


def test_an_empty_zip_in_a_zip_is_nothing(zipped: Make) -> None:
    assert _read(zipped({"conversations.json": GOOD, "empty.zip": zipped({}, "e.zip").read_bytes()})) == (1, [], [], [])


@pytest.mark.parametrize(("name", "data", "said"), [LOST[0], LOST[2], LOST[-1]])
def test_where_there_is_nothing_else_it_is_the_whole_story(zipped: Make, name: str, data: bytes, said: str) -> None:
    assert refusal(zipped({name: data})) == f"{name}: {said}"


@pytest.mark.parametrize("piece", [b" ", b"\n", b"0", b"0,0,0\n", b"\x00", b"[", b"[ ", b"[0,", b'{"a":1}\n'])
@pytest.mark.parametrize("name", ["attached.txt", "attached.json", "pad"])
def test_a_harmless_file_that_shrinks_much_stops_nothing(
    zipped: Make, monkeypatch: pytest.MonkeyPatch, name: str, piece: bytes
) -> None:
    monkeypatch.setattr(zips, "RATIO_FROM", 1 << 19)
    data = piece * (1_500_000 // len(piece))
    for files in ({"conversations.json": GOOD, name: data}, {name: data, "conversations.json": GOOD}):
        count, said, _others, _damaged = _read(zipped(files))
        assert (count, said) == (1, [])


@pytest.mark.parametrize("name", ["conversations-001.json", "Conversations-2.json"])
def test_a_part_that_shrinks_much_is_named(zipped: Make, name: str) -> None:
    count, [said], _others, _damaged = _read(zipped({"conversations.json": GOOD, name: b" " * 12_000_000}))
    assert count == 1
    assert said.startswith(f"{name}: Unpacked, this file is more than 300 times larger than in the ZIP file")


@pytest.mark.parametrize("version", [2, "2", 2.0, "2.0.1", "v2", 1.5, "1.1", 10**30, " 3 "])
def test_an_export_of_a_newer_version_of_this_product(make: Make, zipped: Make, version: Any) -> None:
    said = "A newer version of this product made this export. It cannot be read here before this site is updated."
    data = json.dumps(OWN | {"version": version})
    for path in (make(data), make(f"[{data}]")):
        [problem] = [one for one in conversations_in(path) if isinstance(one, Unreadable)]
        assert sentence(problem.as_dict()) == said
    current = json.dumps(OWN | {"version": 1, "conversation": OWN["conversation"] | {"id": "x"}})  # type: ignore[operator]
    assert _read(zipped({"json/a.json": data, "json/b.json": current})) == (1, [said], [], [])


@pytest.mark.parametrize("version", [1, "1", 1.0, "v1", "1.0"])
def test_this_version_however_it_is_written(make: Make, version: Any) -> None:
    assert len(parsed(make(OWN | {"version": version}))) == 1


@pytest.mark.parametrize("version", [None, 0, -1, "", "x", [], {}, True])
def test_a_version_that_never_was(make: Make, version: Any) -> None:
    [problem] = list(conversations_in(make(OWN | {"version": version})))
    assert isinstance(problem, Unreadable)
    assert problem.code == "unknown"


def test_the_command_says_that_a_newer_version_made_it(alice: User, make: Make) -> None:
    path = make(OWN | {"version": 2})
    with pytest.raises(CommandError, match="A newer version of this product made this export"):
        call_command("import_conversations", "--user", "alice", str(path), stdout=StringIO(), stderr=StringIO())
