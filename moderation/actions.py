"""What moderators do with cases. Each action is one transaction: compare-and-set on the version of the case, the deed
itself, an entry in the audit log, a notice to the person.

Each is called as `f(case, actor, version=..., note="")` and gives the case as it is then. It raises Collision when the
case has another version by now, and Refused, whose text is a sentence for the moderator, when it may not or cannot be
done; then nothing has changed. `note` is the text to the person for `warn` and `suspend`, and for the others a remark
that is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import ranks, suspending
from accounts.models import User
from conversations import moderating
from conversations.models import Share
from conversations.text import storable
from moderation import audit
from moderation.models import Case, Notice
from moderation.models.notice import TEXT_LENGTH
from moderation.roles import MODERATE
from moderation.screening import hide_with_notice


class Collision(Exception):
    """Somebody else has acted on the case meanwhile. `case`: as it is now."""

    def __init__(self, case: Case) -> None:
        super().__init__(f"Case {case.pk} has version {case.version} now.")
        self.case = case


class Refused(PermissionDenied):
    """The action may not or cannot be done; the text says why, in the active language."""


class Action(Protocol):
    def __call__(self, case: Case, actor: User, *, version: int, note: str = "") -> Case: ...


HAS_ITS_OWN_SAY = ("escalated", "suspended", "reinstated")  # on people of a higher rank
Deed = Callable[[Case, User, str], None]


def _nothing(case: Case, actor: User, note: str) -> None:
    pass


def _act(
    name: str, case: Case, actor: User, version: int, note: str, changes: dict[str, Any], deed: Deed = _nothing
) -> Case:
    _check_actor(case, actor, name)
    with transaction.atomic():
        current = Case.objects.filter(pk=case.pk, version=version)
        if not current.update(version=F("version") + 1, updated_at=timezone.now(), **changes):
            raise Collision(_as_it_is(case))
        now = _as_it_is(case)
        deed(now, actor, storable(note).strip())
        audit.record(f"case.{name}", actor=actor, target=now, person=now.person_id, **_about(now))
    return now


def _as_it_is(case: Case) -> Case:
    joined = ("person", "conversation", "message__conversation", "share", "assignee", "resolved_by")
    return Case.objects.select_related(*joined).get(pk=case.pk)


def _about(case: Case) -> dict[str, Any]:
    ids = {"message": case.message_id, "share": case.share_id, "conversation": case.conversation_id}
    return {name: str(value) for name, value in ids.items() if value is not None}


def _check_actor(case: Case, actor: User, name: str) -> None:
    if not actor.is_active or not actor.has_perm(MODERATE):
        raise Refused(_("You may not act on cases."))
    if case.person_id == actor.pk:
        raise Refused(_("This case is about yourself: somebody else must look at it."))
    if name not in HAS_ITS_OWN_SAY and ranks.is_above(case.person, actor):
        raise Refused(_("This case is about somebody of a higher rank: you can only escalate it."))
    escalated = Case.objects.filter(pk=case.pk, escalated_at__isnull=False).exists()
    if escalated and ranks.rank(actor) < ranks.ADMINISTRATOR:
        raise Refused(_("This case is escalated: only administrators act on it."))


def _resolved(resolution: str, actor: User) -> dict[str, Any]:
    return {"resolution": resolution, "resolved_by": actor, "resolved_at": timezone.now()}


def _notify(case: Case, kind: str, text: str = "") -> None:
    Notice.objects.create(person_id=case.person_id, kind=kind, text=text[:TEXT_LENGTH], conversation=case.conversation)


# --- Whose case it is ------------------------------------------------------------------------------


def assign(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """To the actor."""
    return _act("assigned", case, actor, version, note, {"assignee": actor})


def release(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    return _act("released", case, actor, version, note, {"assignee": None})


def escalate(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """Hand over to the administrators; whoever had the case has it no more."""
    return _act("escalated", case, actor, version, note, {"assignee": None, "escalated_at": timezone.now()})


def reopen(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """What was done stays done. Refused while the same thing has another open case."""
    opened = {"resolution": "", "resolved_by": None, "resolved_at": None}
    try:
        return _act("reopened", case, actor, version, note, opened)
    except IntegrityError:
        raise Refused(_("The same thing has another open case by now.")) from None


# --- How it ends -----------------------------------------------------------------------------------


def dismiss(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    return _act("dismissed", case, actor, version, note, _resolved(Case.Resolution.DISMISSED, actor))


def hide(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """The message; of a case about a link: the link shows nothing any more."""
    return _act("hidden", case, actor, version, note, _resolved(Case.Resolution.HIDDEN, actor), _hide)


def lock(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    return _act("locked", case, actor, version, note, _resolved(Case.Resolution.LOCKED, actor), _lock)


def warn(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """`note` is what the person reads."""
    return _act("warned", case, actor, version, note, _resolved(Case.Resolution.WARNED, actor), _warn)


def suspend(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """`note` is what the person reads at the login. Sessions, sockets and running answers end with the commit."""
    return _act("suspended", case, actor, version, note, _resolved(Case.Resolution.SUSPENDED, actor), _suspend)


def _hide(case: Case, actor: User, note: str) -> None:
    if case.message is not None:
        hide_with_notice(case.message)
    elif case.share is not None:
        if Share.objects.filter(pk=case.share.pk, revoked_at=None).update(revoked_at=timezone.now()):
            _notify(case, Notice.Kind.HIDDEN)
    else:
        raise Refused(_("There is no message that could be hidden."))


def _lock(case: Case, actor: User, note: str) -> None:
    if case.conversation is None:
        raise Refused(_("There is no conversation that could be locked."))
    if moderating.lock(case.conversation):
        _notify(case, Notice.Kind.LOCKED)


def _warn(case: Case, actor: User, note: str) -> None:
    if not note:
        raise Refused(_("Write what the person should know."))
    _notify(case, Notice.Kind.WARNING, note)


def _suspend(case: Case, actor: User, note: str) -> None:
    _check_rank(case, actor)
    if not note:
        raise Refused(_("Write the reason: the person reads it."))
    suspending.suspend(case.person, note, by=actor)


def _check_rank(case: Case, actor: User) -> None:
    if not ranks.may_act_on(actor, case.person):
        raise Refused(_("You may not suspend this person: they have the same rights as you, or more."))


# --- Taking it back --------------------------------------------------------------------------------


def unhide(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    return _act("unhidden", case, actor, version, note, _undone(case, Case.Resolution.HIDDEN), _unhide)


def unlock(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    return _act("unlocked", case, actor, version, note, _undone(case, Case.Resolution.LOCKED), _unlock)


def reinstate(case: Case, actor: User, *, version: int, note: str = "") -> Case:
    """The person may come in again."""
    return _act("reinstated", case, actor, version, note, _undone(case, Case.Resolution.SUSPENDED), _reinstate)


def _undone(case: Case, resolution: str) -> dict[str, Any]:
    """A case that ended so counts as dismissed then; any other stays as it is."""
    return {"resolution": Case.Resolution.DISMISSED} if case.resolution == resolution else {}


def _unhide(case: Case, actor: User, note: str) -> None:
    if case.message is None:
        raise Refused(_("There is no message that could be shown again."))
    moderating.show(case.message)


def _unlock(case: Case, actor: User, note: str) -> None:
    if case.conversation is None:
        raise Refused(_("There is no conversation that could be unlocked."))
    moderating.unlock(case.conversation)


def _reinstate(case: Case, actor: User, note: str) -> None:
    _check_rank(case, actor)
    suspending.reinstate(case.person, by=actor)


# --- Many at once ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Outcome:
    """What became of each case; the collided ones are as they are now."""

    done: list[Case] = field(default_factory=list)
    collided: list[Case] = field(default_factory=list)
    refused: list[tuple[Case, str]] = field(default_factory=list)


def apply_to(cases: Iterable[Case], action: Action, actor: User, *, note: str = "") -> Outcome:
    """Each case in a transaction of its own, with the version that it has in `cases`."""
    outcome = Outcome()
    for case in cases:
        try:
            outcome.done.append(action(case, actor, version=case.version, note=note))
        except Collision as collision:
            outcome.collided.append(collision.case)
        except Refused as refusal:
            outcome.refused.append((case, str(refusal)))
    return outcome
