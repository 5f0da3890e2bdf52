"""Messages as pages show them: one view object each, at a constant number of queries for any number of messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from conversations.attachments import by_message
from conversations.models import Attachment, Generation, Message
from conversations.rendered import PAGE_SECONDS, complete, html_of, is_unformatted
from conversations.rendering import budget, render, render_plain
from conversations.siblings import ALONE, Siblings, siblings_of
from conversations.text import says_something
from providers import ErrorText, describe, model_info

Status = Generation.Status
SAID_FINISHES = ("length", "content_filter", "refusal", "tool_call")
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
    finish_word: str
    is_empty: bool
    earlier_left_out: bool
    created_at: datetime
    siblings: Siblings
    attachments: Sequence[Attachment] = ()
    is_hidden: bool = False
    is_cached: bool = False
    is_unformatted: bool = False  # shown as it was written
    asked_first_label: str = ""  # the model that was to answer, where another one did

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
        return self.is_answer and cut and bool(self.html) and not self.is_hidden

    @property
    def can_regenerate(self) -> bool:
        return self.is_answer and not self.is_open

    @property
    def has_ended_otherwise(self) -> bool:
        """Not by coming to its own end with something said: the page says how."""
        if self.failure or self.status in ENDED_EARLY:
            return True
        return self.is_answer and (self.finish_reason in SAID_FINISHES or bool(self.finish_word) or self.is_empty)


def present(messages: Sequence[Message], seconds: float = PAGE_SECONDS) -> list[MessageView]:
    """Two queries: the generations of `messages`, which are of one conversation, and their siblings.

    One more where an answer ended in between, one where there are attachments, and one that keeps the HTML of answers
    that had none. `seconds` of CPU are for these, and as many for what is shown as it was written or is being written.
    """
    answers = [message.pk for message in messages if message.role == Message.Role.ASSISTANT]
    found = list(Generation.objects.filter(message_id__in=answers).order_by("id"))
    generations = {generation.message_id: generation for generation in found}
    messages = _as_ended(messages, found)
    finished = (m for m in messages if m.pk not in generations or not generations[m.pk].draft)
    complete([message for message in finished if message.hidden_at is None], seconds)
    siblings, attached = siblings_of(messages), by_message(messages)
    with budget.limit(max(seconds, 0)):
        return [
            view_of(message, generations.get(message.pk), siblings[message.pk], attached.get(message.pk, ()))
            for message in messages
        ]


def _as_ended(messages: Sequence[Message], generations: Sequence[Generation]) -> Sequence[Message]:
    """`messages`, those read anew whose end was written after they were read and before their generations were."""
    moved: Counter[int] = Counter()
    for generation in generations:
        moved[generation.message_id] += generation.kept_text
    late = [message.pk for message in messages if moved[message.pk] > len(message.content)]
    if not late:
        return messages
    ended = Message.objects.in_bulk(late)
    return [ended.get(message.pk, message) for message in messages]


def view_of(
    message: Message,
    generation: Generation | None,
    siblings: Siblings = ALONE,
    attachments: Sequence[Attachment] = (),
) -> MessageView:
    """One message with its last generation; of a hidden one, only that there is one. No query."""
    if message.hidden_at is not None:
        return _hidden(message, generation, siblings)
    failed = generation is not None and generation.status == Status.FAILED
    html = _html(message, generation)
    model = generation.model if generation else message.model
    return MessageView(
        id=message.pk,
        conversation_id=message.conversation_id,
        role=message.role,
        status=generation.status if generation else Status.COMPLETE,
        seq=generation.seq if generation else 0,
        html=html,
        reasoning=message.reasoning + (generation.draft_reasoning if generation else ""),
        model_label=model_info(model).label if model else "",
        failure=describe(generation.error_code, generation.retry_after, generation.model)
        if failed and generation
        else None,
        finish_reason=generation.finish_reason if generation else "",
        finish_word=generation.error_code if generation and generation.finish_reason == "other" else "",
        is_empty=_is_empty(message, generation),
        earlier_left_out=generation is not None and generation.earlier_left_out,
        created_at=message.created_at,
        siblings=siblings,
        attachments=attachments,
        is_cached=generation is not None and generation.cached,
        is_unformatted=is_unformatted(message, html),
        asked_first_label=model_info(generation.fallback_for).label if generation and generation.fallback_for else "",
    )


def _hidden(message: Message, generation: Generation | None, siblings: Siblings) -> MessageView:
    """Nothing of its text is in it, so that no template can show any."""
    return MessageView(
        id=message.pk,
        conversation_id=message.conversation_id,
        role=message.role,
        status=generation.status if generation else Status.COMPLETE,
        seq=0,
        html=render_plain(""),
        reasoning="",
        model_label="",
        failure=None,
        finish_reason="",
        finish_word="",
        is_empty=False,
        earlier_left_out=False,
        created_at=message.created_at,
        siblings=siblings,
        is_hidden=True,
    )


def _is_empty(message: Message, generation: Generation | None) -> bool:
    """An answer that is complete and says nothing that can be seen."""
    if message.role == Message.Role.USER or (generation is not None and generation.status != Status.COMPLETE):
        return False
    return not says_something(message.content)


def _html(message: Message, generation: Generation | None) -> SafeString:
    """Finished messages were rendered once; only an answer in progress is rendered anew."""
    if generation is not None and generation.draft:
        return render(message.content + generation.draft)
    return html_of(message)


def message_fragment(message: Message) -> str:
    """A whole message for the websocket, in the place of the one that is shown; with a first one, the title."""
    [view] = present([message])
    context = {
        "message": view,
        "conversation": message.conversation,
        "oob": True,
        "is_first": message.parent_id is None,
    }
    return render_to_string("conversations/renewed.html", context)


def footer_html(view: MessageView) -> str:
    """The foot of a message for the websocket: replaces the one that is shown."""
    return render_to_string("conversations/footer.html", {"message": view, "oob": True})
