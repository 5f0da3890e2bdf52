"""The decoder of server-sent events: the same events however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.sse import EventTooLarge, SseDecoder


def decode(chunks: list[bytes], max_bytes: int = 4 * 2**20) -> list[tuple[str, str]]:
    decoder = SseDecoder(max_bytes)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + list(decoder.finish())


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [("", "a")]),
        (b"data:a\n\ndata: b\n\n", [("", "a"), ("", "b")]),
        (b"event: ping\ndata: {}\n\n", [("ping", "{}")]),
        (b"data: one\ndata: two\n\n", [("", "one\ntwo")]),
        (b"data:  two spaces\n\n", [("", " two spaces")]),
        (b"data\n\n", [("", "")]),
        (b": a comment\n\ndata: a\n\n", [("", "a")]),
        (b"id: 7\nretry: 10\nfuture: x\ndata: a\n\n", [("", "a")]),
        (b"event: lonely\n\ndata: a\n\n", [("", "a")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [("", "a"), ("", "b")]),
        (b"data: a\r\rdata: b\r\r", [("", "a"), ("", "b")]),
        (b"data: a\n\rdata: b\r\n\n", [("", "a"), ("", "b")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("", "a")]),
        (b"data: a", [("", "a")]),
        (b"data: a\n", [("", "a")]),
        (b"data: \xed\x95\x9c\xea\xb8\x80\n\n", [("", "한글")]),
        (b"", []),
        (b"\n\n\n", []),
    ],
)
def test_streams(stream: bytes, events: list[tuple[str, str]]) -> None:
    assert decode([stream]) == events
    assert decode([bytes([byte]) for byte in stream]) == events


FIELDS = st.sampled_from(["data", "event", "id", "", "retry", "data ", "x"])
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
LINES = st.one_of(st.builds("{}: {}".format, FIELDS, VALUES), st.just(""), st.just("data"), st.just(":"))
ENDS = st.sampled_from(["\n", "\r", "\r\n"])


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream of lines with any ends, and the same cut at any places."""
    lines = draw(st.lists(st.tuples(LINES, ENDS), max_size=20))
    stream = (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + "".join(map("".join, lines)).encode()
    places = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    bounds = [0, *places, len(stream)]
    return stream, [stream[start:end] for start, end in pairwise(bounds)]


@given(cut_streams())
def test_any_chunking_gives_the_same_events(case: tuple[bytes, list[bytes]]) -> None:
    stream, chunks = case
    assert decode(chunks) == decode([stream])


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"), min_size=1), max_size=8), ENDS)
def test_what_is_sent_is_what_is_read(texts: list[str], end: str) -> None:
    stream = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    assert [data for _, data in decode([stream])] == texts


def test_a_line_that_never_ends() -> None:
    with pytest.raises(EventTooLarge):
        decode([b"data: " + b"x" * 60] * 2, max_bytes=100)


def test_an_event_of_too_many_lines() -> None:
    with pytest.raises(EventTooLarge):
        decode([b"data: " + b"x" * 60 + b"\n"] * 2, max_bytes=100)


def test_many_events_together_may_be_larger_than_the_bound() -> None:
    assert len(decode([b"data: " + b"x" * 60 + b"\n\n"] * 10, max_bytes=100)) == 10


def test_bytes_that_are_no_utf_8_cost_a_character_and_not_the_answer() -> None:
    assert decode([b"data: good\n\ndata: b\xffd\n\ndata: \xed\x95\n\n"]) == [
        ("", "good"),
        ("", "b\ufffdd"),
        ("", "\ufffd"),
    ]


def test_events_before_a_fault_are_given() -> None:
    events = SseDecoder(20).feed(b"data: good\n\ndata: " + b"x" * 30 + b"\n\n")
    assert next(events) == ("", "good")
    with pytest.raises(EventTooLarge):
        next(events)


def test_lines_of_json_are_events() -> None:
    assert decode([b'{"a": 1}\n{"b": 2}\r\ndata: c\n\n{"d": 4}']) == [
        ("", '{"a": 1}'),
        ("", '{"b": 2}'),
        ("", "c"),
        ("", '{"d": 4}'),
    ]
