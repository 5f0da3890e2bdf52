"""A fence of `markdown` that holds fences of the same length."""

import pytest

from conversations.rendering import StreamRenderer, render

from . import page


def parts(source: str) -> list[str]:
    """The text of each top-level block, a fence's without its label."""
    return [
        part.text() if part.name != "figure" else part.children[1].text()  # type: ignore[union-attr]
        for part in page.parse(render(source)).children
        if isinstance(part, page.Element)
    ]


@pytest.mark.parametrize(
    "inner",
    [
        "# T\n```python\nx = 1\n```\nend",
        "```js\n1\n```",
        "```js\n1\n```\n\n```css\na {}\n```",
        "# T\n\n```\nnpm i\n```\n\n## U\n\n```\nnpm t\n```",
        "1. a\n   ```sh\n   ls\n   ```\n2. b",
        "````js\n```\n````",
        "~~~js\n1\n~~~",
        "```markdown\n```js\n1\n```\n```",
        "<details>\n\n```js\n1\n```\n</details>",
    ],
)
@pytest.mark.parametrize("info", ["markdown", "md", "Markdown title=x"])
def test_what_is_meant_is_shown(inner: str, info: str) -> None:
    assert parts(f"before\n\n```{info}\n{inner}\n```\n\nafter") == ["before", inner, "after"]


def test_fences_of_tildes_longer_ones_and_in_items() -> None:
    assert parts("~~~markdown\n~~~js\n1\n~~~\n~~~\nafter") == ["~~~js\n1\n~~~", "after"]
    assert parts("````markdown\n```js\n1\n```\n````\nafter") == ["```js\n1\n```", "after"]
    html = render("- a\n  ```markdown\n  ```js\n  1\n  ```\n  ```\n- b")
    assert page.parse(html).text() == "amarkdown```js\n1\n```b"
    assert html.count("<li>") == 2


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("```markdown\n# T\n```\n\ntext\n\n```python\nx\n```\n\nend", ["# T", "text", "x", "end"]),
        ("```markdown\n```python\nx\n```\nafter", ["```python\nx", "after"]),
        ("```markdown\n# T\n\n```\ntext\n\n```bash\nls\n```\n\nx", ["# T\n", "text", "ls", "x"]),
        ("```markdown\n# T\n```\nafter", ["# T", "after"]),
        ("```markdown\n# T", ["# T"]),
        ("```python\n```js\n1\n```\n\nafter", ["```js\n1", "after"]),
    ],
)
def test_what_does_not_come_in_pairs_is_read_as_commonmark(source: str, shown: list[str]) -> None:
    assert parts(source) == shown


def test_while_it_is_written_it_stays_one_block() -> None:
    renderer, source = StreamRenderer(), "```markdown\n# T\n```python\nx\n```\nend\n```\n\nafter"
    for char in source.removesuffix("```\n\nafter"):
        renderer.feed(char)
        assert renderer.html().count("<figure") <= 1
        assert "<p>" not in renderer.html()
    renderer.feed("```\n\nafter")
    renderer.finish()
    assert renderer.html() == render(source)
