"""Messages as moderators read them: as inert as in the chat, what is hidden from others too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from conversations.around import BELOW, end_below
from conversations.attachments import by_message
from conversations.models import Attachment, Conversation, Generation, Message, WaitingMessage
from conversations.rendered import complete, html_of, is_unformatted
from conversations.rendering import render, render_plain
from conversations.siblings import ALONE, Siblings, siblings_of
from moderation.models import Case
from providers import model_info

ABOVE = 6  # messages over the one that is looked at


@dataclass(frozen=True, slots=True)
class Turn:
    """A question or an answer. `id`: None while the question waits. `case_id`: of its open case.

    `is_flagged`: whether the page points to it. `is_unformatted`: an answer that is shown as it was written.
    """

    id: int | None
    is_answer: bool
    html: SafeString
    created_at: datetime
    reasoning: str = ""
    model_label: str = ""
    status: str | Promise = ""
    hidden_at: datetime | None = None
    siblings: Siblings = ALONE
    attachments: Sequence[Attachment] = ()
    case_id: int | None = None
    is_flagged: bool = False
    is_unformatted: bool = False


def turns_around(conversation: Conversation, message_id: int) -> list[Turn]:
    """The message with a few turns before and after it, oldest first; it alone is flagged. At most seven queries."""
    end, _more = end_below(conversation, message_id)
    found = Message.objects.branch(conversation.pk, end, ABOVE + 1 + BELOW)
    place = next((place for place, message in enumerate(found) if message.pk == message_id), 0)
    return turns_of(found[max(place - ABOVE, 0) :], flagged=message_id)


def last_turns(conversation: Conversation) -> list[Turn]:
    """How the conversation ends now: what a blocked text was said after. At most five queries."""
    return turns_of(Message.objects.branch(conversation.pk, conversation.leaf_id, ABOVE))


def turns_of(messages: Sequence[Message], flagged: int | None = None) -> list[Turn]:
    """At most five queries, for any number of messages of one conversation.

    `flagged`: the id of the one that the page is about. Without it every one with an open case is flagged.
    """
    ids = [message.pk for message in messages]
    generations = {g.message_id: g for g in Generation.objects.filter(message_id__in=ids).order_by("id")}
    complete([message for message in messages if message.pk not in generations or not generations[message.pk].draft])
    cases = dict(Case.objects.open().filter(message_id__in=ids).values_list("message_id", "pk"))
    siblings, attached = siblings_of(messages), by_message(messages, texts=True)
    pointed = {flagged} if flagged else set(cases)
    return [
        _turn(
            message,
            generations.get(message.pk),
            siblings=siblings[message.pk],
            attachments=attached.get(message.pk, ()),
            case_id=cases.get(message.pk),
            is_flagged=message.pk in pointed,
        )
        for message in messages
    ]


def waiting_turns(questions: Iterable[WaitingMessage]) -> list[Turn]:
    """Questions that wait to be asked. Their attachments should be prefetched."""
    return [
        Turn(
            id=None,
            is_answer=False,
            html=render_plain(question.content),
            created_at=question.created_at,
            status=gettext("Waiting"),
            attachments=list(question.attachments.all()),
        )
        for question in questions
    ]


def _turn(
    message: Message,
    generation: Generation | None,
    *,
    siblings: Siblings,
    attachments: Sequence[Attachment],
    case_id: int | None,
    is_flagged: bool,
) -> Turn:
    model = generation.model if generation else message.model
    html = _html(message, generation.draft if generation else "")
    return Turn(
        id=message.pk,
        is_answer=message.role == Message.Role.ASSISTANT,
        html=html,
        created_at=message.created_at,
        reasoning=message.reasoning + (generation.draft_reasoning if generation else ""),
        model_label=model_info(model).label if model else "",
        status=_status(generation),
        hidden_at=message.hidden_at,
        siblings=siblings,
        attachments=attachments,
        case_id=case_id,
        is_flagged=is_flagged,
        is_unformatted=is_unformatted(message, html),
    )


def _status(generation: Generation | None) -> str | Promise:
    if generation is None or generation.status == Generation.Status.COMPLETE:
        return ""
    return generation.get_status_display()


def _html(message: Message, draft: str) -> SafeString:
    return render(message.content + draft) if draft else html_of(message)
