import uuid

from conversations.generation.frames import Added, Changed, Delta, Key, Waiting, pack, unpack
from conversations.generation.live import Live


def _live() -> Live:
    return Live(7, 8, Key(1, uuid.uuid4()))


def test_frames_are_contiguous_runs_of_one_kind() -> None:
    live = _live()
    for kind, text in (("reasoning", "hm"), ("reasoning", "m"), ("text", "Hel"), ("text", "lo"), ("reasoning", "!")):
        live.add(kind, text)  # type: ignore[arg-type]
    frames = live.take_unshown()
    assert [(f.seq, f.kind, f.text, f.end) for f in frames] == [
        (0, "reasoning", "hmm", 3),
        (3, "text", "Hello", 8),
        (8, "reasoning", "!", 9),
    ]
    assert live.take_unshown() == []


def test_shown_is_what_was_handed_out() -> None:
    live = _live()
    live.add("text", "Hel")
    live.take_unshown()
    live.add("text", "lo")
    assert (live.whole("text"), live.shown("text"), live.shown_seq, live.seq) == ("Hello", "Hel", 3, 5)


def test_frames_survive_the_channel_layer() -> None:
    for frame in (Delta(1, 2, 3, "text", "가"), Changed(1, 2, "complete"), Added(5), Added(5, "queued"), Waiting(2)):
        assert unpack(pack(frame)) == frame
