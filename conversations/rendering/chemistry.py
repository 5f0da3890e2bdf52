"""Chemical formulas and equations as the LaTeX package mhchem writes them: `\\ce{2H2O -> 2H2 + O2}`."""

import re

ARROWS = {
    "->": r"\rightarrow", "<-": r"\leftarrow", "<->": r"\leftrightarrow", "<=>": r"\rightleftharpoons",
    "<-->": r"\rightleftarrows", "<=>>": r"\rightleftharpoons", "<<=>": r"\rightleftharpoons", "=>": r"\Rightarrow",
    "⇌": r"\rightleftharpoons", "→": r"\rightarrow",
}  # fmt: skip
BONDS = {"-": "-", "=": "=", "#": r"\equiv "}
TOKEN = re.compile(
    r"(?P<arrow><-->|<=>>|<<=>|<=>|<->|->|<-|=>|⇌|→)(?:\[(?P<above>[^\[\]]*)\])?(?:\[(?P<below>[^\[\]]*)\])?"
    r"|(?P<math>\$[^$]*\$|\\[a-zA-Z]+(?:\{[^{}]*\})*|\\.)"
    r"|(?P<up>\^)(?=\s|$)|(?P<down>(?<=\s)v)(?=\s|$)"
    r"|(?P<script>[_^](?:\{[^{}]*\}|[a-z][-+](?![A-Za-z])|(?=[-+\d])[-+]?\d*[-+]?|.))"
    r"|(?P<charge>(?<=[A-Za-z0-9)\]}])[-+](?=$|[\s,)\]}]))"
    r"|(?P<state>\((?:aq|s|l|g|cr|am)\))"
    r"|(?P<digits>(?<![A-Za-z)\]}])\d+[./]\d+|\d+(?:/\d+)?)|(?P<letters>[A-Za-z]+)|(?P<space>\s+)|(?P<sign>.)",
    re.DOTALL,
)


def compound(spec: str) -> str:
    """LaTeX of the argument of \\ce."""
    return f"{{{''.join(_latex(match, spec[: match.start()]) for match in TOKEN.finditer(spec))}}}"


def _latex(match: re.Match[str], before: str) -> str:
    text, kind = match[0], match.lastgroup
    if match["arrow"]:
        return _arrow(match)
    if kind == "math":
        return f"{{{text[1:-1]}}}" if text[0] == "$" else text
    if kind == "script":
        return _script(text, before)
    if kind == "digits":
        return f"_{{{text}}}" if before[-1:].isalpha() or before[-1:] in (")", "]", "}") else f"{_number(text)}\\,"
    if kind == "sign":
        return BONDS.get(text, {"*": r"\cdot ", ".": r"\cdot ", "~": r"\,"}.get(text, text))
    simple = {"charge": f"^{{{text}}}", "letters": f"\\mathrm{{{text}}}", "state": f"\\text{{{text}}}", "space": " "}
    return simple.get(kind or "", {"up": r"\uparrow ", "down": r"\downarrow "}.get(kind or "", text))


def _arrow(match: re.Match[str]) -> str:
    arrow, above, below = ARROWS[match["arrow"]], match["above"], match["below"]
    result = f"\\overset{{{_condition(above)}}}{{{arrow}}}" if above else arrow
    return f"\\;\\underset{{{_condition(below)}}}{{{result}}}\\;" if below else f"\\;{result}\\;"


def _condition(text: str) -> str:
    return text[1:-1] if text[0] == text[-1] == "$" else compound(text)


def _script(text: str, before: str) -> str:
    """An index, or the charge or mass number; one before any letter belongs to what follows."""
    inner = text[1:].removeprefix("{").removesuffix("}")
    empty = "" if before and before[-1] not in " (+" else "{}"
    return f"{empty}{text[0]}{{{inner}}}"


def _number(text: str) -> str:
    over, slash, under = text.partition("/")
    return f"\\frac{{{over}}}{{{under}}}" if slash else text
