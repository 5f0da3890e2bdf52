import cProfile

import pytest

from conversations.rendering import StreamRenderer, render
from conversations.rendering.formulas import MAX_LENGTH

from . import page

X = '<math display="inline"><mrow><mi>x</mi></mrow></math>'
BLOCK = '<div class="formula" tabindex="0"><math display="block"><mrow><mi>x</mi></mrow></math></div>'


def read(source: str) -> str:
    """The words on the page, with its line ends."""
    return page.parse(render(source).replace("<br>", "\n")).text()


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
    "latex", ["\\frac", "\\left(", "a^", "\\begin{nowhere}", "{" * 50, "\\newcommand{\\a}{b}\\a",
    "\\def\\a{\\a\\a}\\a",
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


def outline(source: str) -> list[str]:
    """Tags of the blocks of an answer, a formula as "=" and what it says."""
    return [
        f"={child.text()}" if "formula" in dict(child.attributes).values() else child.name
        for child in page.parse(render(source)).children
        if isinstance(child, page.Element)
    ]


@pytest.mark.parametrize("after", [".", ",", ";", "。", " (1)", " (3.2)."])
@pytest.mark.parametrize("source", ["$$\nx\n$$", "\\[\nx\n\\]", "$$x\n$$", "$$x$$", "\\begin{align}\nx\n\\end{align}"])
def test_punctuation_and_a_number_after_the_closing_sign_belong_to_the_formula(source: str, after: str) -> None:
    shown = after.replace(" ", "\u2003", 1)
    assert outline(f"{source}{after}\n\nHere $E$ is\n\n## H\n- a") == [f"=x{shown}", "p", "h4", "ul"]


@pytest.mark.parametrize("after", ["는 식이다", "은", " so that", "이고, $y$는", " $$y$$"])
@pytest.mark.parametrize("source", ["$$\nx\n$$", "\\[\n+ x\n\\]", "$$\n\\begin{aligned}\nx\n\\end{aligned}$$"])
def test_text_after_the_closing_sign_goes_on_in_the_paragraph(source: str, after: str) -> None:
    html = render(f"{source}{after}\n- a\n\n## H")
    assert html.startswith('<p><math display="block">')
    assert "</math>" + after[:3].rstrip(" $") in html
    assert html.endswith("</p><ul><li>a</li></ul><h4>H</h4>")


@pytest.mark.parametrize("opener", ["$$\nx = 1", "$$x = 1", "\\[\nx = 1", "\\[x = 1", "\\begin{align}\nx = 1"])
@pytest.mark.parametrize(
    "rest", ["\n\n## H\n\n- a", "\n## Heading\n- a", "\n```py\n$$\n```", "\n- one two\n\n$$\ny\n$$"]
)
def test_a_sign_that_never_closes_is_text_and_swallows_nothing(opener: str, rest: str) -> None:
    assert read(opener + rest).startswith(opener)
    assert outline(opener + rest)[1:] == outline(rest)


def test_a_blank_line_ends_what_was_no_formula() -> None:
    assert outline("$$\na\n\nb\n$$\n\n# H") == ["p", "p", "h3"]
    assert outline("$$\n\nSome words\n\n$$\nx\n$$") == ["p", "p", "=x"]


@pytest.mark.parametrize("sign", ["+", "-", "#", ">", "=", "&", "|", "*", "1.", "<", "~", "_"])
def test_lines_of_a_formula_begin_with_anything(sign: str) -> None:
    assert len(outline(f"$$\na\n{sign} b\n$$")) == 1
    assert outline(f"where: $$\na\n{sign} b\n$$ so\n- c") == ["p", "ul"]
    assert outline(f"> $$\n> a\n> {sign} b\n> $$\n\nc") == ["blockquote", "p"]
    assert outline(f"- $$\n  a\n  {sign} b\n  $$\n- c") == ["ul"]


@pytest.mark.parametrize(
    "name", ["align", "align*", "equation", "equation*", "gather", "multline", "eqnarray", "cases", "pmatrix"]
)
def test_bare_environments_are_formulas(name: str) -> None:
    source = f"\\begin{{{name}}}\n- a\n\\end{{{name}}}"
    for text in (source, f"{source}$$"):
        assert "<math" in outline(f"so\n{text}\n\nend")[1] or outline(f"so\n{text}\n\nend")[1].startswith("=")
        assert [tag[0] for tag in outline(f"so\n{text}\n\nend")] == ["p", "=", "p"]
    assert '<math display="block">' in render(f"식: {source} 끝")


def test_a_math_fence_is_a_formula_for_each_part() -> None:
    assert outline("```math\na\n\nb\n```\ntext") == ["=a", "=b", "p"]
    assert "<math" not in render("```latex\n\\frac{a}{b}\n```")


@pytest.mark.parametrize(
    "source", ["the $n$th element", "$O(n)$s", "3$x$", "$x$는", "($x$)", "$x$-axis", "$x$'s", "2$\\pi$r",
    "$x$$y$", "함수$f$의", "H$_2$SO$_4$와 CO$_2$", "Fe$^{3+}$, m$^2$, 1010$_2$", "25$^\\circ$C, 90$^{\\circ}$",
    "3$\\times$4, $\\sim$100, k$\\Omega$", "T$_{\\text{in}}$, R$_\\text{max}$",
    "$ x = 1 $은", "$ \\frac{a}{b} $, $ x^2 $",
    "$`a+b`$"]
)  # fmt: skip
def test_letters_and_digits_next_to_a_formula(source: str) -> None:
    assert "<math" in render(source)
    assert "$" not in page.parse(render(source)).text()


@pytest.mark.parametrize(
    "source",
    ["costs $5-$10", "$20k to $30k", "between $1,000 and $2,000 per month", "5$ and 10$", "$HOME/$USER",
    "$HOME:$PATH",
     "${HOME}/${USER}", "$x = $y;", "$x->go($y)", "$foo$bar", "$AAPL,$GOOG", "5$/10$", "$5/month or $50/year",
     "$x==$y",
     "$5 (or 5$) now", "10$(USD) and 20$(CAD)", "$ cheap\n$$ moderate\n$$$ dear", "US$5M–US$10M", "$x$1",
     "$ 5 and $ 6", "$ 5 = ₩ 7, $ 6", "$ 5 + $ 6 = $ 11", "$ FOO=bar make $ ls", "$ cd a_b $ ls", "US$ 5 = CA$ 7",
     "$FOO_A$BAR", "a$_b c$_d"],
)  # fmt: skip
def test_more_prices_and_variables_stay(source: str) -> None:
    assert read(source) == source


@pytest.mark.parametrize("words", ["Your Name", "참고", "cite: 1, 2", "Date"])
def test_escaped_brackets_around_words_are_brackets(words: str) -> None:
    source = f"\\[{words}\\]"
    assert read(source) == f"[{words}]"
    assert read(f"a {source} b\n{source}\n\nsee \\[12\\]") == f"a [{words}] b\n[{words}]see [12]"
    assert outline(f"\\[ \\text{{{words}}} \\]\n\n\\[5\\]")[0] == f"={words}".replace(" ", "\u00a0")
    assert outline("\\[5\\]\n\n\\[E=mc^2\\]") == ["=5", "=E=mc2"]


def test_a_long_formula_in_a_line_can_be_scrolled() -> None:
    assert '<span class="formula" tabindex="0"><math' in render("a $" + "+".join("abcdefghijklmnopq") + "$")
    assert "<span" not in render("a $x + y$")


def test_a_formula_that_is_still_written_is_shown_as_its_source_and_nothing_else() -> None:
    renderer = StreamRenderer()
    for piece in ("So:\n\n$$\n", "x\n", "- y\n", "# z\n"):
        renderer.feed(piece)
    assert renderer.html() == (
        '<p>So:</p><div class="formula" tabindex="0"><code class="formula">x\n- y\n# z</code></div>'
    )
    renderer.feed("$$\n")
    assert "<math" in renderer.html()
    renderer.feed("\nend")
    assert renderer.html().endswith("<p>end</p>")


@pytest.mark.parametrize(
    "unit", ["$$\n", "\\[ a\n", "\\[\n- x\n", "a $$\n", "> $$\n", "\\(a\n", "\\begin{align}\n", "$n$th "]
)
def test_time_grows_with_the_signs_and_not_with_their_square(unit: str) -> None:
    def calls(count: int) -> int:
        profile = cProfile.Profile()
        profile.runcall(render, unit * count)
        return sum(entry.callcount for entry in profile.getstats())

    render("$$\nx\n$$")
    assert calls(4000) < 6 * calls(1000)
