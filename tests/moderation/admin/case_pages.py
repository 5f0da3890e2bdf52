"""The screen of a case as its moderator asks for it, and conversations for it to show."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from conversations.models import Attachment, Conversation, Message
from moderation.models import Case


def path_of(case: Case) -> str:
    return f"/admin/moderation/case/{case.pk}/"


def html_of(desk: Client, case: Case, **query: str) -> str:
    response = desk.get(path_of(case), query)
    assert response.status_code == 200
    return str(response.content.decode())


def act(desk: Client, case: Case, action: str, **data: Any) -> HttpResponse:
    """As the page with `case` on it asks: with the version that it showed."""
    values = {"action": action, "version": case.version, **data}
    return desk.post(path_of(case) + "act/", values)  # type: ignore[return-value]


def talk_on(case: Case, count: int) -> list[Message]:
    """`count` messages under the flagged one."""
    assert case.conversation
    leaf, made = case.message, []
    for number in range(count):
        role = ("user", "assistant")[number % 2]
        leaf = Message.objects.create(conversation=case.conversation, parent=leaf, role=role, content=f"Turn {number}")
        made.append(leaf)
    Conversation.objects.filter(pk=case.conversation.pk).update(leaf=leaf)
    return made


def attach(case: Case, *files: Attachment) -> None:
    """To the question before the flagged answer."""
    assert case.message
    Attachment.objects.filter(pk__in=[file.pk for file in files]).update(message=case.message.parent)
