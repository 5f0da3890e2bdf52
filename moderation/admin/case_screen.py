"""What the screen of a case shows, at a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts.models import User
from accounts.ranks import ADMINISTRATOR, is_above, may_act_on, rank
from conversations.models import Conversation
from conversations.rendering import render_plain
from conversations.sharing import Snapshot, snapshot
from moderation.models import Case, Flag, Notice
from moderation.review.openings import current_opening
from moderation.turns import Turn, last_turns, turns_around

HISTORY = 10  # cases and notices of the person

_JOINED = ("person", "conversation__owner", "message", "share__conversation", "assignee", "resolved_by")


@dataclass(frozen=True, slots=True)
class CaseScreen:
    """`turns` around the flagged message, or before a blocked text; `shared` instead for a link.

    `shows_files`: whether an opening lets the moderator have what is in attachments, as a resolved case does not.
    `barred`: why this moderator cannot act on the case; "" when they can. `may_escalate`: even so.
    """

    case: Case
    conversation: Conversation | None
    turns: Sequence[Turn]
    shows_files: bool
    shared: Snapshot | None
    blocked_html: SafeString | str
    flags: Sequence[Flag]
    other_cases: Sequence[Case]
    notices: Sequence[Notice]
    may_suspend: bool
    barred: str
    may_escalate: bool

    @property
    def is_hidden(self) -> bool:
        return self.case.message is not None and self.case.message.hidden_at is not None

    @property
    def is_locked(self) -> bool:
        return self.conversation is not None and self.conversation.locked_at is not None


def find_case(pk: int) -> Case | None:
    return Case.objects.select_related(*_JOINED).filter(pk=pk).first()


def screen_of(case: Case, moderator: User, before: str = "") -> CaseScreen:
    """`before`: the cursor of a shared link's earlier messages."""
    conversation = case.conversation or (case.share.conversation if case.share else None)
    shared = (snapshot(case.share, before) or snapshot(case.share)) if case.share else None
    turns = _turns(case, conversation)
    return CaseScreen(
        case=case,
        conversation=conversation,
        turns=turns,
        shows_files=_shows_files(turns, moderator, conversation),
        shared=shared,
        blocked_html=render_plain(case.blocked_text) if case.blocked_text else "",
        flags=_flags(case, moderator),
        other_cases=_history(case),
        notices=list(Notice.objects.filter(person=case.person).order_by("-pk")[:HISTORY]),
        may_suspend=may_act_on(moderator, case.person),
        barred=_barred(case, moderator),
        may_escalate=case.is_open and case.escalated_at is None and case.person_id != moderator.pk,
    )


def _flags(case: Case, moderator: User) -> list[Flag]:
    """Nobody learns who reported themselves, and in which words."""
    if case.person_id == moderator.pk:
        return []
    return list(case.flags.select_related("reporter", "rule").order_by("-score", "-pk")[:50])


def _barred(case: Case, moderator: User) -> str:
    if case.person_id == moderator.pk:
        return gettext("This case is about yourself: somebody else must look at it.")
    if case.escalated_at and rank(moderator) < ADMINISTRATOR:
        return gettext("This case is escalated: only administrators act on it.")
    if is_above(case.person, moderator):
        return gettext("This case is about somebody of a higher rank: you can only escalate it.")
    return ""


def _turns(case: Case, conversation: Conversation | None) -> list[Turn]:
    if conversation is None or case.share_id:
        return []
    return turns_around(conversation, case.message_id) if case.message_id else last_turns(conversation)


def _shows_files(turns: Sequence[Turn], moderator: User, conversation: Conversation | None) -> bool:
    if conversation is None or not any(turn.attachments for turn in turns):
        return False
    return current_opening(moderator, conversation) is not None


def _history(case: Case) -> Sequence[Case]:
    others = Case.objects.filter(person=case.person).exclude(pk=case.pk).select_related("resolved_by")
    return list(others.defer("blocked_text").order_by("-pk")[:HISTORY])
