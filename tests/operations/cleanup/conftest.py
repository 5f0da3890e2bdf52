"""Things whose time has come, and a pace without rests."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Generation, Message, Share
from operations.cleanup import pacing


@pytest.fixture(autouse=True)
def without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SHORTEST_REST", 0)
    monkeypatch.setattr(pacing, "LONGEST_REST", 0)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def cleanup() -> Callable[..., dict[str, Any]]:
    """Runs the command and gives its report."""

    def run(*arguments: str) -> dict[str, Any]:
        out = StringIO()
        call_command("cleanup", "--json", *arguments, stdout=out)
        report: dict[str, Any] = json.loads(out.getvalue())
        return report

    return run


def ago(**time: float) -> Any:
    return timezone.now() - timedelta(**time)


def chat(owner: User, turns: int = 1, **fields: Any) -> Conversation:
    """A conversation with a line of finished turns, each answer with its generation."""
    conversation = Conversation.objects.create(owner=owner, title="A line", **fields)
    parent = None
    for number in range(turns):
        question = Message.objects.create(conversation=conversation, parent=parent, role="user", content=f"q{number}")
        parent = Message.objects.create(conversation=conversation, parent=question, role="assistant", content="a")
        Generation.objects.create(
            conversation=conversation, message=parent, status="complete", model="openai/scripted", max_tokens=100
        )
    conversation.leaf = parent
    conversation.save(update_fields=["leaf"])
    return conversation


def share_of(conversation: Conversation, **fields: Any) -> Share:
    return Share.objects.create(conversation=conversation, leaf=conversation.leaf, leaf_length=1, **fields)
