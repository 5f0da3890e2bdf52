import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings

from conversations.rendering import render
from conversations.rendering.markdown import MAX_LENGTH, MAX_PARAGRAPH

from . import page
from .documents import documents

OUT = 'rel="noopener noreferrer nofollow" target="_blank"'


def test_a_paragraph() -> None:
    html = render("Hello **you**\nand `x < y`")
    assert html == "<p>Hello <strong>you</strong><br>and <code>x &lt; y</code></p>"
    assert isinstance(html, SafeString)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# One\n## Two\n### Three\n#### Four", "<h3>One</h3><h4>Two</h4><h5>Three</h5><h6>Four</h6>"),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("7. a\n\n8. b", '<ol start="7"><li><p>a</p></li><li><p>b</p></li></ol>'),
        ("> q\n> > r", "<blockquote><p>q</p><blockquote><p>r</p></blockquote></blockquote>"),
        ("a  \nb\\\nc", "<p>a<br>b<br>c</p>"),
        ("a\n\n---\n~~b~~", "<p>a</p><hr><p><s>b</s></p>"),
        ("- [ ] a\n- [x] b", '<ul><li class="task"><span class="task-box">☐</span> a</li><li class="task">'
         '<span class="task-box">☑</span> b</li></ul>'),
        ("    indented", '<figure class="code"><figcaption><span></span></figcaption><pre tabindex="0">'
         '<code class="highlight">indented</code></pre></figure>'),
        ("| a | b |\n|--:|:-:|\n| 1 |", '<div class="table" tabindex="0"><table><thead><tr><th align="right">a</th>'
         '<th align="center">b</th></tr></thead><tbody><tr><td align="right">1</td><td align="center"></td></tr>'
         "</tbody></table></div>"),
    ],
)  # fmt: skip
def test_blocks(source: str, html: str) -> None:
    assert render(source) == html


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("장미꽃\n한 송이\n피었네", "<p>장미꽃<br>한 송이<br>피었네</p>"),
        ("**1. Title**\ntext", "<p><strong>1. Title</strong><br>text</p>"),
        ("- a\n  b", "<ul><li>a<br>b</li></ul>"),
        ("> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"),
        ("a  \nb\\\nc<br>\nd", "<p>a<br>b<br>c<br>d</p>"),
        ("`x\ny`", "<p><code>x y</code></p>"),
    ],
)
def test_single_line_ends_are_line_ends(source: str, html: str) -> None:
    assert render(source) == html


def test_a_line_end_in_a_link_or_a_formula() -> None:
    assert ">a<br>b</a>" in render("[a\nb](https://e.org)")
    assert "<br>" not in render("$a\n+ b$")


def test_no_text_is_no_html() -> None:
    assert render("") == render(" \n\t\n") == ""


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=y>",
        "<b>x</b>",
        "<sub class=x>y</sub>",
        "<!-- x",
        "DROP TABLE x;",
    ],
)
def test_html_is_text(source: str) -> None:
    body = page.parse(render(source))
    assert body.text() == source
    assert [child.name for child in body.children if isinstance(child, page.Element)] == ["p"]


def test_images_are_links() -> None:
    assert render("![a *cat*](https://e.org/c.png)") == (
        f'<p><a class="image-link" href="https://e.org/c.png" {OUT}>a cat</a></p>'
    )
    assert render("![](https://e.org/c.png)").endswith(">https://e.org/c.png</a></p>")
    assert render("[![in](https://e.org/c.png)](https://e.org)") == f'<p><a href="https://e.org" {OUT}>in</a></p>'


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "data:image/png;base64,AA", "vbscript:x",
    "file:///etc",
            "/accounts/logout/", "../x", "//evil.example", "#top", "ftp://e.org", "&#106;avascript:x", "tel:1"],
)  # fmt: skip
def test_other_addresses_are_no_links(url: str) -> None:
    for source in (f"[x]({url})", f"![x]({url})", f"<{url}>", f"[x]\n\n[x]: {url}"):
        assert "<a" not in render(source)


def test_a_link_keeps_its_title() -> None:
    assert render('[x](https://e.org "a > \\"b\\"")') == (
        f'<p><a href="https://e.org" title="a &gt; &quot;b&quot;" {OUT}>x</a></p>'
    )


def test_footnotes_are_listed_at_the_end_and_lead_back() -> None:
    html = render("One[^a] two[^b] one[^a].\n\n[^b]: Second\n[^a]: First\n")
    body = page.parse(html)
    assert body.text() == "One1 two2 one1.First ↩︎ ↩︎Second ↩︎"
    assert html.count('class="footnote"') == 3
    assert "_blank" not in html


def test_footnotes_of_two_answers_have_different_anchors() -> None:
    one, other = render("a[^1]\n\n[^1]: x"), render("b[^1]\n\n[^1]: x")
    assert one.split('href="')[1].split('"')[0] != other.split('href="')[1].split('"')[0]


def test_a_note_without_a_text_stays_as_it_is() -> None:
    assert render("regex [^abc] and [^1]") == "<p>regex [^abc] and [^1]</p>"


def test_what_no_page_can_show_is_replaced() -> None:
    assert render("a\x00b\ud800c") == "<p>a\ufffdb\ufffdc</p>"
    assert render("a\r\nb\rc") == "<p>a<br>b<br>c</p>"


@pytest.mark.parametrize(
    "source",
    ["[" * 10_000, "]" * 10_000, "[" * 10_000 + "]" * 10_000, "![" * 10_000, "> " * 10_000 + "x", "- " * 10_000 + "x",
    "(" * 10_000,
     "*a " * 10_000, "a**b" * 10_000, "`" * 10_000 + " `a" * 5_000, "$a " * 10_000, "\\(" * 10_000, "&" * 10_000,
     "<" * 10_000,
     "[a](b" * 5_000, "word " * 200_000, "a" * 1_000_000, "\n" * 500_000,
     "\n".join("  " * i + "- x" for i in range(200)),
     "|a" * 2_000 + "\n" + "|-" * 2_000, "http://" * 5_000, "a@" * 5_000, "~~a" * 5_000],
    ids=lambda source: f"{source[:6]!r} x {len(source)}",
)  # fmt: skip
def test_hostile_texts_are_shown_whole(source: str) -> None:
    shown, wanted = page.parse(render(source)).text(), [char for char in source if char.isalpha()]
    assert [char for char in shown if char.isalpha()] == wanted


def test_too_deep_is_shown_as_written() -> None:
    source = "> " * 100 + "the end"
    assert render(source) == f'<p class="plain">{source.replace(">", "&gt;")}</p>'


def test_too_long_is_shown_as_written() -> None:
    assert render("*x* " * (MAX_LENGTH // 4 + 1)).startswith('<p class="plain">*x* *x*')


def test_a_paragraph_without_end_loses_its_markup_and_nothing_else() -> None:
    html = render("*x* " * (MAX_PARAGRAPH // 3) + "\n\n*y*")
    assert html.startswith("<p>*x* *x*")
    assert html.endswith("<p><em>y</em></p>")


@settings(max_examples=400, deadline=None, database=None)
@given(documents)
def test_any_document_is_well_formed_and_inert(source: str) -> None:
    names: set[str] = set()
    _collect(page.parse(render(source)), names)
    assert not names & {"script", "img", "style", "iframe", "input", "h1", "h2"}


def _collect(element: page.Element, names: set[str]) -> None:
    for child in element.children:
        if isinstance(child, page.Element):
            names.add(child.name)
            assert not any(name.startswith("on") or name in ("style", "src") for name, _ in child.attributes)
            _collect(child, names)
