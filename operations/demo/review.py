"""What there is to review: cases by way of moderation itself, some of them dealt with, and the notices that follow.

What the moderators do is in the audit log like anybody's doing, and stays there when the demo is taken away.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from conversations.models import Message
from moderation import actions
from moderation.actions import Action
from moderation.flagging import flag
from moderation.models import Case, Flag, Notice, Opening, Reason, Rule
from operations.demo import texts
from operations.demo.plan import LANGUAGES, Planned, language_of
from operations.demo.rows import Batch

SHARE_FLAGGED = 0.01  # of ordinary conversations
MOST_FLAGGED = 2_000
ADVERTISING, NUMBERS, THREATS = (rule.name for rule in texts.RULES)
# Of each bad dialogue: the message, and why somebody should look at it.
_REPORTED = (
    (2, Reason.VIOLENCE, Flag.Source.RULE, THREATS),
    (0, Reason.SPAM, Flag.Source.RULE, ADVERTISING),
    (0, Reason.PRIVACY, Flag.Source.PROVIDER, ""),
    (1, Reason.WRONG, Flag.Source.REPORT, ""),
)
# What became of each, in both languages; nothing: it waits in the queue.
_DONE: tuple[tuple[Action | None, Action | None], ...] = (
    (None, actions.assign),
    (actions.warn, actions.lock),
    (actions.hide, actions.escalate),
    (actions.hide, None),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    people: Sequence[User]
    moderators: Sequence[User]


def make_rules() -> dict[str, Rule]:
    """The demo's rules by name; those that are there already stay as they are."""
    found = {rule.name: rule for rule in Rule.objects.filter(name__in=[text.name for text in texts.RULES])}
    for text in texts.RULES:
        if text.name not in found:
            found[text.name] = Rule.objects.create(
                name=text.name,
                kind=text.kind,
                text=text.text,
                effect=text.effect,
                reason=text.reason,
                score=text.score,
            )
    return found


class Review:
    """Flags what is stored, batch by batch, and ends with what was blocked."""

    def __init__(self, cast: Cast, seed: str) -> None:
        self._cast = cast
        # Read anew: rights are remembered by each object.
        self._moderators = list(User.objects.filter(pk__in=[one.pk for one in cast.moderators]).order_by("pk"))
        self._rules = make_rules()
        self._chance = random.Random(f"review {seed}")  # noqa: S311 - the same again, not secrecy
        self._ordinary = 0

    def look_at(self, batch: Batch) -> None:
        for planned, ids in batch:
            if planned.bad is not None:
                self._bad(planned, planned.bad, ids)
            elif self._ordinary < MOST_FLAGGED and self._chance.random() < SHARE_FLAGGED:
                self._ordinary += 1
                self._any(planned, ids)

    def end(self) -> None:
        """A question of each language that was blocked; the one who asked the second one is out."""
        for language, number in zip(LANGUAGES, (-2, -1), strict=True):
            person = self._cast.people[number % len(self._cast.people)]
            case = flag(
                person,
                Reason.PRIVACY,
                Flag.Source.RULE,
                blocked_text=language.blocked[0],
                model=texts.MODELS[0],
                rule=self._rules[NUMBERS],
                score=0.8,
            )
        if len(self._cast.people) > len(LANGUAGES):
            said = language_of(len(self._cast.people) - 1).suspension
            self._do(actions.suspend, case, said)

    def _bad(self, planned: Planned, bad: int, ids: list[int]) -> None:
        index, reason, source, rule = _REPORTED[bad]
        person = self._cast.people[planned.owner]
        case = flag(
            person,
            reason,
            source,
            message=Message.objects.get(pk=ids[index]),
            note=planned.language.notes[bad] if source == Flag.Source.REPORT else "",
            score=0.62 if source == Flag.Source.PROVIDER else None,
            reporter=person if source == Flag.Source.REPORT else None,
            rule=self._rules.get(rule),
        )
        _date(case)
        done = _DONE[bad][LANGUAGES.index(planned.language)]
        if done is actions.lock:
            self._open(case)
        if done is not None:
            self._do(done, case, planned.language.warning if done is actions.warn else "")

    def _any(self, planned: Planned, ids: list[int]) -> None:
        """An ordinary answer that its reader reports, or a rule or the provider was wrong about."""
        answers = [pk for index, pk in enumerate(ids) if planned.is_answer(index)]
        source = self._chance.choice((Flag.Source.REPORT, Flag.Source.PROVIDER))
        person = self._cast.people[planned.owner]
        case = flag(
            person,
            self._chance.choice((Reason.WRONG, Reason.SPAM, Reason.HARASSMENT, Reason.OTHER)),
            source,
            message=Message.objects.get(pk=self._chance.choice(answers)),
            note=self._chance.choice(planned.language.notes) if source == Flag.Source.REPORT else "",
            score=round(self._chance.uniform(0.1, 0.7), 2),
            reporter=person if source == Flag.Source.REPORT else None,
        )
        _date(case)
        if self._chance.random() < 0.4:
            self._do(actions.dismiss, case)

    def _do(self, action: Action, case: Case, note: str = "") -> None:
        action(case, self._moderators[case.pk % len(self._moderators)], version=case.version, note=note)

    def _open(self, case: Case) -> None:
        """That a moderator looked at the whole conversation, which its owner is told."""
        if case.conversation is None:
            return
        moderator = self._moderators[0]
        Opening.objects.create(
            moderator=moderator, conversation=case.conversation, case=case, reason="Reported as advertising."
        )
        Notice.objects.create(person=case.person, kind=Notice.Kind.OPENED, conversation=case.conversation)


def _date(case: Case) -> None:
    """As old as what it is about."""
    if case.message is not None:
        at = min(case.message.created_at + timedelta(minutes=20), timezone.now())
        Case.objects.filter(pk=case.pk).update(created_at=at, updated_at=at)


def flagged(batches: Iterable[Batch], review: Review, done: Callable[[], object] = lambda: None) -> int:
    """The number of conversations in `batches`, each looked at on its way."""
    count = 0
    for batch in batches:
        review.look_at(batch)
        count += len(batch.planned)
        done()
    review.end()
    return count
