"""LaTeX as models write it, in the LaTeX that latex2mathml knows.

Commands of well-known packages become what they look like, those without a look vanish, and an unknown command keeps
its name and its arguments. Characters that the library would take for markup travel as stand-ins.
"""

import re
from collections.abc import Callable

from .chemistry import compound
from .units import QUANTITIES

TEXTS = frozenset(
    "text textrm textnormal textup textmd textsf textsc textsl mbox hbox emph textit textbf texttt fbox".split()
)
# Commands without a look, and the number of their arguments.
DROPPED = {
    "label": 1, "require": 1, "color": 1, "pagecolor": 1, "definecolor": 3, "cellcolor": 1, "rowcolor": 1,
    "vspace": 1, "cline": 1, "cmidrule": 1, "setlength": 2, "addtolength": 2, "setcounter": 2, "numberwithin": 2,
    "usepackage": 1, "nonumber": 0, "notag": 0, "allowbreak": 0, "nobreak": 0, "noindent": 0, "centering": 0,
    "protect": 0, "relax": 0, "hfill": 0, "smallskip": 0, "medskip": 0, "bigskip": 0, "displaylimits": 0,
    "qedhere": 0, "arraystretch": 0, "par": 0, "ignorespaces": 0, "unboldmath": 0, "boldmath": 0,
}  # fmt: skip
# Commands of which one argument is shown: how many they have, and which.
KEPT = {
    "textcolor": (2, 1), "ensuremath": (1, 0), "href": (2, 1), "hypertarget": (2, 1), "class": (2, 1), "cssId": (2, 1),
    "style": (2, 1), "htmlClass": (2, 1), "htmlId": (2, 1), "htmlStyle": (2, 1), "htmlData": (2, 1), "enclose": (2, 1),
    "scalebox": (2, 1), "resizebox": (3, 2), "raisebox": (2, 1), "texorpdfstring": (2, 0), "bbox": (1, 0),
    "mathtoolsset": (1, 0), "adjustbox": (2, 1), "makebox": (1, 0), "parbox": (2, 1), "fracline": (1, 0),
    "multicolumn": (3, 2), "multirow": (3, 2), "url": (1, 0),
}  # fmt: skip
# Commands with arguments that others spell differently; the digits are the arguments.
MEANT = {
    "abs": r"\left|{1}\right|", "norm": r"\left\|{1}\right\|", "ceil": r"\left\lceil{1}\right\rceil",
    "floor": r"\left\lfloor{1}\right\rfloor", "set": r"\left\{{1}\right\}", "expval": r"\langle{1}\rangle",
    "dv": r"\frac{\mathrm{d}{1}}{\mathrm{d}{2}}", "pdv": r"\frac{\partial{1}}{\partial{2}}", "dd": r"\mathrm{d}{1}",
    "sfrac": r"\frac{1}{2}", "nicefrac": r"\frac{1}{2}", "flatfrac": r"\frac{1}{2}",
    "bm": r"\boldsymbol{1}", "vb": r"\mathbf{1}", "va": r"\vec{\mathbf{1}}", "mathbbm": r"\mathbb{1}",
    "mathds": r"\mathbb{1}", "mathup": r"\mathrm{1}", "symbf": r"\mathbf{1}", "symbb": r"\mathbb{1}",
    "Bra": r"\left\langle{1}\right|", "Ket": r"\left|{1}\right\rangle", "Braket": r"\left\langle{1}\right\rangle",
    "ketbra": r"|{1}\rangle\langle{2}|", "mel": r"\langle{1}|{2}|{3}\rangle", "ev": r"\langle{1}\rangle",
    "comm": r"\left[{1},{2}\right]", "Set": r"\left\{{1}\right\}", "prescript": r"{}^{1}_{2}{3}",
    "wideparen": r"\overparen{1}", "overarc": r"\overparen{1}", "textsuperscript": r"{}^{\text{1}}",
    "textsubscript": r"{}_{\text{1}}",
    "cancelto": r"\overset{1}{\cancel{2}}", "unit": r"\si{1}", "tag*": r"\qquad\text{1}", "tag": r"\qquad\text{({1})}",
    "ref": r"\text{1}", "eqref": r"\text{({1})}", "cite": r"\text{[{1}]}", "autoref": r"\text{1}", "cref": r"\text{1}",
    "intertext": r"\text{1}\\", "shortintertext": r"\text{1}\\", "colorbox": r"\text{2}", "fcolorbox": r"\text{3}",
}  # fmt: skip
SAME = {
    "degree": r"{}^\circ", "textdegree": r"{}^\circ", "celsius": r"{}^\circ\mathrm{C}", "micro": r"\mu",
    "ohm": r"\Omega", "newline": "\\\\", "toprule": r"\hline", "midrule": r"\hline", "bottomrule": r"\hline",
    "qed": r"\square", "argmax": "\\operatorname*{arg\u00a0max}", "argmin": "\\operatorname*{arg\u00a0min}",
    "lparen": "(", "rparen": ")", "textbackslash": r"\backslash", "textasciitilde": r"\sim", "tr": r"\operatorname{tr}",
    "Tr": r"\operatorname{Tr}", "dots": r"\ldots", "textellipsis": r"\ldots", "nobreakspace": "~",
    "dag": r"\dagger", "ddag": r"\ddagger", "hdots": r"\ldots", "hdashline": r"\hline", "AA": "\u00c5", "P": "\u00b6",
    "copyright": "\u00a9",
}  # fmt: skip
# Environments by those that look the same: what stands for \begin and for \end. Formulas are not numbered.
ENVIRONMENTS = {
    name: (f"\\begin{{{same}}}", f"\\end{{{same}}}")
    for same, names in {
        "align*": "align flalign", "split": "aligned alignat alignedat eqnarray", "cases": "dcases numcases",
        "displaylines": "gather gathered multline", "array": "tabular",
    }.items()
    for name in names.split()
} | dict.fromkeys("equation displaymath math subequations center document".split(), ("", "")) | {
    "rcases": (r"\left.\begin{matrix}", r"\end{matrix}\right\}"),
}  # fmt: skip
WITH_COLUMNS = {"array", "tabular", "alignat", "alignedat", "subarray"}
TOKEN = re.compile(r"\\([a-zA-Z]+)(\*?)|\\.|[{}&%]|[^\W\x00-\u02ff\u0370-\u03ff\U0001d400-\U0001d7ff]+", re.DOTALL)
SPACING = re.compile(r"\*?\s*\[\s*-?[\d.]+\s*(?:em|ex|pt|mm|cm|in|px|mu|\\baselineskip)\s*\]|\*(?=\s*$)")
COLUMNS = re.compile(r"[@!>]\{[^{}]*\}|[pmb]\{[^{}]*\}")
ARGUMENT = re.compile(r"\{(\d)\}")
IN_TEXT = re.compile(r"\$([^$]*)\$|\\\((.*?)\\\)|\\(?:text[a-z]*|mbox|hbox|emph)(?=\s*\{)|\\([a-zA-Z]+) ?|\\(.)|[{}]")
STAND_INS = {ord(char): 0xE000 + index for index, char in enumerate("{}&$\\%#_^~'\"|<>")}
SHOWN = {stand_in: chr(char) for char, stand_in in STAND_INS.items()}


def rewritten(latex: str) -> str:
    """The formula in the library's LaTeX."""
    source = Source(latex)
    result = source.rewritten()
    if not source.has_rows:
        return result
    name = "split" if source.has_columns else "displaylines"
    return f"\\begin{{{name}}}{result}\\end{{{name}}}"


def shown(text: str) -> str:
    """Text of the library's result with the characters for which others stood in."""
    return text.translate(SHOWN)


class Source:
    """LaTeX that is read from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0
        self.has_rows = self.has_columns = False  # outside of any environment
        self._depth = 0

    def rewritten(self) -> str:
        """The whole text rewritten."""
        pieces: list[str] = []
        while match := TOKEN.search(self.text, self.position):
            pieces.append(self.text[self.position : match.start()])
            self.position = match.end()
            pieces.append(self._command(match) if match[1] else self._sign(match))
        return "".join([*pieces, self.text[self.position :]])

    def argument(self) -> str:
        """The next argument as it is written, without its braces."""
        self.position += len(self.text) - self.position - len(self.text[self.position :].lstrip())
        match = re.compile(r"\\[a-zA-Z]+|\\.|[^}]", re.DOTALL).match(self.text, self.position)
        if not match:
            return ""
        if match[0] != "{":
            self.position = match.end()
            return match[0]
        begin, self.position = self.position + 1, _end_of_group(self.text, self.position)
        return self.text[begin : self.position - 1]

    def option(self) -> str:
        """The argument in brackets, if one comes next."""
        match = re.compile(r"\s*\[([^\[\]]*)\]").match(self.text, self.position)
        if match:
            self.position = match.end()
        return match[1] if match else ""

    def _sign(self, match: re.Match[str]) -> str:
        sign = match[0]
        if sign == "\\\\":
            if spacing := SPACING.match(self.text, self.position):
                self.position = spacing.end()
            self.has_rows = self.has_rows or self._depth == 0
            return "\\\\ "
        if sign == "%":
            return "\\%" if self.text[match.start() - 1 : match.start()].isdecimal() else sign
        self._depth += (sign == "{") - (sign == "}")
        self.has_columns = self.has_columns or (sign == "&" and self._depth == 0)
        return sign if sign in "{}&" or sign[0] == "\\" else text_of(sign)

    def _command(self, match: re.Match[str]) -> str:
        name, star = match[1], match[2]
        if name in ("begin", "end"):
            return self._environment(name)
        if name == "qty" and self.text[self.position : self.position + 1] in ("(", "[", "|"):  # of another package
            return ""
        if name in QUANTITIES:
            return _inner(QUANTITIES[name](self))
        if name in SPECIAL:
            return SPECIAL[name](self)
        if name in DROPPED:
            self.option()
            for _ in range(DROPPED[name]):
                self.argument()
            return " "
        if name in TEXTS:
            return text_of(self.argument(), name)
        if name in KEPT:
            self.option()
            arguments = [self.argument() for _ in range(KEPT[name][0])]
            return f"{{{_inner(arguments[KEPT[name][1]])}}}"
        if name in ("hspace", "hskip") and star:
            return f"\\{name}"
        meant = MEANT.get(name + star) or MEANT.get(name)
        return _inner(self._filled(meant)) if meant else SAME.get(name, match[0])

    def _filled(self, meant: str) -> str:
        self.option()
        arguments = [self.argument() for _ in range(max(map(int, ARGUMENT.findall(meant))))]
        return ARGUMENT.sub(lambda match: f"{{{arguments[int(match[1]) - 1]}}}", meant)

    def _environment(self, command: str) -> str:
        name = self.argument().strip()
        plain = name.removesuffix("*")
        begin, end = ENVIRONMENTS.get(plain, (f"\\begin{{{plain}}}", f"\\end{{{plain}}}"))
        if command == "end":
            self._depth -= 1
            return end
        self._depth += bool(begin)
        self._depth += not begin
        self.option()
        if plain not in WITH_COLUMNS:
            return begin
        columns = _columns(self.argument())
        return f"{begin}{{{columns}}}" if columns and "array" in begin else begin


def text_of(content: str, command: str = "text") -> str:
    """The argument of a \\text command: its words as they are, and the formulas among them."""
    pieces: list[str] = []
    words, position = "", 0
    for match in IN_TEXT.finditer(content):
        words += content[position : match.start()]
        position = match.end()
        if inner := match[1] or match[2]:
            pieces += [_words(words, command), f"{{{_inner(inner)}}}"]
            words = ""
        else:
            words += _literal(match)
    pieces.append(_words(words + content[position:], command))
    return f"{{{''.join(pieces)}}}"


def _literal(match: re.Match[str]) -> str:
    """A command in a text as characters."""
    if name := match[3]:
        return {"ldots": "…", "AA": "Å", "dots": "…", "degree": "°", "textdegree": "°"}.get(name, name)
    return (match[4] or "").replace("\\", " ")


def _words(words: str, command: str) -> str:
    if not words:
        return ""
    style = command if command in ("textit", "textbf", "texttt", "emph", "textsf") else "text"
    return f"\\{style}{{{words.replace('~', chr(0xA0)).translate(STAND_INS)}}}"


def _inner(latex: str) -> str:
    return Source(latex).rewritten()


def _end_of_group(text: str, position: int) -> int:
    """The position after the group whose brace is at `position`."""
    depth = 0
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, position):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0:
            return match.end()
    raise ValueError("a brace is not closed")


def _columns(spec: str) -> str:
    """The columns of an array as the library knows them."""
    spec = re.sub(r"\*\{(\d)\}\{([^{}]*)\}", lambda match: match[2] * int(match[1]), spec)
    spec = COLUMNS.sub(lambda match: "l" if match[0][0] in "pmb" else "", spec)
    return "".join(char for char in spec if char in "lcr|")


def _operator(source: Source) -> str:
    star = source.text.startswith("*", source.position)
    source.position += star
    name = re.sub(r"\\[,;:! ]|\\[a-zA-Z]+|[{}~]", " ", source.argument().replace("\\text", "")).strip()
    if not re.fullmatch(r"[a-zA-Z ]+", name):
        return text_of(name)
    return f"\\operatorname{'*' if star else ''}{{{re.sub(' +', chr(0xA0), name)}}}"


def _upright(source: Source) -> str:
    """\\mathrm; of a letter alone in braces of its own, else the library forgets the style."""
    letters = _inner(source.argument())
    return f"\\mathrm{{{{{letters}}}}}" if len(letters) == 1 else f"\\mathrm{{{letters}}}"


def _negated(source: Source) -> str:
    """\\not and what it strikes out, in the commands that the library knows."""
    sign = source.argument()
    return NEGATED.get(sign, f"\\not{sign} ")


def _circled(source: Source) -> str:
    number = source.argument()
    return text_of(chr(0x245F + int(number)) if re.fullmatch("[1-9]|1[0-9]|20", number) else f"({number})")


NEGATED = {"=": r"\neq ", "<": r"\nless ", ">": r"\ngtr "}
SPECIAL: dict[str, Callable[[Source], str]] = {
    "ce": lambda source: _inner(compound(source.argument())),
    "cf": lambda source: _inner(compound(source.argument())),
    "operatorname": _operator,
    "operatornamewithlimits": _operator,
    "mathrm": _upright,
    "not": _negated,
    "textcircled": _circled,
    "circled": _circled,
}
