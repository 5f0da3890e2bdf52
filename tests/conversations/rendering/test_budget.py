"""No text takes more CPU time than it may: what does is shown as it was written, whole, and said to be so."""

from collections.abc import Callable
from time import thread_time

import pytest

from conversations.rendering import StreamRenderer, budget, formulas, is_plain, render, render_plain, render_within
from conversations.rendering.highlighting import MAX_HIGHLIGHTED, MAX_SECONDS, to_html
from tests.conversations.rendering import page

SLACK = 3  # seconds: a step, what shows the text as it was written, and a slow machine
SIGNS = [
    "[", "![a](", "[(", "*_", "*a_ ", "[^1]", "$a$b", "<a", "a@", "<details>\n", "- a\n", "> - > a\n", "[a]: b '\n",
    "|a|b|\n|-|-|\n", "`a ``b ", "~~a", "\\(", "&", "a\n", "**a*", "<sub>", "$$a\n", "[a]: b\n",
]  # fmt: skip


def seconds(do: Callable[[], object]) -> float:
    began = thread_time()
    do()
    return thread_time() - began


@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_takes_its_allowance_at_most(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "SECONDS", 0.3)  # whatever it is
    text = sign * (29_000 // len(sign))
    assert seconds(lambda: render(text)) < budget.allowance(len(text)) + SLACK


@pytest.mark.parametrize(
    "text",
    [
        "|" + "a|" * 200_000 + "\n|" + "-|" * 200_000,
        "|a|b|\n|-|-|\n" + "".join("`" * length + "a|" for length in range(1, 800)),
    ],
    ids=["cells", "signs that nothing closes"],
)
def test_a_row_of_a_table_ends_where_its_time_does(text: str) -> None:
    taken = seconds(lambda: render_within(text, 0.2))
    assert taken < seconds(lambda: render_plain(text)) + 1.0


def test_what_is_too_much_is_shown_as_it_was_written() -> None:
    text = "\n\n".join(["[(" * 14_000] * 4)  # 8 seconds without a limit
    html = render(text)
    assert html == render_plain(text)
    assert is_plain(html)


def test_what_would_become_many_times_its_length_is_shown_as_it_was_written() -> None:
    text = "[^1]: y\n\n" + "[^1]" * 50_000
    assert len(render(text)) < 8 * 2**20
    formulas_alone = "\n".join(f"$x_{number}$ is $\\frac{{a}}{{b}}$" for number in range(500))
    assert not is_plain(render(formulas_alone))


def test_a_text_with_less_time_than_it_may_have_waits_for_another_look() -> None:
    text = "\n\n".join(["[(" * 14_000] * 4)
    assert render_within(text, 0.05) is None
    assert render_within("*a*", 0.05) == "<p><em>a</em></p>"


def test_an_outer_limit_holds_for_what_is_inside() -> None:
    with budget.limit(0), budget.limit(100), pytest.raises(budget.OverBudget):
        _steps()
    _steps()  # and no limit afterwards


def _steps() -> None:
    for _ in range(100):
        budget.step()


def test_without_time_code_has_no_colours_and_a_formula_is_its_source() -> None:
    with budget.limit(0):
        assert "x = 1" in to_html("x = 1", "python")
        assert formulas.to_html("x^3", False) == '<code class="formula">x^3</code>'
    assert "<span" in to_html("x = 1", "python").split("<code")[1]
    assert formulas.to_html("x^3", False).startswith("<math")


@pytest.mark.parametrize("sign", ["http://", "www.a)", "@", "a@", "http://a(", "a@a."])
def test_plain_text_takes_no_longer(sign: str) -> None:
    text = sign * (300_000 // len(sign))
    assert seconds(lambda: render_plain(text)) < 0.2 + 0.3 + SLACK
    assert page.parse(render_plain(text)).text() == text


@pytest.mark.parametrize("sign", ["[", "![", "[^", "*_", "[(", "<", "$a"])
def test_an_answer_in_progress_holds_nobody_up(sign: str) -> None:
    renderer, longest, whole = StreamRenderer(), 0.0, 0.0
    for _ in range(600):
        taken = seconds(lambda: renderer.feed(sign * 4))
        longest, whole = max(longest, taken), whole + taken
    assert longest < 1.0
    assert whole < 10
    final = render(sign * 2_400)
    renderer.finish(final)
    assert renderer.html() == final


@pytest.mark.parametrize("language", ["c-objdump", "html+ng2", "matlab", "ocaml", "brainfuck"])
def test_a_lexer_that_nobody_has_tried_gives_no_colours(language: str) -> None:
    for sign in (" ", "[", "0", "\n"):
        code = "<a " + sign * (MAX_HIGHLIGHTED - 10) + "x"
        assert seconds(lambda code=code: render(f"```{language}\n{code}\n```")) < 1 + SLACK


@pytest.mark.parametrize("language", ["python", "javascript", "html", "bash", "c", "sql"])
@pytest.mark.parametrize("sign", [" ", "\n", "(", '"', "/*", "a "])
def test_known_lexers_take_their_time_at_most(language: str, sign: str) -> None:
    code = sign * (MAX_HIGHLIGHTED // len(sign))
    assert seconds(lambda: to_html(code, language)) < MAX_SECONDS + 1
