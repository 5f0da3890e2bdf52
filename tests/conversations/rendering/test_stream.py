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
@example(["para\r", "\n\r\nnext"])
def test_any_document_in_any_pieces(pieces: list[str]) -> None:
    renderer, body = stream(pieces)
    page.apply(body, renderer.finish())
    assert renderer.html() == render("".join(pieces))
    assert body == page.parse(renderer.html())
