"""A date at a line's beginning is a date, and no list in a list in a list."""

import pytest

from conversations.rendering import StreamRenderer, render


@pytest.mark.parametrize(
    "source",
    ["2024. 3. 15. 발표", "2024. 3.", "2024. 3. 15.(금) 오후", "1999. 12. 31.", "24. 3. 15. 발표", "3. 15. 발표",
    "1592. 4. 13. 임진왜란",
    "2024. 03. 05.부터", "2024. 3. 15 발표", "2024.  3. 15. 발표", "15. 3. 2024", "2024. 그 해에는", "2024.",
    "1. 2. foo"],
)  # fmt: skip
def test_dates_are_text(source: str) -> None:
    assert render(source).replace("  ", " ") == f"<p>{source}</p>".replace("  ", " ")


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("1. 2024. 3. 15. 발표\n2. 2024. 4. 1. 시행", "<ol><li>2024. 3. 15. 발표</li><li>2024. 4. 1. 시행</li></ol>"),
        ("- 3. 15. 발표", "<ul><li>3. 15. 발표</li></ul>"),
        ("> 2024. 3. 15. 발표", "<blockquote><p>2024. 3. 15. 발표</p></blockquote>"),
        ("발표\n2024. 3. 15. 시행", "<p>발표<br>2024. 3. 15. 시행</p>"),
        ("2024. 3. 15. a\n2024. 3. 16. b", "<p>2024. 3. 15. a<br>2024. 3. 16. b</p>"),
    ],
)
def test_dates_in_other_blocks(source: str, html: str) -> None:
    assert render(source) == html


def test_a_date_below_a_list_keeps_its_year() -> None:
    assert render("1. a\n\n2024. 3. 15. 발표") == "<ol><li>a</li></ol><p>2024. 3. 15. 발표</p>"
    assert render("1. a\n2024. 3. 15. 발표") == "<ol><li>a<br>2024. 3. 15. 발표</li></ol>"
    assert render("1. a\n\n2024. 그 해") == "<ol><li>a</li></ol><p>2024. 그 해</p>"


def test_lists_stay_lists() -> None:
    assert render("1. a\n2. b") == "<ol><li>a</li><li>b</li></ol>"
    assert render("7. 3.5 kg\n8. 1.2.3") == '<ol start="7"><li>3.5 kg</li><li>1.2.3</li></ol>'
    assert render("1. a\n   1. b") == "<ol><li>a<ol><li>b</li></ol></li></ol>"
    assert render("2024) a") == '<ol start="2024"><li>a</li></ol>'
    many = render("".join(f"{number}. x\n" for number in range(1, 2101)))
    assert many.count("<li>") == 2100
    assert many.count("<ol") == 1


def test_while_it_is_written_no_list_is_seen() -> None:
    renderer, text = StreamRenderer(), "2024. 3. 15. 발표"
    for char in text:
        renderer.feed(char)
        assert "<ol" not in renderer.html()
    renderer.finish()
    assert renderer.html() == render(text)
