"""An answer while it is being made in this process: its text so far, and what has not been shown or saved yet."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal

from conversations.generation.frames import Delta, Key, Turned
from providers import move_to_reasoning

Kind = Literal["text", "reasoning"]


class Live:
    """Text is gathered in pieces and joined only when somebody needs it whole, so that long answers stay linear."""

    def __init__(
        self, generation_id: int, message_id: int, key: Key, prefix: str = "", prefix_reasoning: str = ""
    ) -> None:
        self.generation_id = generation_id
        self.message_id = message_id
        self.key = key
        self.prefix = prefix  # what the message already held, when this generation goes on with it
        self.prefix_reasoning = prefix_reasoning
        self.seq = 0
        self.saved_seq = -1
        self.saved_at = 0.0
        self.screened = 0  # characters that the site's screen has looked at
        self.shown_seq = 0
        self.stop_requested = False
        self.ending = False  # its end is being written: no more checkpoints
        self.task: asyncio.Task[Any] | None = None
        self.claimed_at = time.monotonic()
        self.first_token_at: float | None = None
        self._pieces: dict[Kind, list[str]] = {"text": [], "reasoning": []}
        self._unshown: list[tuple[Kind, str]] = []
        self._has_turned = False  # since the last frame

    def add(self, kind: Kind, piece: str) -> None:
        if self.first_token_at is None:
            self.first_token_at = time.monotonic()
        self._pieces[kind].append(piece)
        self._unshown.append((kind, piece))
        self.seq += len(piece)

    def rethink(self) -> None:
        """The text that this generation has streamed so far was what the model thought."""
        move_to_reasoning(self._pieces["text"], self._pieces["reasoning"])
        self._unshown, self._has_turned = [], True
        self.seq += 1

    def whole(self, kind: Kind) -> str:
        """All of the text or reasoning that this generation has streamed."""
        pieces = self._pieces[kind]
        if len(pieces) > 1:
            pieces[:] = ["".join(pieces)]
        return pieces[0] if pieces else ""

    def shown(self, kind: Kind) -> str:
        """The part of it that `take_unshown` has handed out."""
        unshown = sum(len(piece) for other, piece in self._unshown if other == kind)
        whole = self.whole(kind)
        return whole[: len(whole) - unshown]

    def take_unshown(self) -> list[Delta | Turned]:
        """What was added since the last call, as contiguous frames of one kind each."""
        unshown, self._unshown = self._unshown, []
        if self._has_turned:
            turned = Turned(self.generation_id, self.message_id, self.shown_seq, self.seq)
            self._has_turned, self.shown_seq = False, self.seq
            return [turned]
        return self._as_frames(unshown)

    def _as_frames(self, unshown: list[tuple[Kind, str]]) -> list[Delta | Turned]:
        frames: list[Delta | Turned] = []
        seq, run_kind = self.shown_seq, unshown[0][0] if unshown else "text"
        run: list[str] = []
        for kind, piece in unshown:
            if kind != run_kind:
                frames.append(self._delta(seq, run_kind, run))
                seq, run, run_kind = frames[-1].end, [], kind
            run.append(piece)
        if run:
            frames.append(self._delta(seq, run_kind, run))
        self.shown_seq = self.seq
        return frames

    def _delta(self, seq: int, kind: Kind, run: list[str]) -> Delta:
        return Delta(self.generation_id, self.message_id, seq, kind, "".join(run))

    def stop(self) -> None:
        """Ask the runner to end this generation now, keeping what there is."""
        self.stop_requested = True
        if self.task:
            self.task.cancel()
