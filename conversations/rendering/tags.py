"""The few HTML tags that are what they mean: `<br>`, `<sub>`, `<sup>`, `<kbd>`, `<u>`, `<mark>`, `<s>`, `<hr>`.

Without attributes, in any case. A pair counts only where it opens and closes within one paragraph, heading, cell or
item and in step with the markup around it; a tag without its partner, and every other tag, stays text. Comments vanish.
`<details>` over lines is a block (see details.py); in a cell of a table it is a pair as well. None of this reaches the
page as it was written: rules make tokens, and markup.py writes their HTML.
"""

import re
from collections import Counter
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline.state_inline import StateInline
from markdown_it.token import Token

PAIRED = ("sub", "sup", "kbd", "u", "mark", "s")
IN_CELLS = ("details", "summary")
TAG = re.compile(rf"<(/?)({'|'.join((*PAIRED, *IN_CELLS))})[ \t]*>", re.IGNORECASE)
LINE_BREAK = re.compile(r"</?br[ \t]*/?>(?:[ \t]*\n[ \t]*)?", re.IGNORECASE)
RULE = re.compile(r"<hr[ \t]*/?>(?:[ \t]*\n[ \t]*)?", re.IGNORECASE)
LINE_END = re.compile(r"[ \t]*(?:\n|$)")
BEGINNINGS = frozenset(
    f"<{slash}{name[:length]}"
    for name in (*PAIRED, *IN_CELLS, "br", "hr")
    for length in range(len(name) + 1)
    for slash in ("", "/")
) | {"<!", "<!-"}
LONGEST_BEGINNING = max(map(len, BEGINNINGS))
MAX_DEPTH = 20
CELLS = ("td_open", "th_open")
MAY_HOLD_RULES = (*CELLS, "paragraph_open")


def install(md: MarkdownIt) -> None:
    """Adds the rule for tags, and the one that pairs them once emphasis has been paired."""
    md.inline.ruler.after("autolink", "tag", _tag)
    md.inline.ruler2.after("emphasis", "tags", _pair)


def _tag(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source[start] != "<":
        return False
    if source.startswith("<!--", start):
        return _comment(state)
    if match := LINE_BREAK.match(source, start, state.posMax):
        return _push(state, silent, match, "hardbreak", "br")
    if (match := RULE.match(source, start, state.posMax)) and state.env.get("parent") in MAY_HOLD_RULES:
        return _push(state, silent, match, "hr", "hr")
    if (match := TAG.match(source, start, state.posMax)) and _has_meaning(state, match[2].lower()):
        return _push(state, silent, match, "tag", match[2].lower())
    return _waits(state)


def _has_meaning(state: StateInline, name: str) -> bool:
    return name in PAIRED or state.env.get("parent") in CELLS


def _push(state: StateInline, silent: bool, match: re.Match[str], kind: str, name: str) -> bool:
    if not silent:
        token = state.push(kind, name, 0)
        token.content = "" if kind == "hardbreak" else match[0]
    state.pos = match.end()
    return True


def _comment(state: StateInline) -> bool:
    """Passes over a comment, with its line where there is nothing else on it."""
    source, start = state.src, state.pos
    end = source.find("-->", start + 2, state.posMax)
    if end < 0:
        return _waits(state)
    state.pos = end + 3
    line_end = LINE_END.match(source, state.pos, state.posMax)
    if line_end and (start == 0 or source[start - 1] == "\n"):
        state.pos = line_end.end()
    return True


def _waits(state: StateInline) -> bool:
    """In a text that goes on, hides what may become a tag with the next characters."""
    if not state.env.get("goes_on") or state.posMax < len(state.src):
        return False
    rest = state.src[state.pos : state.pos + LONGEST_BEGINNING + 3]
    is_beginning = state.pos + len(rest) == state.posMax and rest.rstrip(" /").lower() in BEGINNINGS
    if not is_beginning and not rest.startswith("<!--"):
        return False
    state.env["waits"] = True
    state.pending = state.pending.rstrip(" ")
    state.pos = state.posMax
    return True


def _pair(state: StateInline) -> None:
    """Makes pairs of tags that open and close in step with each other and with the markup around; the rest is text."""
    if "<" not in state.src:
        return
    tokens = state.tokens
    while tokens and tokens[-1].type == "softbreak":  # a comment stood behind it
        tokens.pop()
    if any(token.type == "tag" for token in tokens):
        _Pairing(tokens, bool(state.env.get("goes_on"))).run(state)
        _unwrap_summaries(tokens)


class _Pairing:
    """One walk over the tokens. `open_tags` are those that wait for their partner, a list for each open markup."""

    def __init__(self, tokens: list[Token], goes_on: bool) -> None:
        self.tokens = tokens
        self.open_tags: list[list[Token]] = [[]]
        self.names: list[Counter[str]] = [Counter()]
        self.depth = 0  # of pairs, open ones among them
        self.tail = _tail(tokens) if goes_on else len(tokens) + 1

    def run(self, state: StateInline) -> None:
        """Rewrites the tokens."""
        made: list[Token] = []
        for index, token in enumerate(self.tokens):
            if token.nesting < 0:
                made += self._leave(state, index)
            elif token.nesting > 0:
                self.open_tags.append([])
                self.names.append(Counter())
            elif token.type == "tag":
                self._take(token)
            elif token.type.endswith("break"):
                self._doubt()
            made.append(token)
        made += self._leave(state, len(self.tokens))
        self.tokens[:] = made

    def _take(self, token: Token) -> None:
        name, waiting, names = token.tag, self.open_tags[-1], self.names[-1]
        if not token.content.startswith("</"):
            if self.depth < MAX_DEPTH:
                waiting.append(token)
                names[name] += 1
                self.depth += 1
            else:
                _make_text(token)
        elif names[name]:
            while waiting[-1].tag != name:
                self._give_up()
            _make_pair(waiting.pop(), token)
            names[name] -= 1
            self.depth -= 1
        else:
            _make_text(token)

    def _doubt(self) -> None:
        """What is still open on the next line is not shown ahead of its end."""
        for token in (token for waiting in self.open_tags for token in waiting):
            token.meta["doubtful"] = True

    def _leave(self, state: StateInline, index: int) -> list[Token]:
        """What is open where markup ends: text, or closed ahead of its end if the text goes on here."""
        closing: list[Token] = []
        while waiting := self.open_tags[-1]:
            if index < self.tail or "doubtful" in waiting[-1].meta:
                self._give_up()
                continue
            closing.append(Token(f"{waiting[-1].tag}_close", waiting[-1].tag, -1))
            _open(waiting.pop())
            self.depth -= 1
            state.env["waits"] = True
        if len(self.open_tags) > 1:
            self.open_tags.pop()
            self.names.pop()
        return closing

    def _give_up(self) -> None:
        token = self.open_tags[-1].pop()
        self.names[-1][token.tag] -= 1
        self.depth -= 1
        _make_text(token)


def _tail(tokens: Sequence[Token]) -> int:
    """The index from which on there are only closing tags."""
    end = len(tokens)
    while end and (tokens[end - 1].nesting < 0 or (tokens[end - 1].type == "text" and not tokens[end - 1].content)):
        end -= 1
    return end


def _open(token: Token) -> None:
    token.type, token.nesting = f"{token.tag}_open", 1


def _make_pair(opening: Token, closing: Token) -> None:
    _open(opening)
    closing.type, closing.nesting = f"{closing.tag}_close", -1


def _make_text(token: Token) -> None:
    token.type, token.tag, token.nesting = "text", "", 0


def _unwrap_summaries(tokens: Sequence[Token]) -> None:
    """A summary is one only as a child of details."""
    around: list[tuple[str, bool]] = []
    for token in tokens:
        if token.nesting > 0:
            is_one = token.tag != "summary" or (bool(around) and around[-1][0] == "details")
            around.append((token.tag, is_one))
            if not is_one:
                _make_text(token)
        elif token.nesting < 0 and not around.pop()[1]:
            _make_text(token)


def apart(tokens: list[Token]) -> list[Token]:
    """Block tokens with each paragraph that has a rule in it cut in two there; a rule inside other markup is text."""
    if not any("<" in token.content and _has_rule(token) for token in tokens):
        return tokens
    made: list[Token] = []
    for index, token in enumerate(tokens):
        if token.type == "inline" and _has_rule(token):
            made += _cut(token, tokens[index - 1], tokens[index + 1])
        else:
            made.append(token)
    return made


def _has_rule(token: Token) -> bool:
    return any(child.type == "hr" for child in token.children or ())


def _cut(inline: Token, opening: Token, closing: Token) -> list[Token]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for child in inline.children or ():
        depth += child.nesting
        if child.type == "hr" and depth:
            _make_text(child)
        if child.type == "hr" and opening.type not in CELLS:
            parts.append([])
        else:
            parts[-1].append(child)
    made: list[Token] = []
    for number, part in enumerate(parts):
        if number:
            made += [closing, Token("hr", "hr", 0, level=opening.level), opening.copy(map=None)]
        made.append(inline.copy(children=part))
    return made
