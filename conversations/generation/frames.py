"""What happened in a conversation, as processes tell it to each other and to the pages that look on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple
from uuid import UUID


class Key(NamedTuple):
    """Who may look on at what. The owner is part of it: knowing another's conversation id is of no use."""

    owner_id: int
    conversation_id: UUID

    @property
    def group(self) -> str:
        return f"conversation.{self.owner_id}.{self.conversation_id.hex}"


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer. `seq` counts the characters (text and reasoning) streamed before it."""

    generation_id: int
    message_id: int
    seq: int
    kind: Literal["text", "reasoning"]
    text: str

    @property
    def end(self) -> int:
        return self.seq + len(self.text)


@dataclass(frozen=True, slots=True)
class Turned:
    """What was shown of an answer is not so any more: its text so far was what the model thought.

    It never joins on: whoever looks on reads the whole answer as it is at `end`. It counts as a character of the
    stream, so that nobody misses it unawares; what was streamed between `seq` and `end` is not sent besides.
    """

    generation_id: int
    message_id: int
    seq: int
    end: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A generation has begun or ended: whoever looks on reads the database."""

    generation_id: int
    message_id: int
    status: str


@dataclass(frozen=True, slots=True)
class Added:
    """The conversation has new messages, or another branch is current now; `message_id` is its newest.

    `status`: of the generation that begins with it, which may go on with a message that the pages have.
    """

    message_id: int
    status: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many questions of the conversation wait for their turn now."""

    count: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """A message is shown in another way now, hidden or no longer so: whoever looks on reads the database."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Locked:
    """Whether something can be asked in the conversation has changed."""

    is_locked: bool


Frame = Delta | Turned | Changed | Added | Waiting | Renewed | Locked
_KINDS: dict[str, type[Frame]] = {
    "delta": Delta,
    "turned": Turned,
    "changed": Changed,
    "added": Added,
    "waiting": Waiting,
    "renewed": Renewed,
    "locked": Locked,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def pack(frame: Frame) -> dict[str, Any]:
    """`frame` as plain values for the channel layer."""
    return {"frame": _NAMES[type(frame)], **asdict(frame)}


def unpack(data: dict[str, Any]) -> Frame:
    """The frame that `pack` made. Raises KeyError or TypeError for anything else."""
    fields = dict(data)
    return _KINDS[fields.pop("frame")](**fields)
