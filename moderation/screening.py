"""Looks at questions and answers by the site's rules, and asks the provider's moderation about them.

`screen` is called before a question is stored, outside of any transaction: what it blocks is kept as a case.
`is_blocked` is called now and then while an answer is written: it stops there, and is dealt with as one that has ended.
The rest hears of messages from `conversations.events`, in threads of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from conversations import moderating
from conversations.models import Attachment, Conversation, Message
from moderation import provider_scores
from moderation.flagging import flag
from moderation.models import Case, Flag, Notice, Rule
from moderation.models.flag import Reason
from moderation.rules import are_any, matching_rules

logger = logging.getLogger(__name__)

OVERLAP = 1000  # characters before the new ones that a rule may begin in; the whole is looked at when it has ended


def screen(user: User, conversation: Conversation, text: str) -> str:
    """ "" lets a text pass; otherwise the sentence for the person, and the text is kept for review.

    A question, what is attached to it, instructions that go with it, a title.
    """
    blocking = matching_rules(text, Rule.Scope.QUESTIONS, Rule.Effect.BLOCK)
    if not blocking:
        return ""
    _keep_blocked(blocking, user, conversation, text)
    sentence = _("This was not sent: the rules of this site do not allow it (%(reason)s). It is kept for review.")
    return sentence % {"reason": Reason(blocking[0].reason).label}


def screen_instructions(user: User, text: str) -> str:
    """The same for instructions that a person wants to have with all of their questions."""
    blocking = matching_rules(text, Rule.Scope.QUESTIONS, Rule.Effect.BLOCK)
    if not blocking:
        return ""
    _keep_blocked(blocking, user, None, text)
    sentence = _("This was not saved: the rules of this site do not allow it (%(reason)s). It is kept for review.")
    return sentence % {"reason": Reason(blocking[0].reason).label}


def _keep_blocked(blocking: Iterable[Rule], user: User, conversation: Conversation | None, text: str) -> None:
    stored = Conversation.objects.filter(pk=conversation.pk).first() if conversation else None
    for rule in blocking:
        _flag_by_rule(
            rule, user, conversation=stored, blocked_text=text, model=conversation.model if conversation else ""
        )


def is_blocked(text: str, since: int) -> bool:
    """Whether a rule blocks an answer that says `text` so far, the first `since` characters of which have passed."""
    if not are_any(Rule.Scope.ANSWERS, Rule.Effect.BLOCK):
        return False
    said = text[: max(text.rfind(" "), text.rfind("\n")) + 1]  # the last word may be half of one
    # The new part begins anywhere, in a word too: what it seems to say is asked of the whole.
    return all(
        matching_rules(part, Rule.Scope.ANSWERS, Rule.Effect.BLOCK) for part in (said[max(0, since - OVERLAP) :], said)
    )


def question_was_stored(sender: Any, message_id: int, conversation_id: UUID, **kwargs: Any) -> None:
    for rule, message in _look_at(message_id, Rule.Scope.QUESTIONS):
        _flag_by_rule(rule, message.conversation.owner, message=message)


def answer_has_ended(sender: Any, message_id: int, conversation_id: UUID, **kwargs: Any) -> None:
    for rule, message in _look_at(message_id, Rule.Scope.ANSWERS):
        case = _flag_by_rule(rule, message.conversation.owner, message=message)
        if rule.effect == Rule.Effect.BLOCK and case is not None and case.is_open:
            hide_with_notice(message)


def _look_at(message_id: int, scope: str) -> list[tuple[Rule, Message]]:
    """The rules that a message's text matches, each with the message; and the provider is asked.

    Nearly every message is looked at in vain, so no more of one is read than its text.
    """
    if not are_any(scope) and not provider_scores.is_on():
        return []
    said = _said(message_id)
    if said is None:
        return []
    found = list(dict.fromkeys(rule for text in (said.text, *said.files) for rule in matching_rules(text, scope)))
    message = _message(message_id) if found else None
    provider_scores.ask(message_id, said.model, said.text)
    return [(rule, message) for rule in found] if message else []


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    model: str
    files: Sequence[str] = ()


def _said(message_id: int) -> _Said | None:
    """What a message says and the model it is said to, or by; None when it is gone already."""
    fields = ("content", "reasoning", "model", "conversation__model")
    row = Message.objects.filter(pk=message_id).values_list(*fields).first()
    if row is None:
        return None
    content, reasoning, model, chosen = row
    files = Attachment.objects.filter(message_id=message_id).values_list("name", "text")
    attached = [f"{name}\n\n{text}" for name, text in files]
    return _Said(f"{content}\n{reasoning}" if reasoning else content, model or chosen, attached)


def hide_with_notice(message: Message) -> bool:
    """Hides a message and tells its owner; false when it was hidden already."""
    with transaction.atomic():
        if not moderating.hide(message):
            return False
        conversation = message.conversation
        Notice.objects.create(person_id=conversation.owner_id, kind=Notice.Kind.HIDDEN, conversation=conversation)
    return True


def _message(message_id: int) -> Message | None:
    """None when it is gone already."""
    return Message.objects.select_related("conversation__owner").filter(pk=message_id).first()


def _flag_by_rule(rule: Rule, person: User, **thing: Any) -> Case | None:
    """None when the rule is gone: other processes hear of that a little later."""
    known = Rule.objects.filter(pk=rule.pk).first()
    if known is None:
        return None
    return flag(person, rule.reason, Flag.Source.RULE, score=rule.score, rule=known, **thing)
