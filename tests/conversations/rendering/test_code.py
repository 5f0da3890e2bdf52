import pytest

from conversations.rendering import render
from conversations.rendering.highlighting import MAX_HIGHLIGHTED

from . import page


def code_of(html: str) -> str:
    return html.split('<pre tabindex="0">')[1].split("</pre>")[0]


def test_code_has_its_language_and_colours() -> None:
    assert render('```python\ndef f(x):\n    return "a"  # 주석\n```') == (
        '<figure class="code"><figcaption><span>python</span></figcaption><pre tabindex="0">'
        '<code class="highlight language-python"><span class="k">def </span><span class="f">f</span>(x):\n    '
        '<span class="k">return </span><span class="s">"a"  </span><span class="c"># 주석</span></code></pre></figure>'
    )


@pytest.mark.parametrize("language", ["python", "js", "ts", "html", "css", "json", "bash", "sql", "c++", "rust", "go",
"diff", "yaml", "nonsense", ""])  # fmt: skip
def test_the_text_is_kept(language: str) -> None:
    code = "a = '<b>' + \"&amp;\"\n\n\t# x\n- y\n+ z  \n  "
    assert page.parse(code_of(render(f"~~~{language}\n{code}\n~~~"))).text() == code


@pytest.mark.parametrize(
    ("info", "shown"),
    [
        ("Python title=x", "python"),
        ('py"><script>', "py"),
        ("{.js}", ""),
        ("한글", "한글"),
        ("x" * 99, "x" * 30),
        ("c++", "c++"),
    ],
)
def test_the_language_is_one_word(info: str, shown: str) -> None:
    html = render(f"~~~ {info}\nx\n~~~")
    assert html.startswith(f'<figure class="code"><figcaption><span>{shown}</span></figcaption>')
    assert "<script" not in html


def test_no_language_is_guessed() -> None:
    assert code_of(render("```\ndef f(): pass\n```")) == '<code class="highlight">def f(): pass</code>'


def test_long_code_stays_plain() -> None:
    assert "<span class=" not in render("```python\n" + "x = 1\n" * (MAX_HIGHLIGHTED // 6 + 1) + "```")


def test_code_that_a_lexer_chokes_on_stays_plain() -> None:
    html = render("```perl\n" + "s{" * 20_000 + "\n```")
    assert code_of(html) == f'<code class="highlight language-perl">{"s{" * 20_000}</code>'


LANGUAGES = (
    "python js jsx ts tsx java c c++ c# go rust ruby php swift kotlin scala r matlab sql bash sh console powershell "
    "bat dockerfile yaml toml ini json jsonc xml html css scss less diff makefile cmake lua perl haskell elixir "
    "clojure dart groovy graphql protobuf nginx http latex vim hcl csv md pycon"
).split()
FRAGMENTS = [
    "$ npm install it's", '{ "a": 1, ... }', "+ added", "-a\n+b", "def f(x):\n    …생략…", '<div class="a"',
    "SELECT * FROM t WHERE",
    '"unclosed', "a\\", "IF x THEN\n  ...\nEND", "¥€ → ∑", "key: value", "}", ">>> 1 +",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_fragment_is_called_an_error(language: str) -> None:
    for code in FRAGMENTS:
        shown = code_of(render(f"~~~{language}\n{code}\n~~~"))
        assert page.parse(shown).text() == code
        assert 'class="e' not in shown


def test_the_last_line_has_the_colours_of_any_other() -> None:
    for language, code in (("diff", "+ a\n+ b"), ("ini", "a=1\na=1"), ("md", "# A\n# A")):
        first, last = (
            code_of(render(f"~~~{language}\n{code}\n\n{code}\n~~~")),
            code_of(render(f"~~~{language}\n{code}\n~~~")),
        )
        assert first.count("<span") >= last.count("<span") > 0


def test_an_open_fence_runs_to_the_end() -> None:
    assert code_of(render("```\na\n\nb")) == '<code class="highlight">a\n\nb</code>'
