"""LaTeX to MathML, by latex2mathml; what the library leaves out or gets wrong is mended before and after.

What browsers read is MathML Core: an exponent has exactly two children, columns are aligned by CSS (conversation.css),
and of the alphabets only characters of their own are left.
"""

import re
from functools import cache
from html import unescape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, tostring

from .latex import rewritten, shown
from .sanitizing import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH = 2000
MAX_MATHML = 100_000
LONG = 18  # characters of a formula that may be wider than a phone
CHILDREN = dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2) | {"msubsup": 3, "munderover": 3}
# These define macros: a few lines can grow without bound.
REFUSED = re.compile(
    r"\\(?:re)?newcommand|\\(?:re)?newenvironment|\\providecommand|\\[egx]?def\b|\\let\b|\\DeclareMath"
)
LEAVES = frozenset(("mi", "mn", "mo", "mtext"))
TAG = re.compile(r"<[^<>]*>")
ENTITY = re.compile(r"&\w+;")
UNKNOWN = re.compile(r"\\([a-zA-Z]+)\*?")


def mathml(latex: str, display: bool, after: str = "") -> str:
    """Clean MathML of a formula with the text after it, "" where it cannot be converted."""
    if not latex or len(latex) > MAX_LENGTH or REFUSED.search(latex):
        return ""
    try:
        html = _converted(latex, "block" if display else "inline", after)
    except Exception:  # its parser raises whatever comes: IndexError, KeyError, RecursionError, its own
        return ""
    return clean(html) if len(html) <= MAX_MATHML else ""


def is_long(html: str) -> bool:
    """Whether a formula may be wider than a phone."""
    return len(ENTITY.sub("&", TAG.sub("", html))) > LONG


def _converted(latex: str, display: str, after: str) -> str:
    """MathML, escaped. The library's own writer does not escape, so its tree is written here."""
    from latex2mathml.converter import convert_to_element

    tree = convert_to_element(rewritten(latex), display=display)
    if not any((element.text or "").strip() for element in tree.iter()):
        return ""
    for element in tree.iter():
        element.text = shown(unescape(element.text or ""))
    for element in tree.iter():
        _mend(element)
    if after:
        _append(tree, after)
    return tostring(tree, encoding="unicode")


def _mend(element: Element) -> None:
    """Makes an element what MathML Core can show."""
    wanted = CHILDREN.get(element.tag)
    if wanted and len(element) != wanted:
        _regroup(element, wanted)
    if "minsize" in element.attrib and element.text and element.text[0] == "\\":
        element.text = _delimiter(element.text)
    if element.tag in UNDER and element[0].tag in ("mo", "mi") and element[0].text in WITH_LIMITS:
        element.tag, element[0].tag = UNDER[element.tag], "mo"
        element[0].set("movablelimits", "true")
    if unknown := UNKNOWN.fullmatch(element.text or ""):
        element.tag, element.text = "mi", unknown[1]
        element.set("mathvariant", "normal")
    if width := NAMED_SPACES.get(element.get("width", "")):
        element.set("width", width)
    _fit(element)
    letters = ALPHABETS.get(element.get("mathvariant", ""))
    if letters and element.text and element.tag != "mtext":
        element.text = "".join(_letter(char, letters) for char in element.text)
        del element.attrib["mathvariant"]
    if len(element) and element.tag in LEAVES:
        element.tag = "mrow"


def _fit(element: Element) -> None:
    """Lines, labels and bars of the size of what they stand at."""
    if element.tag == "mtable":
        _draw_lines(element)
    elif element.tag == "mpadded" and element.get("width", "").startswith("+"):
        _widen(element)
    elif element.tag in LINES and element[1].text == "\u2015":
        _draw_line(element)
    elif len(element) > 2 and element.find("mtable") is not None:
        _stretch_bars(element)


def _stretch_bars(row: Element) -> None:
    """Bars around a matrix: a bar with something before it is a sign of its own to a browser, which does not grow."""
    for before, table, after in zip(row, row[1:], row[2:], strict=False):
        if table.tag == "mtable" and before.text == after.text and before.text in ("|", "‖"):
            before.attrib |= {"stretchy": "true", "fence": "true", "form": "prefix"}
            after.attrib |= {"stretchy": "true", "fence": "true", "form": "postfix"}


def _widen(element: Element) -> None:
    """Room at both sides of a label, in spaces: MathML Core knows no width that is added to the content's own."""
    element.tag = "mrow"
    element.attrib.clear()
    element.insert(0, Element("mspace", width="0.4em"))
    element.append(Element("mspace", width="0.4em"))


def _draw_line(element: Element) -> None:
    """A line as wide as what it stands over or under; the sign that the library takes does not stretch."""
    element.attrib.clear()
    element.set("notation", LINES[element.tag])
    element.tag = "mrow"
    del element[1]


def _draw_lines(table: Element) -> None:
    """Notes at the cells which lines stand before and behind them; of the table alone, most browsers draw none.

    The library counts the edge before the first column or row only where it has a line.
    """
    columns = max(map(len, table), default=0)
    for name, count in (("columnlines", columns), ("rowlines", len(table))):
        lines = table.attrib.pop(name, "").split()
        if "solid" not in lines:
            continue
        lines = [*["none"] * (len(lines) < count), *lines, *["none"] * count]
        for number, row in enumerate(table):
            for index, cell in enumerate(row):
                place = index if name == "columnlines" else number
                cell.set(name, f"{lines[place]} {lines[place + 1] if place == count - 1 else 'none'}")


def _delimiter(command: str) -> str:
    """The sign that \\big makes larger, which the library leaves as its command."""
    from latex2mathml.symbols_parser import convert_symbol

    symbol = convert_symbol(command)
    return chr(int(symbol, 16)) if symbol else command


def _regroup(element: Element, wanted: int) -> None:
    """Brings an element to the number of children it must have: the first ones are its base, missing ones empty."""
    children = list(element)
    extra = len(children) - wanted
    if extra > 0:
        row = Element("mrow")
        row.extend(children[: extra + 1])
        children = [row, *children[extra + 1 :]]
    element[:] = [*children, *(Element("mrow") for _ in range(-extra))]


def _append(tree: Element, after: str) -> None:
    """Sets text behind the formula, in the last cell where it is a table."""
    place = tree[0]
    while len(place) and place[-1].tag in ("mrow", "mtable", "mtr", "mtd"):
        place = place[-1]
    text = Element("mtext")
    text.text = after if after[0] != " " else "\u2003" + after.strip()
    place.append(text)


# What has its limits below and above in a formula of its own, and beside it in a line.
UNDER = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
WITH_LIMITS = frozenset(
    "lim|max|min|sup|inf|det|gcd|Pr|lim sup|lim inf|argmax|argmin|arg max|arg min|arg\u00a0max|arg\u00a0min|"
    "⋃|⋂|⨁|⨂|⨀|⋁|⋀|∐|⨆".split("|")
)
LINES = {"mover": "top", "munder": "bottom"}
NAMED_SPACES = {
    "negativethinmathspace": "-0.167em", "negativemediummathspace": "-0.222em", "negativethickmathspace": "-0.278em",
    "thinmathspace": "0.167em", "thickmathspace": "0.278em",
}  # fmt: skip
# mathvariant, and how Unicode calls its letters; those that were there before are named in another way.
ALPHABETS = {
    "bold": ("BOLD",), "bold-italic": ("BOLD ITALIC",), "script": ("SCRIPT",), "fraktur": ("FRAKTUR", "BLACK-LETTER"),
    "double-struck": ("DOUBLE-STRUCK",), "sans-serif": ("SANS-SERIF",), "monospace": ("MONOSPACE",),
    "sans-serif-italic": ("SANS-SERIF ITALIC",),
}  # fmt: skip


@cache
def _letter(char: str, names: tuple[str, ...]) -> str:
    """A letter or digit in another alphabet, itself where that has none."""
    import unicodedata

    name = unicodedata.name(char, "").removeprefix("LATIN ").removeprefix("GREEK ").replace("LETTER ", "")
    for candidate in _names(name, names):
        try:
            return unicodedata.lookup(candidate)
        except KeyError:
            continue
    return char


def _names(name: str, alphabets: tuple[str, ...]) -> "Iterator[str]":
    for alphabet in alphabets:
        yield f"MATHEMATICAL {alphabet} {name}"
        yield f"{alphabet} {name}"
