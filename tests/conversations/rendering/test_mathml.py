import re
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.rendering.formulas import to_html
from conversations.rendering.mathml import CHILDREN

from . import page

PIECES = [
    "x", "^", "_", "^2", "_i", "{a+b}", "{", "}", "\\frac", "\\frac{a}{b}", "\\left(", "\\right)", "|x|", "\\|x\\|",
    "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{cases}a\\\\b\\end{cases}", "\\binom{n}{k}",
    "\\sqrt[3]{x}", "'",
    "\\sum", "\\limits", "\\hat", "\\vec{a}", "\\pmod{n}", "\\not", "=", "\\overset{a}{b}", "\\underbrace{a}_{b}",
    "\\mathrm{ab}", "\\text{a $b$}", "\\ce{H2O}", "\\SI{5}{\\metre}", "\\foo", "\\color{red}",
    "\\operatorname{f}", "속도",
    "\\xrightarrow[a]{b}", "\\mathbin{+}", "\\tag{1}", "\\stackrel", "\\dfrac12", "&", "\\\\", "%", "\\boxed{x}", "$",
]  # fmt: skip


def tree(latex: str) -> Element:
    html = to_html(latex, True)
    assert html.startswith("<math"), html
    return fromstring(html.replace("&nbsp;", "\u00a0"))


def text(latex: str) -> str:
    return "".join(tree(latex).itertext()).replace("\u00a0", " ")


@pytest.mark.parametrize(
    "base", ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\left(\\frac ab\\right)", "\\binom{n}{k}", "|x|",
    "\\|x\\|",
    "\\begin{cases}a\\\\b\\end{cases}", "\\begin{bmatrix}1\\end{bmatrix}", "\\left\\langle x \\right\\rangle"]
)  # fmt: skip
@pytest.mark.parametrize(("script", "name"), [("^{-1}", "msup"), ("_2", "msub"), ("_i^2", "msubsup")])
def test_a_matrix_or_fence_takes_an_exponent(base: str, script: str, name: str) -> None:
    (scripted,) = [element for element in tree(base + script).iter() if element.tag == name]
    assert len(scripted) == CHILDREN[name]


@settings(max_examples=500, deadline=None, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.booleans())
def test_every_element_has_the_children_it_must_have(latex: str, display: bool) -> None:
    html = to_html(latex, display)
    page.parse(html)
    if not html.startswith("<math"):
        return
    for element in fromstring(html.replace("&nbsp;", "\u00a0")).iter():
        assert len(element) == CHILDREN.get(element.tag, len(element))
        assert element.tag not in ("mi", "mn", "mo", "mtext") or not len(element)


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        ("\\ce{2H2 + O2 -> 2H2O}", "2H2+O2→2H2O"), ("\\ce{SO4^2-}", "SO42−"), ("\\ce{A <=>[k_1] B}", "A⇌k1B"),
        ("\\ce{CuSO4*5H2O}", "CuSO4·5H2O"), ("\\ce{NaCl(aq)}", "NaCl(aq)"), ("\\ce{CH3-CH=CH2}", "CH3−CH=CH2"),
        ("\\SI{5}{\\metre}", "5m"), ("\\SI{9.8}{\\metre\\per\\second\\squared}", "9.8m/s2"),
        ("\\num{1.5e-3}", "1.5×10−3"),
        ("\\qty{3}{\\kilo\\gram\\per\\cubic\\metre}", "3kg/m3"), ("\\SI{5}{kg.m/s^2}", "5kgm/s2"),
        ("\\ang{30}", "30°"),
        ("x\\label{eq:1}", "x"), ("\\color{red}{x}", "x"), ("\\textcolor{blue}{x+y}", "x+y"), ("x\\tag{1}", "x(1)"),
        ("\\eqref{eq:1}", "(eq:1)"), ("\\cancel{x}", "x"), ("\\boxed{x}", "x"),
        ("\\operatorname*{arg\\,max}_x", "arg maxx"),
        ("\\mathscr{L}", "ℒ"), ("\\require{cancel}x", "x"), ("\\hspace{1em}x\\nonumber", "x"), ("\\bm{\\alpha}", "𝜶"),
        ("\\mathbb{RN}", "ℝℕ"), ("\\Var(X)", "Var(X)"), ("\\norm{x}", "‖x‖"), ("\\dv{x^{2}}{t}", "dx2dt"),
        ("\\text{50\\% if $x<0$}", "50% if x<0"), ("\\text{a {b} c}", "a b c"),
        ("속도 = \\frac{거리}{시간}", "속도=거리시간"),
        ("5% of x", "5%ofx"), ("\\mathbin{+}", "+"), ("\\begin{rcases}a\\\\b\\end{rcases}", "ab}"),
        ("\\unknown{a}", "unknowna"),
        ("a \\\\[4pt] b", "ab"), ("\\begin{array}{@{}l|p{3cm}@{}}a&b\\end{array}", "ab"),
        ("\\begin{aligned}[t]a&=b\\end{aligned}", "a=b"),
        ("\\bigl\\{ a \\bigr\\}", "{a}"), ("\\Big\\langle x \\Big\\rangle", "⟨x⟩"),
        ("\\big\\|x\\bigg\\lfloor y", "‖x⌊y"),
        ("\\argmax_x", "arg maxx"), ("a \\not= b \\not< c \\not\\in d", "a≠b≮c∉d"), ("\\text{5 \\AA}", "5 Å"),
        ("\\ce{CuSO4.5H2O}", "CuSO4·5H2O"), ("\\ce{0.5 O2}", "0.5O2"), ("\\ce{(NaPO3)_x}", "(NaPO3)x"),
        ("\\ce{X^n-}", "Xn−"), ("\\pu{5 mol L-1}", "5molL−1"), ("\\pu{10 m/s2}", "10m/s2"),
        ("\\qty{20}{\\percent}", "20%"), ("\\SI{5}{\\%}", "5%"), ("\\qty(\\frac12)", "(12)"),
        ("\\Braket{a|b}\\ketbra{0}{1}", "⟨a|b⟩|0⟩⟨1|"), ("\\prescript{14}{6}{C}", "614C"), ("\\textcircled{3}", "③"),
        ("\\begin{array}{c}\\multicolumn{2}{c}{x}\\end{array}", "x"), ("\\overarc{AB}", "AB⏜"),
        ("a\\hspace*{1em}b", "ab"),
    ],
)  # fmt: skip
def test_commands_of_packages_are_readable(latex: str, shown: str) -> None:
    assert text(latex) == shown


@pytest.mark.parametrize(
    "operator", ["\\lim", "\\max", "\\inf", "\\bigcup", "\\bigoplus", "\\argmin", "\\operatorname*{arg\\,max}"]
)
def test_limits_stand_below_and_above(operator: str) -> None:
    for script, name in (("_{a}", "munder"), ("_a^b", "munderover")):
        (scripted,) = [element for element in tree(operator + script).iter() if element.tag == name]
        assert scripted[0].get("movablelimits") == "true"


@pytest.mark.parametrize("latex", ["\\mathrm{d}", "\\mathrm{H}_2", "\\ce{H2}", "\\mathrm{AB}"])
def test_upright_letters_are_upright(latex: str) -> None:
    assert {letter.get("mathvariant") for letter in tree(latex).iter("mi")} == {"normal"}


def test_a_label_over_an_arrow_is_as_wide_as_its_words() -> None:
    arrow = tree("A \\xrightarrow[\\text{heat}]{\\Delta} B")
    assert not [element for element in arrow.iter() if (element.get("width") or "")[:1] in ("+", "-")]
    assert [element.tag for element in arrow.iter("munderover") for element in element] == ["mstyle", "mrow", "mrow"]


def test_a_line_over_or_under_is_as_wide_as_what_it_marks() -> None:
    assert [row.get("notation") for row in tree("\\overline{AB}=\\underline{x}").iter("mrow") if row.attrib] == [
        "top",
        "bottom",
    ]
    assert text("\\overline{AB}_2^3") == "AB23"


@pytest.mark.parametrize("name", ["vmatrix", "Vmatrix"])
def test_bars_around_a_matrix_are_as_high_as_it_is(name: str) -> None:
    bars = [
        sign for sign in tree(f"D = \\begin{{{name}}}a\\\\b\\end{{{name}}} = 1").iter("mo") if sign.text in ("|", "‖")
    ]
    assert [(bar.get("stretchy"), bar.get("form")) for bar in bars] == [("true", "prefix"), ("true", "postfix")]


def test_lines_of_an_array_stand_at_its_cells() -> None:
    (table,) = list(tree("\\begin{array}{c|c}a&b\\\\ \\hline c&d\\end{array}").iter("mtable"))
    assert not table.attrib
    assert [[cell.get("columnlines") for cell in row] for row in table] == [["none none", "solid none"]] * 2
    assert [[cell.get("rowlines") for cell in row] for row in table] == [["none none"] * 2, ["solid none"] * 2]
    (table,) = list(tree("\\begin{array}{|c|c|}a&b\\end{array}").iter("mtable"))
    assert [cell.get("columnlines") for cell in table[0]] == ["solid none", "solid solid"]


@pytest.mark.parametrize("name", ["cases", "dcases"])
def test_cases_are_aligned_left_and_equations_at_their_sign(name: str) -> None:
    html = to_html(f"\\begin{{{name}}}x & y \\\\ z & w\\end{{{name}}}", True)
    assert re.findall(r'<mtd columnalign="(\w+)">', html) == ["left"] * 4
    assert re.findall(r'<mtd columnalign="(\w+)">', to_html("a &= b", True) + to_html("a &= b\\\\ &= c", True))[
        -2:
    ] == [
        "right",
        "left",
    ]


def test_what_stands_for_characters_in_texts_is_not_shown() -> None:
    assert text("\\text{\\{a\\_b\\} & c}") == "{a_b} & c"
