"""A conversation as a file to keep: the whole tree as JSON, the current branch as Markdown or as an HTML page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import inf
from pathlib import Path
from time import thread_time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.models import Attachment, Conversation, Generation, Message
from conversations.presentation import MessageView, present
from conversations.rendering import budget
from conversations.text import says_something
from conversations.transfer.contained import contained, in_a_line
from conversations.transfer.formats.own import FORMAT, VERSION
from providers import model_info

STYLES = ("tokens", "base", "conversation")
SHOWN_AT_ONCE = 500
EXPORT_SECONDS = 20.0  # of CPU for the texts of a conversation; what there is no time for is as it was written
_STYLE_PLACE = "/* The product's own styles. */"


@dataclass(frozen=True, slots=True)
class Gathered:
    """A conversation with all its messages in the order they were written; of hidden ones, only that they are there.

    `drafts` are the answers that are being written just now, by message.
    """

    conversation: Conversation
    messages: list[Message]
    drafts: dict[int, Generation]
    attachments: dict[int, list[Attachment]]

    def content(self, message: Message) -> str:
        if message.hidden_at is not None:
            return _("[A moderator has hidden this message.]")
        draft = self.drafts.get(message.pk)
        return message.content + (draft.draft if draft else "")

    def reasoning(self, message: Message) -> str:
        if message.hidden_at is not None:
            return ""
        draft = self.drafts.get(message.pk)
        return message.reasoning + (draft.draft_reasoning if draft else "")

    def files(self, message: Message) -> list[Attachment]:
        return self.attachments.get(message.pk, []) if message.hidden_at is None else []

    def branch(self) -> list[Message]:
        """The current branch, oldest first."""
        by_id = {message.pk: message for message in self.messages}
        found: list[Message] = []
        at = self.conversation.leaf_id
        while at is not None and at in by_id:
            found.append(by_id[at])
            at = by_id[at].parent_id
        return found[::-1]


def gather(conversation: Conversation) -> Gathered:
    return gather_all([conversation])[0]


def gather_all(conversations: Sequence[Conversation]) -> list[Gathered]:
    """Three queries, however many there are and however long they are."""
    messages: dict[UUID, list[Message]] = {}
    for message in Message.objects.filter(conversation__in=conversations).defer("html").order_by("pk"):
        messages.setdefault(message.conversation_id, []).append(message)
    drafts: dict[UUID, dict[int, Generation]] = {}
    for draft in Generation.objects.open().filter(conversation__in=conversations):
        drafts.setdefault(draft.conversation_id, {})[draft.message_id] = draft
    attachments = _attachments(conversations)
    return [Gathered(c, messages.get(c.pk, []), drafts.get(c.pk, {}), attachments) for c in conversations]


def _attachments(conversations: Sequence[Conversation]) -> dict[int, list[Attachment]]:
    found: dict[int, list[Attachment]] = {}
    files = Attachment.objects.filter(message__conversation__in=conversations)
    for file in files.only("message", "name", "media_type", "size").order_by("created_at", "pk"):
        if file.message_id is not None:
            found.setdefault(file.message_id, []).append(file)
    return found


def as_json(gathered: Gathered) -> str:
    """One line of JSON in the format of docs/data-model.md."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": timezone.now().isoformat(),
        "conversation": _conversation(gathered),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _conversation(gathered: Gathered) -> dict[str, Any]:
    conversation = gathered.conversation
    return {
        "id": str(conversation.pk),
        "title": conversation.title,
        "created_at": conversation.created_at.isoformat(),
        "updated_at": conversation.updated_at.isoformat(),
        "settings": {
            "model": conversation.model,
            "temperature": conversation.temperature,
            "max_tokens": conversation.max_tokens,
            "streaming": conversation.streaming,
            "system_prompt": conversation.system_prompt,
            "cache_answers": conversation.cache_answers,
        },
        "folder": conversation.folder.name if conversation.folder else None,
        "pinned": conversation.pinned_at is not None,
        "archived": conversation.archived_at is not None,
        "source": conversation.source,
        "source_id": conversation.source_id,
        "leaf": conversation.leaf_id,
        "messages": [_message(gathered, message) for message in gathered.messages],
    }


def _message(gathered: Gathered, message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "parent": message.parent_id,
        "role": message.role,
        "content": gathered.content(message),
        "reasoning": gathered.reasoning(message),
        "model": message.model,
        "created_at": message.created_at.isoformat(),
        "attachments": [{"name": f.name, "media_type": f.media_type, "size": f.size} for f in gathered.files(message)],
        "source_id": message.source_id,
        **({"hidden": True} if message.hidden_at is not None else {}),
    }


def as_markdown(gathered: Gathered, seconds: float = inf) -> str:
    """The current branch, in the language of the reader. No text in it swallows what follows (see contained.py).

    What so many seconds of CPU are not enough for stands in a fence, as it was written.
    """
    with budget.limit(seconds):
        return _markdown(gathered)


def _markdown(gathered: Gathered) -> str:
    conversation = gathered.conversation
    parts = [f"# {in_a_line(title_of(conversation))}", _moment(conversation.created_at)]
    if conversation.system_prompt:
        parts += [f"## {_('System prompt')}", contained(conversation.system_prompt, 0, is_markdown=False)]
    for number, message in enumerate(gathered.branch(), 1):
        parts += _as_markdown(gathered, message, number)
    return "\n\n".join(parts) + "\n"


def _as_markdown(gathered: Gathered, message: Message, number: int) -> list[str]:
    is_answer = message.role == Message.Role.ASSISTANT
    heading = _("Answer") if is_answer else _("Question")
    if message.model:
        heading += f" · {in_a_line(model_info(message.model).label)}"
    parts = [f"## {heading}", _moment(message.created_at)]
    if reasoning := gathered.reasoning(message).strip():
        thoughts = contained(reasoning, number, is_markdown=False)
        parts.append("\n".join(f"> {line}".rstrip() for line in [f"**{_('Thoughts')}**", "", *thoughts.splitlines()]))
    parts += [f"\\[{in_a_line(file.name)}]" for file in gathered.files(message)]
    content = gathered.content(message)
    is_empty = is_answer and not says_something(content)
    return [*parts, _("[This answer has no text.]") if is_empty else contained(content, number, is_answer)]


def _moment(moment: datetime) -> str:
    return f"*{date_format(timezone.localtime(moment), 'DATETIME_FORMAT')}*"


def as_html(gathered: Gathered) -> str:
    """The current branch as a page that needs nothing else and runs nothing."""
    context = {
        "title": title_of(gathered.conversation),
        "conversation": gathered.conversation,
        "messages": _shown(gathered.branch()),
    }
    page = render_to_string("conversations/transfer/export.html", context)
    return page.replace(_STYLE_PLACE, _styles(), 1)


def _shown(branch: list[Message]) -> list[MessageView]:
    """As pages show them; a few queries for each so many, since a database takes only so many ids at once."""
    views: list[MessageView] = []
    end = thread_time() + EXPORT_SECONDS
    for start in range(0, len(branch), SHOWN_AT_ONCE):
        ids = [message.pk for message in branch[start : start + SHOWN_AT_ONCE]]
        with_html = Message.objects.in_bulk(ids)  # which only a page needs
        views += present([with_html[pk] for pk in ids if pk in with_html], seconds=end - thread_time())
    return views


@cache
def _styles() -> str:
    folder = Path(settings.BASE_DIR) / "static" / "css"
    return "\n".join((folder / f"{name}.css").read_text() for name in STYLES)


def title_of(conversation: Conversation) -> str:
    return conversation.title or _("Untitled")
