import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.rendering import StreamRenderer, render

from . import page


def rows(source: str) -> list[list[str]]:
    table = page.parse(render(source))
    while isinstance(table, page.Element) and table.name != "table":
        (table,) = table.children  # type: ignore[assignment]
    parts = [part for part in table.children if isinstance(part, page.Element)]
    found = [row for part in parts for row in part.children if isinstance(row, page.Element)]
    return [[cell.text() for cell in row.children if isinstance(cell, page.Element)] for row in found]


HEAD = "| a | b |\n|---|---|\n"


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| `x|y` | z |", ["x|y", "z"]), ("| $|x|$ | z |", ["|x|", "z"]),
        ("| \\(P(A|B)\\) | ``a|`b`` |", ["P(A|B)", "a|`b"]),
        ("| $$|x|$$ | `||` |", ["|x|", "||"]), ("$P(A|B)$ | z", ["P(A|B)", "z"]),
        ("| `x \\| y` | z |", ["x | y", "z"]),
        ("| x | y | z | w |", ["x", "y | z | w"]), ("| `x | y` |", ["`x", "y`"]), ("| `x|y | z |", ["`x", "y | z"]),
        ("| $5 | $10 |", ["$5", "$10"]), ("|$HOME|$PATH|", ["$HOME", "$PATH"]), ("| x |", ["x", ""]),
    ],
)  # fmt: skip
def test_bars_in_code_and_formulas_drop_nothing(row: str, cells: list[str]) -> None:
    assert rows(HEAD + row)[1] == cells


def test_a_head_may_have_bars_in_code() -> None:
    assert rows("| `a|b` | c |\n|--|--|\n| 1 | 2 |") == [["a|b", "c"], ["1", "2"]]


def test_a_row_that_is_still_written_has_its_code_in_one_cell() -> None:
    renderer = StreamRenderer()
    renderer.feed(HEAD + "| `x|y")
    assert "<td><code>x|y</code></td></tr>" in renderer.html()


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.sampled_from(["|", "`", "``", "$", "x", "y", " ", "\\(", "\\)", "$$", "z1", "-"]), max_size=14))
def test_no_row_loses_text(parts: list[str]) -> None:
    row = "|r" + "".join(parts)
    shown = page.parse(render(HEAD + row)).text()
    wanted = [char for char in row if char.isalnum()]
    assert [char for char in shown if char.isalnum()][2:] == wanted


def test_many_signs_in_a_row_take_no_time_of_their_square() -> None:
    for unit in ("|$x", "|\\(x", "|`x", "|$x|$", "|``x`"):
        assert "table" in render(HEAD + unit * 30_000)
