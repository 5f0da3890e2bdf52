"""No model reads what is hidden, and what is left is still a conversation that both wire formats take."""

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from conversations import moderating
from conversations.generation.prompt import without_hidden
from conversations.models import Conversation, Generation, Message
from conversations.submission import submit_message
from tests.conversations.conftest import MODEL, converse
from tests.conversations.generation.test_runner import end_of
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine")]
TEXTS = ("first question", "first answer", "second question", "second answer")


def _texts(content: Any) -> str:
    return content if isinstance(content, str) else " ".join(part["text"] for part in content)


async def _asked(alice: User, provider: ScriptedProvider, model: str, hidden: str) -> list[tuple[str, str]]:
    """The turns that the provider was sent with one more question, after the message with that text was hidden."""
    conversation = await sync_to_async(converse)(alice, *TEXTS, model=model)
    await sync_to_async(moderating.hide)(await Message.objects.aget(content=hidden))
    await sync_to_async(submit_message)(alice, conversation, "third question", uuid.uuid4())
    assert (await end_of(await Generation.objects.alatest("id"))).status == "complete"
    return [(turn["role"], _texts(turn["content"])) for turn in provider.chats[-1].body["messages"]]


async def test_a_hidden_question_takes_its_answer_along(alice: User, provider: ScriptedProvider) -> None:
    expected = [("user", "first question"), ("assistant", "first answer"), ("user", "third question")]
    assert await _asked(alice, provider, MODEL, "second question") == expected


async def test_so_it_does_for_anthropic(alice: User, provider: ScriptedProvider) -> None:
    expected = [("user", "second question"), ("assistant", "second answer"), ("user", "third question")]
    assert await _asked(alice, provider, "anthropic/claude-scripted", "first question") == expected


async def test_a_hidden_answer_goes_alone(alice: User, provider: ScriptedProvider) -> None:
    turns = await _asked(alice, provider, MODEL, "second answer")
    assert [text for _role, text in turns] == ["first question", "first answer", "second question", "third question"]


async def test_anthropic_still_gets_alternating_turns(alice: User, provider: ScriptedProvider) -> None:
    turns = await _asked(alice, provider, "anthropic/claude-scripted", "second answer")
    assert [role for role, _text in turns] == ["user", "assistant", "user"]
    assert "second question" in turns[-1][1]
    assert "third question" in turns[-1][1]


@pytest.mark.django_db(transaction=False)
def test_a_branch_of_nothing_but_hidden_ones_is_empty(alice: User) -> None:
    conversation: Conversation = converse(alice, "question", "answer")
    for message in Message.objects.all():
        moderating.hide(message)
    assert without_hidden(Message.objects.branch(conversation.pk, conversation.leaf_id, 9)) == []
