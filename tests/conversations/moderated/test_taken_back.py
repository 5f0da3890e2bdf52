"""What is queued for somebody who may no longer ask. No engine runs here: its poll would be free to begin it first."""

import pytest

from accounts.models import User
from conversations import moderating
from conversations.generation import records
from conversations.models import Generation, Message
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db


def test_a_queued_answer_of_a_suspended_person_is_never_begun(alice: User, bob: User) -> None:
    hers, his = _queued(alice), _queued(bob)
    moderating.stop_answers_of(alice.pk)
    hers.refresh_from_db()
    assert hers.status == Generation.Status.STOPPED
    assert records.claim(hers.pk) is None
    assert records.queued_ids() == [his.pk]


def _queued(owner: User) -> Generation:
    conversation = converse(owner, "question")
    answer = Message.objects.create(conversation=conversation, parent=conversation.leaf, role="assistant")
    return Generation.objects.create(conversation=conversation, message=answer, model=conversation.model, max_tokens=9)
