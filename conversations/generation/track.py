"""What the pages of this process show of one answer in progress: its text, rendered once for all of them.

A track follows the frames of a generation by their `seq`. It begins from what the database (or the runner of this
process) knows; a frame that does not join on is kept until a checkpoint has caught up with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import orjson

from conversations.generation.frames import Delta, Turned
from conversations.rendering import StreamRenderer


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A generation as the database last saw it: `text` is the whole message (what it held before, and the draft)."""

    generation_id: int
    message_id: int
    conversation_id: UUID
    seq: int
    text: str
    reasoning: str


@dataclass
class Track:
    message_id: int
    seq: int = -1
    renderer: StreamRenderer = field(default_factory=StreamRenderer)
    reasoning: str = ""
    waiting: list[Delta | Turned] = field(default_factory=list)
    is_followed: bool = False  # a frame has joined on: none is missed unawares from then on
    is_looked_at: bool = False  # by a task of the hub, until then

    @property
    def joined(self) -> bool:
        return self.seq >= 0

    def begin(self, checkpoint: Checkpoint) -> bool:
        """Start over from `checkpoint`. False when frames that came meanwhile do not join on to it yet."""
        self.renderer = StreamRenderer()
        self.renderer.feed(checkpoint.text)
        self.reasoning, self.seq = checkpoint.reasoning, checkpoint.seq
        waiting, self.waiting = [f for f in self.waiting if f.end > checkpoint.seq], []
        for frame in waiting:
            if self.apply(frame) is None:
                self.waiting = waiting
                return False
        return True

    def apply(self, frame: Delta | Turned) -> str | None:
        """The patch that `frame` means for the pages; '' when they have it already; None when it does not join on."""
        if frame.seq > self.seq or not self.joined:
            return None
        if isinstance(frame, Turned):
            return "" if frame.end <= self.seq else None
        text = frame.text[self.seq - frame.seq :]
        if not text:
            return ""
        before, self.seq, self.is_followed = self.seq, frame.end, True
        patch: dict[str, object] = {"m": self.message_id, "f": before, "q": self.seq}
        if frame.kind == "text":
            patch["b"] = self.renderer.feed(text)
        else:
            self.reasoning += text
            patch["r"] = text
        return encode(patch)

    def snapshot(self) -> str:
        """The patch that brings any page to this state."""
        whole = [[0, 0, self.renderer.html()]]
        return encode({"m": self.message_id, "f": -1, "q": self.seq, "b": whole, "r": self.reasoning})

    def final(self, html: str, reasoning: str) -> str:
        """The patch from what was streamed to the finished message; '' when there is no difference."""
        ops = self.renderer.finish(html) if self.joined else [(0, 0, html)]
        if not ops and reasoning == self.reasoning:
            return ""
        seq = self.seq if self.joined else -1
        patch: dict[str, object] = {"m": self.message_id, "f": seq, "q": seq, "b": ops}
        if reasoning != self.reasoning:
            patch |= {"f": -1, "b": [[0, 0, html]], "r": reasoning}
        return encode(patch)


def encode(patch: dict[str, object]) -> str:
    return orjson.dumps(patch).decode()
