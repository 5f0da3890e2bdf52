"""The one way for anything to be flagged: finds or makes the open case of that thing, and adds the flag once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Message, Share
from conversations.text import storable
from moderation.models import Case, Flag, Reason, Rule
from moderation.models.case import CaseQuerySet
from moderation.models.flag import NOTE_LENGTH

GRAVITY = {
    Reason.SELF_HARM: 0.9,
    Reason.ILLEGAL: 0.8,
    Reason.VIOLENCE: 0.8,
    Reason.SEXUAL: 0.7,
    Reason.HARASSMENT: 0.7,
    Reason.PRIVACY: 0.6,
    Reason.OTHER: 0.4,
    Reason.WRONG: 0.3,
    Reason.SPAM: 0.3,
}
TRIES = 5  # a case that is resolved in the very moment in which it is flagged makes one more necessary


def flag(
    person: User,
    reason: str,
    source: str,
    *,
    message: Message | None = None,
    conversation: Conversation | None = None,
    share: Share | None = None,
    blocked_text: str = "",
    model: str = "",
    note: str = "",
    score: float | None = None,
    reporter: User | None = None,
    rule: Rule | None = None,
) -> Case:
    """The open case of the thing, with this flag; `person` is whose it is. A `score` of none: by the reason.

    Whoever reports the same thing twice changes what they said. What was resolved since then stays resolved for the
    same reporter and the same rule: for them the resolved case is returned. Anybody else's flag makes a new case.
    """
    thing = _Thing(person, message, conversation, share, storable(blocked_text), model)
    given = _Given(source, reason, GRAVITY[Reason(reason)] if score is None else score, storable(note)[:NOTE_LENGTH])
    given.reporter, given.rule = reporter, rule
    for _ in range(TRIES):
        with transaction.atomic():
            case = thing.case_settled_for(given) or thing.open_case(given)
            if case is not None:
                return case if case.resolved_at else _with_flag(case, given)
    raise RuntimeError("A case was resolved as often as it was flagged.")


@dataclass(slots=True)
class _Given:
    source: str
    reason: str
    score: float
    note: str
    reporter: User | None = None
    rule: Rule | None = None

    def same(self) -> dict[str, Any]:
        """What tells a flag that says the same from others."""
        if self.reporter is not None:
            return {"reporter": self.reporter}
        if self.rule is not None:
            return {"rule": self.rule}
        note = {"note": self.note} if self.source == Flag.Source.REPORT else {}
        return {"source": self.source, "reason": self.reason, "reporter": None, "rule": None} | note


@dataclass(slots=True)
class _Thing:
    person: User
    message: Message | None
    conversation: Conversation | None
    share: Share | None
    blocked_text: str
    model: str
    _where: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        if self.message is not None:
            self._where = {"message": self.message}
        elif self.share is not None:
            self._where = {"share": self.share}
        else:
            self._where = {"person": self.person, "message": None, "share": None, "blocked_text": self.blocked_text}
            if not self.blocked_text:
                self._where["conversation"] = self.conversation

    def _cases(self) -> CaseQuerySet:
        return Case.objects.filter(**self._where)

    def case_settled_for(self, given: _Given) -> Case | None:
        """The newest case, if it is resolved and has this very flag. A person's words are told each time."""
        if self.message is None and self.share is None:
            return None
        newest = self._cases().order_by("-pk").first()
        if newest is None or newest.is_open or not newest.flags.filter(**given.same()).exists():
            return None
        return newest

    def open_case(self, given: _Given) -> Case | None:
        """Locked until the transaction ends; none when somebody has just resolved it."""
        if self.message is None and self.share is None:
            _take_turns(self.person)  # no constraint makes these unique
        found = self._cases().open().first() or self._made(given)
        return Case.objects.select_for_update(of=("self",)).filter(pk=found.pk).open().first() if found else None

    def _made(self, given: _Given) -> Case | None:
        """None when somebody else made it at the same time."""
        try:
            with transaction.atomic():
                return Case.objects.create(
                    person=self.person,
                    message=self.message,
                    conversation=self._conversation(),
                    share=self.share,
                    blocked_text=self.blocked_text,
                    model=self.model or (self.message.model if self.message else ""),
                    reason=given.reason,
                    score=given.score,
                )
        except IntegrityError:
            return None

    def _conversation(self) -> Conversation | None:
        if self.conversation is None and self.share is not None:
            return self.share.conversation
        return self.conversation or (self.message.conversation if self.message else None)


def _take_turns(person: User) -> None:
    if connection.vendor == "postgresql":
        User.objects.select_for_update(of=("self",), no_key=True).filter(pk=person.pk).values_list("pk").first()


def _with_flag(case: Case, given: _Given) -> Case:
    said = {"reason": given.reason, "score": given.score, "note": given.note}
    known = case.flags.filter(**given.same()).first()
    if known is None:
        Flag.objects.create(case=case, source=given.source, reporter=given.reporter, rule=given.rule, **said)
    elif given.reporter is not None or given.score > known.score:
        Flag.objects.filter(pk=known.pk).update(**said)
    return _summed_up(case)


def _summed_up(case: Case) -> Case:
    """The case as the gravest of its flags makes it. Its version stays: nobody has acted on it."""
    gravest = case.flags.order_by("-score", "pk").first()
    if gravest is not None:
        case.reason, case.score, case.flag_count = gravest.reason, gravest.score, case.flags.count()
        case.updated_at = timezone.now()
        case.save(update_fields=["reason", "score", "flag_count", "updated_at"])
    return case
