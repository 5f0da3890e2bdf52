from hypothesis import HealthCheck, example, given, settings

from conversations.rendering import StreamRenderer, render
from conversations.rendering.markdown import MAX_LENGTH

from . import page
from .documents import cut_documents

PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300, database=None)


def stream(pieces: list[str]) -> tuple[StreamRenderer, page.Element]:
    """Feeds the pieces and applies the operations; after each, the page must be what a fresh one would be."""
    renderer, body = StreamRenderer(), page.Element("body")
    for piece in pieces:
        page.apply(body, renderer.feed(piece))
        assert body == page.parse(renderer.html())
    return renderer, body


@PATIENT
@given(cut_documents())
@example(["a | b\n|---|", "---|\n", "x\n"])
@example(["text\na | b\n--|--", " x\n\n", "end"])  # the head of a table that turns out to be none
@example(["para\r", "\n\r\nnext"])
@example(["text\n$$x$$", " and more\n\n", "end"])  # a block of one line that turns out to be none
@example(["see [ref]\n\nnext\n\n", "[ref]: https://example.org\n"])  # defined after its use
@example(['[ref]: https://example.org\n"title\n', 'goes on"\n\n', "[ref]\n"])
@example(["note[^1]\n\nnext\n\n", "[^1]: below\n"])
@example(["a &lt", ";b", " <", "&"])
@example(["```py\nx\n```", "x\n", "```\n\nend"])  # a closing fence that turns out to be none
@example(["- a\n- b\n- c\n", "- d\n\n- loose\n", "\n1. other\n"])
def test_any_document_in_any_pieces(pieces: list[str]) -> None:
    renderer, body = stream(pieces)
    page.apply(body, renderer.finish())
    assert renderer.html() == render("".join(pieces))
    assert body == page.parse(renderer.html())
