import pytest

from conversations.rendering import render
from conversations.rendering.formulas import MAX_LENGTH

from . import page

X = '<math display="inline"><mrow><mi>x</mi></mrow></math>'
BLOCK = '<div class="formula" tabindex="0"><math display="block"><mrow><mi>x</mi></mrow></math></div>'


@pytest.mark.parametrize("source", ["$x$", "\\(x\\)", "\\( x \\)"])
def test_in_a_line(source: str) -> None:
    assert render(f"a {source}는") == f"<p>a {X}는</p>"


@pytest.mark.parametrize(
    "source", ["$$x$$", "\\[x\\]", "$$\nx\n$$", "\\[\n  x\n\\]", "$$\n\nx\n\n$$", "$$\nx$$", "$$\nx"]
)
def test_blocks(source: str) -> None:
    assert render(source) == BLOCK
    assert render(f"text\n{source}") == f"<p>text</p>{BLOCK}"


def test_a_block_in_a_list() -> None:
    assert render("- a\n\n  $$\n  x\n  $$") == f"<ul><li><p>a</p>{BLOCK}</li></ul>"


def test_several_lines_that_begin_like_lists() -> None:
    html = render("$$\\begin{aligned}\na &= b \\\\\n+ c &= d\n\\end{aligned}$$")
    assert html.startswith('<div class="formula" tabindex="0"><math display="block">')
    assert "<mtable" in html


@pytest.mark.parametrize(
    "source",
    ["$5 and $10", "가격은 $100이고 세금은 $20이에요", "US$5, CA$6", "a $ b $ c", "$HOME/$PATH", "\\$x\\$", "`$x$`",
    "$ x$", "$x $", "$"],
)  # fmt: skip
def test_prices_and_variables_stay(source: str) -> None:
    assert "<math" not in render(source)
    assert "formula" not in render(source)


@pytest.mark.parametrize(
    "latex", ["\\frac", "\\left(", "a^", "\\begin{nowhere}", "{" * 50, "\\newcommand{\\a}{b}\\a", "\\def\\a{\\a\\a}\\a",
    "x" * (MAX_LENGTH + 1)]
)  # fmt: skip
def test_what_cannot_be_converted_is_shown(latex: str) -> None:
    html = render(f"$$\n{latex}\n$$")
    assert html == f'<div class="formula" tabindex="0"><code class="formula">{latex}</code></div>'


@pytest.mark.parametrize(
    "latex", ["\\text{<img src=x onerror=alert(1)>}", "\\text{</math><script>x</script>}", "a<b>c",
    "\\href{javascript:x}{y}", "&lt;b&gt;"]
)  # fmt: skip
def test_formulas_are_inert(latex: str) -> None:
    html = render(f"${latex}$")
    assert not any(bad in html for bad in ("<img", "<script", "href", "<b>"))


def test_a_sign_without_a_formula_is_shown() -> None:
    assert page.parse(render("$$")).text() == "$$"


@pytest.mark.parametrize("name", ["aligned", "align", "align*", "gathered", "cases", "dcases", "pmatrix", "eqnarray"])
def test_environments_of_several_lines(name: str) -> None:
    html = render(f"$$\\begin{{{name}}} a &= b \\\\ c &= d \\end{{{name}}}$$")
    assert html.count("<mtr>") == 2


def test_comparison_signs_survive() -> None:
    assert "<mo>&lt;</mo>" in render("$a<b$")
