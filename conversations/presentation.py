"""Messages as pages show them: one view object each, at a constant number of queries for any number of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from conversations.models import Generation, Message
from conversations.rendering import render, render_plain, stored
from providers import ErrorText, describe, model_info

Status = Generation.Status
ENDED_EARLY = (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)


@dataclass(frozen=True, slots=True)
class MessageView:
    """What message.html and footer.html read."""

    id: int
    conversation_id: object
    role: str
    status: str
    seq: int
    html: SafeString
    reasoning: str
    model_label: str
    failure: ErrorText | None
    finish_reason: str
    earlier_left_out: bool
    created_at: datetime

    @property
    def is_open(self) -> bool:
        return self.status in Generation.OPEN

    @property
    def is_answer(self) -> bool:
        return self.role == Message.Role.ASSISTANT

    @property
    def can_continue(self) -> bool:
        """There is a text to go on with, and it has not come to its own end."""
        cut = self.status in ENDED_EARLY or self.finish_reason == "length"
        return self.is_answer and cut and bool(self.html)

    @property
    def can_regenerate(self) -> bool:
        return self.is_answer and not self.is_open


def present(messages: Sequence[Message]) -> list[MessageView]:
    """One query: the generations of `messages`."""
    answers = [message.pk for message in messages if message.role == Message.Role.ASSISTANT]
    generations = {g.message_id: g for g in Generation.objects.filter(message_id__in=answers).order_by("id")}
    return [_view(message, generations.get(message.pk)) for message in messages]


def _view(message: Message, generation: Generation | None) -> MessageView:
    failed = generation is not None and generation.status == Status.FAILED
    model = generation.model if generation else message.model
    return MessageView(
        id=message.pk,
        conversation_id=message.conversation_id,
        role=message.role,
        status=generation.status if generation else Status.COMPLETE,
        seq=generation.seq if generation else 0,
        html=_html(message, generation),
        reasoning=message.reasoning + (generation.draft_reasoning if generation else ""),
        model_label=model_info(model).label if model else "",
        failure=describe(generation.error_code, generation.retry_after, generation.model)
        if failed and generation
        else None,
        finish_reason=generation.finish_reason if generation else "",
        earlier_left_out=generation is not None and generation.earlier_left_out,
        created_at=message.created_at,
    )


def _html(message: Message, generation: Generation | None) -> SafeString:
    """Finished messages were rendered once; only an answer in progress is rendered anew."""
    if message.role == Message.Role.USER:
        return render_plain(message.content)
    if generation is not None and generation.draft:
        return render(message.content + generation.draft)
    return stored(message.html) if message.html else render(message.content)


def footer_html(view: MessageView) -> str:
    """The foot of a message for the websocket: replaces the one that is shown."""
    return render_to_string("conversations/footer.html", {"message": view, "oob": True})
