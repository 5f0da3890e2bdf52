"""Who has which conversations, and what is said in them: the same plan again for the same size and seed.

Lazily, one conversation after the other: a million messages are never in memory together.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from operations.demo.english import ENGLISH
from operations.demo.korean import KOREAN
from operations.demo.texts import MODELS, Dialogue, Language

LANGUAGES = (ENGLISH, KOREAN)
STRETCHES = (0.3, 0.5, 0.7, 0.8, 1, 1, 1.2, 1.5, 1.5, 1.5)  # how long conversations are beside the average, 1 in all

GOLDEN = 0.618034


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be. At least two messages a conversation, and a conversation a person."""

    people: int = 8
    conversations: int = 60
    messages: int = 400
    seed: int = 1


@dataclass(slots=True)
class Said:
    """A message: `parent` is the index of the one before it in its conversation, None for the first."""

    parent: int | None
    text: str


@dataclass(slots=True)
class Planned:
    """A conversation. `owner` and `folder` are indexes; `leaf` is the index of the message at the branch's end.

    `bad`: which of the language's bad dialogues it is, None for an ordinary one. `ended`: how its last answer ended.
    """

    id: uuid.UUID
    owner: int
    language: Language
    title: str
    model: str
    age_hours: float
    said: list[Said] = field(default_factory=list)
    leaf: int = 0
    folder: int | None = None
    is_pinned: bool = False
    is_archived: bool = False
    is_shared: bool = False
    is_deleted: bool = False
    bad: int | None = None
    ended: str = "complete"

    def is_answer(self, index: int) -> bool:
        """Questions and answers take turns; what is said again is said instead of an answer."""
        parent = self.said[index].parent
        return parent is not None and parent % 2 == 0


def language_of(person: int) -> Language:
    return LANGUAGES[person % len(LANGUAGES)]


def conversations(size: Size, salt: str = "") -> Iterator[Planned]:
    """All of them, `size.messages` messages together. `salt`: another plan for the same seed."""
    chance = random.Random(f"{size.seed}{salt}")  # noqa: S311 - the same again, not secrecy
    bad = _bad_ones(size)
    left = size.messages
    for number in range(size.conversations):
        after = size.conversations - number - 1
        planned = _begun(chance, size, number)
        if number < len(bad):
            _speak_badly(planned, *bad[number])
        else:
            _speak(chance, planned, _length(chance, left, after), is_last=not after)
        left -= len(planned.said)
        yield planned


def _bad_ones(size: Size) -> list[tuple[Language, int]]:
    """A few that get reported, where there is room for them beside ordinary ones."""
    every = [(language, index) for index in range(len(KOREAN.bad)) for language in LANGUAGES]
    needed = sum(len(language.bad[index].turns) for language, index in every)
    ordinary = size.conversations - len(every)
    return every if ordinary > 0 and size.messages - needed >= 2 * ordinary and size.people > 1 else []


def _begun(chance: random.Random, size: Size, number: int) -> Planned:
    # Everybody has some; the first people, whom one logs in as, have more.
    owner = number if number < size.people else int(size.people * chance.random() ** 1.5)
    fate = (number * GOLDEN + size.seed * 0.377) % 1  # evenly spread: a small demo has something of everything too
    return Planned(
        id=uuid.UUID(int=chance.getrandbits(128), version=4),
        owner=owner,
        language=language_of(owner) if chance.random() < 0.85 else chance.choice(LANGUAGES),
        title="",
        model=chance.choice(MODELS),
        age_hours=chance.expovariate(1 / 400),
        folder=chance.randrange(4) if chance.random() < 0.3 else None,
        is_pinned=fate < 0.05,
        is_archived=0.05 <= fate < 0.15,
        is_shared=0.15 <= fate < 0.22,
        is_deleted=0.22 <= fate < 0.27,
    )


def _length(chance: random.Random, left: int, after: int) -> int:
    """An even number of messages, which leaves two for each of those `after`."""
    if not after:
        return left
    stretch = 6.0 if chance.random() < 0.02 else chance.choice(STRETCHES)
    wanted = int(left / (after + 1) * stretch) // 2 * 2
    return max(2, min(wanted, (left - 2 * after) // 2 * 2))


def _speak(chance: random.Random, planned: Planned, length: int, *, is_last: bool) -> None:
    dialogue = chance.choice(planned.language.dialogues)
    planned.title = dialogue.title
    has_branch = length % 2 == 1 or (length >= 4 and not is_last and bool(dialogue.again) and chance.random() < 0.5)
    chain = length - length % 2
    planned.said = [
        Said(index - 1 if index else None, text) for index, text in _texts(chance, planned, dialogue, chain)
    ]
    planned.leaf = chain - 1
    if has_branch and length % 2 == 0:
        # The place of a question and an answer: the branch is one, and the plan's last conversation evens it out.
        planned.said = planned.said[: chain - 2]
        planned.leaf = len(planned.said) - 1
    if has_branch:
        planned.said.append(Said(0, dialogue.again or chance.choice(planned.language.more)[1]))
    if chance.random() < 0.06:
        planned.ended = chance.choice(("stopped", "interrupted", "failed"))


def _texts(chance: random.Random, planned: Planned, dialogue: Dialogue, count: int) -> Iterator[tuple[int, str]]:
    """The dialogue itself, then what goes on with any, and now and then the beginning of another."""
    texts = list(dialogue.turns)
    while len(texts) < count:
        other = chance.choice(planned.language.dialogues)
        texts += other.turns[:2] if chance.random() < 0.2 else chance.choice(planned.language.more)
    return iter(enumerate(texts[:count]))


def _speak_badly(planned: Planned, language: Language, index: int) -> None:
    dialogue = language.bad[index]
    planned.language, planned.bad, planned.title = language, index, dialogue.title
    planned.said = [Said(place - 1 if place else None, text) for place, text in enumerate(dialogue.turns)]
    planned.leaf = len(planned.said) - 1
    planned.is_deleted = planned.is_archived = False
