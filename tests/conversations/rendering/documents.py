"""Documents that an answer may be, and worse ones, for hypothesis; and ways to cut them into pieces."""

from hypothesis import strategies as st

WORDS = [
    "word", "The queue", "대기열이", "비워지는 방식", "**굵게**", "**한국어(괄호)**을", '**"인용"**이라고', "*기울임*",
    "***both***",
    "`code`", "``a ` b``", "~~gone~~", "_under_", "snake_case_name", "[link](https://example.org/a(b)c)", "[ref]",
    "[ref][]",
    "[a][ref]", '[t](https://e.org "ti>tle")', "![img](https://e.org/i.png)", "[![in](https://e.org/i)](https://e.org)",
    "https://example.org/길/을?q=1", "http://localhost:8000.", "www.example.com", "someone@example.org", "<b>html</b>",
    "<script>alert(1)</script>", "<https://auto.link>", "&amp;", "&nbsp;", "&#65;", "&lt", "\\*esc\\*", "\\", "$x^2$",
    "$5", "$$y$$",
    "\\(a<b\\)", "\\[c\\]", "👩‍👩‍👧‍👦", "e\u0301", "\u1100\u1161", "한\u00a0글", "\u3000", "**", "*", "`", "```",
    "[", "](", ")", "~~", "$", "!", "![",
    "|", "\t", "  ", "   ", ".", ",", ":", ";", "1.", "2)", "-", "+", "#", "##", ">", "=", "==", "---", "***", "___",
    "[^1]", "[^n]",
    "$n$th", "3$x$", "$|x|$", "`a|b`", "$$", "\\]", "\\(", "$$.", "$$은", "\\begin{align}", "\\end{align}",
    "<br>", "<BR/>", "<sub>", "</sub>", "<sup>2</sup>", "<kbd>", "</kbd>", "<mark>형광</mark>", "<u>**a", "</u>", "<s>",
    "</s>", "<hr>", "<!-- c -->", "<!--", "-->", "<details>", "</details>", "<summary>", "</summary>", "<", "</", "<su",
    "https://e.org/에서는", "2024. 3. 15.", "2024.", "24.",
    "\x00", "\ud800", "\x0c", "\x85", "\u2028", "3~4개", "2**10", "50%", "[x]", "[ ]", "ww", "w.", "a" * 70,
]  # fmt: skip
LINES = [
    "# Heading", "## 제목 ##", "Setext", "===", "---", "-", "- item", "- 항목 **하나**", "* star", "+ plus",
    "  - nested", "    - deep",
    "1. one", "2. two", "10) ten", "   cont", "    indented", "\tindented", "> quote", "> > deeper", ">",
    "> - in quote",
    "lazy", "```", "```python", "~~~", "````md", "def f(x):", "    return 'a' # 주석", "| a | b |", "|---|:-:|",
    "| 1 | 2 |",
    "| 하나 |", "a | b", "--|--", "$$", "\\[", "\\]", "x = \\frac{a}{b}", "$$x$$", "$$\\begin{aligned}", "a &= b \\\\",
    "\\end{aligned}$$", "$$.", "$$는 식", "$$x = 1", "\\].", "where $$", "\\begin{align}", "\\end{align}", "```math",
    "+ y", "# z", "> w", "$", "= c", "`$$", "> $$", "- $$", "  $$", "| `x|y` | $|z|$ |", "$$ and more",
    "[ref]: https://example.org/ref", "[ref]: <https://e.org> 'title'", "[ref]:", '"title',
    "[other]: /rel",
    "[^1]: a note", "[^n]: 각주", "    more of it", "- [ ] todo", "- [x] done", "* * *", "<div>", "</div>", "<!-- c",
    "-->", "", "", "",
    "  ", "hard  ", "break\\", "  ```js", "  ```", "   > q", "- ```sh", "  ls", "1.", "-  ", "- # h", "- > q",
    "- - - a", "<details>", "<details open>", "<summary>제목 **a**</summary>", "</details>", "</details> rest",
    "<details><summary>a</summary>", "<summary>", "<hr>", "a<br>", "<!-- a", "b -->", "b --> rest", "<!-- c -->",
    "2024. 3. 15. 발표", "1. 2024. 3. 15.", "2024. 그 해", "3. 15. 발표", "```markdown", "```md", "~~~markdown", "~~~",
    "```",
]  # fmt: skip

words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).flatmap(
    lambda chosen: st.sampled_from([" ", ""]).map(lambda glue: glue.join(chosen))
)
lines = st.one_of(
    st.sampled_from(LINES),
    words,
    st.tuples(st.sampled_from(["", "- ", "> ", "1. ", "# ", "  ", "| "]), words).map("".join),
)
line_ends = st.sampled_from(["\n", "\n", "\n", "\n\n", "\r\n", "\r", "\n\n\n", ""])
documents = st.lists(st.tuples(lines, line_ends).map("".join), max_size=14).map("".join)


@st.composite
def cut_documents(draw: st.DrawFn) -> list[str]:
    """A document in pieces: of even size, as tokens come, or cut anywhere."""
    text = draw(documents)
    if draw(st.booleans()):
        size = draw(st.integers(1, 12))
        return [text[start : start + size] for start in range(0, len(text), size)]
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=40)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
