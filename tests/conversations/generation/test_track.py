import json
from uuid import UUID

from conversations.generation.frames import Delta
from conversations.generation.track import Checkpoint, Track
from conversations.rendering import render


def _delta(seq: int, text: str, kind: str = "text") -> Delta:
    return Delta(1, 9, seq, kind, text)  # type: ignore[arg-type]


def _checkpoint(text: str = "", reasoning: str = "") -> Checkpoint:
    return Checkpoint(1, 9, UUID(int=1), len(text) + len(reasoning), text, reasoning)


def test_a_delta_that_joins_on_becomes_a_patch() -> None:
    track = Track(9)
    track.begin(_checkpoint("Hel"))
    patch = json.loads(track.apply(_delta(3, "lo")) or "")
    assert (patch["m"], patch["f"], patch["q"]) == (9, 3, 5)
    assert patch["b"] == [[1, "lo"]]


def test_a_delta_seen_before_is_nothing_and_an_overlap_only_its_new_part() -> None:
    track = Track(9)
    track.begin(_checkpoint("Hello"))
    assert track.apply(_delta(0, "Hel")) == ""
    assert json.loads(track.apply(_delta(3, "lo you")) or "")["q"] == 9
    assert track.renderer.html() == render("Hello you")


def test_a_gap_is_told() -> None:
    track = Track(9)
    track.begin(_checkpoint("Hel"))
    assert track.apply(_delta(4, "o")) is None
    assert Track(9).apply(_delta(0, "H")) is None


def test_frames_kept_meanwhile_join_on_to_a_later_checkpoint() -> None:
    track = Track(9)
    track.waiting = [_delta(5, " you"), _delta(9, " all")]
    assert not track.begin(_checkpoint("Hel"))
    assert track.begin(_checkpoint("Hello"))
    assert track.renderer.html() == render("Hello you all")
    assert track.waiting == []


def test_reasoning_is_apart_from_the_text() -> None:
    track = Track(9)
    track.begin(_checkpoint())
    assert json.loads(track.apply(_delta(0, "hm", "reasoning")) or "")["r"] == "hm"
    snapshot = json.loads(track.snapshot())
    assert (snapshot["f"], snapshot["r"], snapshot["b"]) == (-1, "hm", [[0, 0, ""]])


def test_final_is_silent_when_the_page_shows_it_already() -> None:
    track = Track(9)
    track.begin(_checkpoint("Hello **you**"))
    track.renderer.finish()
    assert track.final(render("Hello **you**"), "") == ""


def test_final_repairs_what_only_the_end_can_know() -> None:
    track = Track(9)
    text = "See [this].\n\nMore.\n\n[this]: https://example.org\n"
    track.begin(_checkpoint())
    for i, character in enumerate(text):
        track.apply(_delta(i, character))
    patch = json.loads(track.final(render(text), ""))
    assert "https://example.org" in json.dumps(patch["b"])
