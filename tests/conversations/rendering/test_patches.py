from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.rendering.patches import patch
from conversations.rendering.sanitizing import clean, escape_text

from . import page


def test_text_at_the_end_is_appended_raw() -> None:
    assert patch("<p>a</p>", "<p>a &lt; b</p>") == [(1, " < b")]


def test_an_element_at_the_end_is_added() -> None:
    assert patch("<p>a</p>", "<p>a</p><p>b</p>", before=3) == [(0, 4, "<p>b</p>")]


def test_text_and_then_an_element() -> None:
    assert patch("<p>a</p>", "<p>a b<em>c</em></p>") == [(1, " b"), (1, 1, "<em>c</em>")]


def test_an_element_that_grows_deep_inside() -> None:
    old = "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"
    assert patch(old, old.replace("c</li>", "c</li><li>d</li>")) == [(3, 1, "<li>d</li>")]


def test_an_element_that_changes_its_name_is_replaced() -> None:
    assert patch("<p>a</p><p>b</p>", "<p>a</p><h3>b</h3>") == [(0, 1, "<h3>b</h3>")]


def test_a_formula_is_one_piece() -> None:
    old, new = "<p><math><mi>a</mi></math></p>", "<p><math><mi>a</mi><mi>b</mi></math></p>"
    assert patch(old, new) == [(1, 0, "<math><mi>a</mi><mi>b</mi></math>")]


def test_line_breaks_count_as_child_nodes() -> None:
    assert patch("<p>a<br>b</p>", "<p>a<br>b<em>c</em></p>") == [(1, 3, "<em>c</em>")]


def test_no_change_needs_no_operation() -> None:
    assert patch("<p>a</p>", "<p>a</p>") == []


def test_what_is_gone_is_removed() -> None:
    assert patch("<p>a<em>b</em></p>", "<p>a</p>") == [(1, 1, "")]


texts = st.text(alphabet="ab &<>;\u00a0", min_size=1, max_size=4).map(escape_text)
nodes = st.recursive(
    st.one_of(texts, st.just("<br>"), st.just("<math><mi>x</mi></math>")),
    lambda inner: st.tuples(st.sampled_from(["p", "em", "ul", "li"]), st.lists(inner, max_size=4)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
    max_leaves=12,
)
trees = st.lists(nodes, max_size=4).map("".join)


@settings(max_examples=1000, deadline=None, database=None)
@given(trees, trees, st.integers(0, 3))
def test_any_html_becomes_any_other(old: str, new: str, before: int) -> None:
    old, new = clean(old), clean(new)
    lead = "<hr>" * before
    body = page.parse(lead + old)
    if old[:1] not in ("", "<") or new[:1] not in ("", "<"):
        lead = ""
        body = page.parse(old)
    page.apply(body, patch(old, new, lead.count("<")))
    assert body == page.parse(lead + new)
