"""Branches: those that a stale page makes, and those that become a conversation of their own."""

import uuid

import pytest
from django.test import Client

from accounts.models import User
from conversations.branching import branch_off
from conversations.models import Conversation, Message
from conversations.submission import submit_message
from tests.conversations.conftest import MODEL, converse
from tests.conversations.tree.conftest import HTMX, Form, _add, _messages, _url

pytestmark = pytest.mark.usefixtures("provider")


# --- Stale pages ------------------------------------------------------------------------------------------------


def _ask(client: Client, conversation: Conversation, form: Form, parent: object) -> Message:
    response = client.post(f"/c/{conversation.pk}/messages/", form("And?", parent=str(parent)), headers=HTMX)
    assert response.status_code == 200
    return Message.objects.filter(conversation=conversation, role="user").latest("id")


def test_a_page_that_shows_less_makes_a_branch(alice_client: Client, alice: User, form: Form) -> None:
    conversation = converse(alice, "a", "b", "c", "d")
    shown = _messages(conversation)[1]
    asked = _ask(alice_client, conversation, form, shown.pk)
    assert asked.parent == shown
    conversation.refresh_from_db()
    assert conversation.leaf
    assert conversation.leaf.parent == asked
    assert conversation.messages.count() == 6


def test_the_branch_of_a_stale_page_has_its_arrows_at_once(alice_client: Client, alice: User, form: Form) -> None:
    conversation = converse(alice, "a", "b", "c", "d")
    sent = form("And?", parent=str(_messages(conversation)[1].pk))
    html = alice_client.post(f"/c/{conversation.pk}/messages/", sent, headers=HTMX).content.decode()
    assert "2 / 2" in html


@pytest.mark.parametrize("parent", ["", "x", "0", "-3", "9" * 30, "1.5"])
def test_whatever_else_a_page_says_the_question_follows_the_leaf(
    alice_client: Client, conversation: Conversation, form: Form, parent: str
) -> None:
    assert _ask(alice_client, conversation, form, parent).parent_id == conversation.leaf_id


def test_a_message_of_another_conversation_is_no_parent(
    alice_client: Client, alice: User, conversation: Conversation, form: Form
) -> None:
    elsewhere = converse(alice, "elsewhere", "answer")
    assert _ask(alice_client, conversation, form, elsewhere.leaf_id).parent_id == conversation.leaf_id


def test_the_page_carries_its_leaf(alice_client: Client, alice: User) -> None:
    conversation = converse(alice, *[f"message {i}" for i in range(40)])
    field = '<input type="hidden" name="parent" value="{}">'
    assert field.format(conversation.leaf_id) in alice_client.get(f"/c/{conversation.pk}/").content.decode()
    earlier = alice_client.get(f"/c/{conversation.pk}/messages/", {"before": _messages(conversation)[20].pk})
    assert field.format("") in earlier.content.decode()


# --- A conversation of its own ----------------------------------------------------------------------------------


def test_branching_off_copies_the_path_to_the_message(alice_client: Client, alice: User) -> None:
    conversation = converse(alice, "a", "b *c*", "d", "e")
    Conversation.objects.update(temperature=0.2, system_prompt="Be brief.")
    Message.objects.filter(content="b *c*").update(reasoning="Hm.", model=MODEL)
    question, answer, *_ = originals = _messages(conversation)
    _add(conversation, question, "assistant", "not on the path")
    response = alice_client.post(_url(conversation, answer, "branch"), headers={"Accept-Language": "en"})
    copy = Conversation.objects.exclude(pk=conversation.pk).get()
    assert response["Location"] == f"/c/{copy.pk}/"
    copies = _messages(copy)
    for old, new in zip(originals[:2], copies, strict=True):
        for field in ("role", "content", "reasoning", "html", "model", "created_at"):
            assert getattr(new, field) == getattr(old, field)
    assert [m.parent_id for m in copies] == [None, copies[0].pk]
    assert copy.leaf == copies[-1]
    assert (copy.owner, copy.temperature, copy.system_prompt) == (alice, 0.2, "Be brief.")
    assert copy.title == "a (branch)"
    assert conversation.messages.count() == 5


def test_htmx_gets_the_new_pane_and_its_entry(alice_client: Client, conversation: Conversation) -> None:
    response = alice_client.post(_url(conversation, conversation.leaf_id, "branch"), headers=HTMX)
    copy = Conversation.objects.exclude(pk=conversation.pk).get()
    html = response.content.decode()
    assert response["HX-Push-Url"] == f"/c/{copy.pk}/"
    assert f'data-conversation-id="{copy.pk}"' in html
    assert f'<li id="conversation-{copy.pk}"' in html


def test_branching_off_costs_the_same_for_any_length(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    counts = []
    for length in (2, 400):
        conversation = converse(alice, *[f"message {i}" for i in range(length)])
        last = conversation.messages.latest("id")
        with django_assert_num_queries(8):
            copy = branch_off(alice, conversation, last)
        counts.append(len(Message.objects.branch(copy.pk, copy.leaf_id, 1000)))
    assert counts == [2, 400]


def test_a_long_title_still_says_that_it_is_a_branch(alice: User, conversation: Conversation) -> None:
    conversation.title = "x" * 120
    title = branch_off(alice, conversation, _messages(conversation)[0]).title
    assert len(title) == 120
    assert title.endswith(")")


def test_an_answer_in_progress_cannot_be_branched_off(alice_client: Client, alice: User) -> None:
    new = Conversation(owner=alice, model=MODEL)
    submission = submit_message(alice, new, "Hello", uuid.uuid4())
    url = _url(new, submission.answer, "branch")  # type: ignore[union-attr]
    assert alice_client.post(url, headers=HTMX).status_code == 422
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize("command", ["select", "branch", "menu", "edit"])
def test_no_such_message(alice_client: Client, conversation: Conversation, command: str) -> None:
    call = alice_client.get if command == "menu" else alice_client.post
    for message in (999_999, 2**70):
        assert call(_url(conversation, message, command)).status_code == 404
