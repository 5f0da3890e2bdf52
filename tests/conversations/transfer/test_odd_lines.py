"""Something odd between conversations, or a broken one: it costs itself and nothing that comes after it."""

import json
import time
from collections import deque
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from conversations.transfer import scanning
from conversations.transfer.problems import Problem
from conversations.transfer.reading import conversations_in
from conversations.transfer.scanning import elements
from conversations.transfer.tree import Parsed
from tests.conversations.transfer.conftest import Make, chatgpt, parsed

ONE, TWO, THREE = (json.dumps(chatgpt(conversation_id=f"c{number}", id=f"c{number}")) for number in (1, 2, 3))


def _read(path: Path) -> tuple[list[str], list[str]]:
    """The ids of conversations that could be read, and what is wrong with others."""
    found = list(conversations_in(path))
    return [one.source_id for one in found if isinstance(one, Parsed)], [
        one.code for one in found if isinstance(one, Problem)
    ]


@pytest.mark.parametrize("line", ["null", "-- page 2 --", "12", '"text"', "]", "}", "], x"])
def test_a_line_that_is_no_conversation(make: Make, line: str) -> None:
    assert _read(make(f"{ONE}\n{TWO}\n{line}\n{THREE}\n")) == (["c1", "c2", "c3"], ["after_end"])


@pytest.mark.parametrize("line", ["null", "// an export", "-- page 1 --", '"text"'])
def test_a_first_line_that_is_no_conversation(make: Make, line: str) -> None:
    assert _read(make(f"{line}\n{ONE}\n{TWO}")) == (["c1", "c2"], ["bad_json"])
    assert _read(make(f"{line}\n[{ONE},\n{TWO}]")) == (["c1", "c2"], ["bad_json"])


@pytest.mark.parametrize("between", ["\ufeff", "\n\ufeff", ",\n", ", ", "\x1e", "\x00\x00"])
def test_what_is_between_files_that_were_put_together_is_nothing(make: Make, between: str) -> None:
    for text in (f"{ONE}{between}{TWO}", f"[{ONE}]{between}[{TWO}]", f"{ONE}{between}{TWO}{between}"):
        assert _read(make(text)) == (["c1", "c2"], [])
        assert _read(make(text.encode("utf-16"))) == (["c1", "c2"], [])


def test_a_byte_order_mark_between_two_pieces_that_are_read(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in range(len(ONE), len(ONE) + 6):
        monkeypatch.setattr(scanning, "CHUNK", size)
        assert len(parsed(make(f"{ONE}\ufeff{TWO}"))) == 2


def test_zeros_at_the_end_are_nothing(make: Make) -> None:
    assert len(parsed(make(f"[{ONE}]".encode() + b"\x00" * 5000))) == 1


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"Question"', '"Ques"tion"'),
        ('"Question"', '"Question'),
        ('"Answer"]', '"Answer"'),
        ('"Answer"]', '"Answer"]}'),
        ('"Answer"]', '"Answer"]]'),
        ('"Answer"', ""),
        ('"q": {', '"q": '),
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_a_broken_conversation_in_a_list(make: Make, number: int, good: str, bad: str, indent: Any) -> None:
    texts = [json.dumps([json.loads(one)], indent=indent)[1:-1] for one in (ONE, TWO, THREE)]
    good = good if good in texts[number] else good.rstrip("]")
    texts[number] = texts[number].replace(good, bad, 1)
    found, problems = _read(make(f"[{','.join(texts)}]"))
    assert set(found) >= {f"c{n + 1}" for n in range(3) if n != number}
    assert problems or len(found) == 3


def test_odd_lines_behind_a_broken_one(make: Make) -> None:
    lines = ['{"mapping": {"q": ', ONE, "null", f"[{TWO}]", "-- page 2 --", THREE]
    assert _read(make("\n".join(lines))) == (["c1", "c2", "c3"], ["bad_json"])


def test_a_missing_comma(make: Make) -> None:
    assert _read(make(f"[{ONE}{TWO},{THREE}]")) == (["c1", "c2", "c3"], ["bad_json"])
    assert _read(make(f"[{ONE}, {TWO},]")) == (["c1", "c2"], ["bad_json"])


@pytest.mark.parametrize("separator", [",", ",\n"])
def test_a_first_conversation_whose_brackets_stay_open(make: Make, separator: str) -> None:
    assert _read(make("[" + separator.join([ONE[:-3], TWO, THREE]) + "]")) == (["c2", "c3"], ["bad_json"])


def test_what_is_broken_is_named_where_it_stands(make: Make) -> None:
    path = make(f"[\n{ONE},\n{TWO.replace('Question', chr(34))},\n{THREE}\n]")
    [problem] = [one for one in conversations_in(path) if isinstance(one, Problem)]
    assert problem.params["place"][0] == 3


def test_conversations_behind_a_broken_one_that_is_longer_than_is_kept(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "ELEMENT_BYTES", 20_000)
    monkeypatch.setattr(scanning, "CHUNK", 4_000)
    broken = json.dumps(chatgpt(title="x" * 100_000))[:-2]
    found, problems = _read(make("[" + ",".join([ONE, broken, *[TWO] * 100, THREE]) + "]"))
    assert (found[0], set(found[1:-1]), found[-1]) == ("c1", {"c2"}, "c3")
    assert len(found) == 102
    assert problems == ["too_long"]


@pytest.mark.parametrize(
    "piece",
    ['{"a":1,"b":[', '{"a":1,"b":"', "{", "[", '{"a":1}x', '{"a":1,"b":"x"y"},', "\n{", "\n", '"', "}", "]\n[{"],
)
@pytest.mark.parametrize("head", ["[", "", "[{},", "{}\n"])
def test_no_damage_takes_time_of_its_square(head: str, piece: str) -> None:
    def seconds(size: int) -> float:
        data = (head + piece * (size // len(piece))).encode()
        begin = time.process_time()
        with suppress(Problem):
            deque(elements(BytesIO(data)), maxlen=0)
        return time.process_time() - begin

    small = min(seconds(10_000) for _ in range(2))
    assert seconds(80_000) < 24 * max(small, 0.004)


def test_a_broken_value_is_read_again_a_few_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each bracket that stays open, further in and with a name of its own, looks like a beginning."""
    readings = []
    value_end = scanning._Scan._value_end

    def counted(scan: scanning._Scan, depth: int = 0) -> tuple[int, int]:
        readings.append(depth)
        return value_end(scan, depth)

    monkeypatch.setattr(scanning._Scan, "_value_end", counted)
    rows = [" " * n + f'{{"n{n}":[\n' + " " * (n + 1) + f'{{"n{n}":[' for n in range(60)]
    with pytest.raises(Problem):
        list(elements(BytesIO(("[" + "\n".join(rows) + "[" * 1000).encode())))
    assert len(readings) <= scanning.MOST_READINGS


@pytest.mark.parametrize("between", [",,", "},", "},}", ",:", "}\n,\n,"])
def test_a_comma_twice_or_a_bracket_too_many_costs_nothing_but_a_word(make: Make, between: str) -> None:
    found, problems = _read(make(f"[{ONE}{between}{TWO},{THREE}]"))
    assert found == ["c1", "c2", "c3"]
    assert set(problems) == {"bad_json"}


def test_what_is_behind_the_list_of_an_envelope_is_no_conversation(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "ELEMENT_BYTES", 200_000)
    monkeypatch.setattr(scanning, "CHUNK", 50_000)
    more = ",\n".join(['{"a": 1}'] * 60_000)
    assert _read(make(f'{{"conversations":[{ONE},{TWO}],"more":[\n{more}]}}')) == (["c1", "c2"], [])
