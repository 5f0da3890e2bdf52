"""`<details>` with its `<summary>` unfolds; its body is markdown, and never lost."""

import pytest

from conversations.rendering import StreamRenderer, render

BODY = "<summary>T</summary><p>a <strong>b</strong></p>"


@pytest.mark.parametrize(
    "source",
    [
        "<details>\n<summary>T</summary>\n\na **b**\n\n</details>",
        "<details>\n<summary>T</summary>\na **b**\n</details>",
        "<details><summary>T</summary>a **b**</details>",
        "<details> <summary>T</summary>\n\na **b**</details>",
        "<DETAILS>\n<SUMMARY>\nT\n</SUMMARY>\na **b**\n</DETAILS>",
        "<details>\n\n<summary>T</summary>\n\n\na **b**\n\n\n</details>\n",
        "  <details>\n  <summary>T</summary>\n  a **b**\n  </details>",
    ],
)
def test_however_its_lines_end(source: str) -> None:
    assert render(source) == f"<details>{BODY}</details>"
    assert render(f"before\n{source}\n\nafter") == f"<p>before</p><details>{BODY}</details><p>after</p>"


def test_its_body_is_markdown() -> None:
    html = render(
        "<details>\n<summary>T `c` **d**</summary>\n\n- a\n- b\n\n```text\n</details>\n```\n\n"
        "| h |\n|--|\n| c |\n</details>\n\nafter"
    )
    assert html.startswith(
        "<details><summary>T <code>c</code> <strong>d</strong></summary><ul><li>a</li><li>b</li></ul><figure"
    )
    assert "&lt;/details&gt;</code>" in html
    assert html.endswith("<td>c</td></tr></tbody></table></div></details><p>after</p>")


def test_details_in_details() -> None:
    inner = "<details><summary>in</summary>\ninner\n</details>"
    assert render(f"<details>\n<summary>T</summary>\na **b**\n{inner}\nend</details>") == (
        f"<details>{BODY}<details><summary>in</summary><p>inner</p></details><p>end</p></details>"
    )


def test_details_in_items_and_quotes() -> None:
    lines = ["<details>", "<summary>T</summary>", "a **b**", "</details>"]
    assert render("1. x\n" + "".join(f"   {line}\n" for line in lines) + "2. y") == (
        f"<ol><li>x<details>{BODY}</details></li><li>y</li></ol>"
    )
    assert render("".join(f"> {line}\n" for line in lines)) == f"<blockquote><details>{BODY}</details></blockquote>"


def test_text_behind_its_end_is_text() -> None:
    assert render("<details><summary>T</summary>a **b**</details> rest *x*\n\nnext") == (
        f"<details>{BODY}</details><p>rest <em>x</em></p><p>next</p>"
    )
    assert render("<details><summary>a</summary>b</details><details><summary>c</summary>d</details>") == (
        "<details><summary>a</summary><p>b</p></details><details><summary>c</summary><p>d</p></details>"
    )


def test_bold_tags_round_a_summary_are_bold() -> None:
    for tag in ("b", "strong", "h3"):
        assert render(f"<details><summary><{tag}>T</{tag}></summary>x</details>") == (
            "<details><summary><strong>T</strong></summary><p>x</p></details>"
        )


def test_one_that_is_written_as_open_is_open() -> None:
    assert render("<details open><summary>T</summary>a **b**</details>") == f'<details open="">{BODY}</details>'


def test_one_that_never_ends_is_shown_open() -> None:
    assert render("<details>\n<summary>T</summary>\na **b**\n\nrest") == f'<details open="">{BODY}<p>rest</p></details>'
    assert render("<details>\n<summary>T\n\nrest") == '<details open=""><summary>T</summary><p>rest</p></details>'
    assert render("- <details>\n  <summary>T</summary>\n  a **b**\n\nafter") == (
        f'<ul><li><details open="">{BODY}</details></li></ul><p>after</p>'
    )


@pytest.mark.parametrize("opening", ["<details class=x>", '<details ontoggle="x">', "<details open=x>"])
def test_with_other_attributes_it_is_text(opening: str) -> None:
    assert "<details" not in render(f"{opening}\n<summary>T</summary>\n\ntext\n\n</details>")


def test_while_it_is_written_it_is_folded_and_grows() -> None:
    renderer, shown = StreamRenderer(), []
    for piece in ("a\n\n<det", "ails>\n", "<summary>", "T", "</summary>\n\nbo", "dy", "\n\n</detai", "ls>\n\nafter"):
        renderer.feed(piece)
        shown.append(renderer.html().removeprefix("<p>a</p>"))
    assert shown == [
        "", "", "", "<details><summary>T</summary></details>", "<details><summary>T</summary><p>bo</p></details>",
        "<details><summary>T</summary><p>body</p></details>", "<details><summary>T</summary><p>body</p></details>",
        "<details><summary>T</summary><p>body</p></details><p>after</p>",
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["**제목**", "### 제목", "제목"])
def test_a_summary_may_have_empty_lines_around_its_words(title: str) -> None:
    html = render(f"<details>\n<summary>\n\n{title}\n\n</summary>\n\nbody\n\n</details>\n\nafter")
    words = title.strip("# ").replace("**제목**", "<strong>제목</strong>")
    assert html == f"<details><summary>{words}</summary><p>body</p></details><p>after</p>"
