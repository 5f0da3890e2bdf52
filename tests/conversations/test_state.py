"""How a conversation stands, asked over HTTP by pages whose websocket says nothing; and a fresh token."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Generation, Message
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _url(conversation: Conversation | uuid.UUID) -> str:
    return f"/c/{getattr(conversation, 'pk', conversation)}/state/"


@pytest.fixture
def open_answer(alice: User) -> Generation:
    conversation = converse(alice, "A question", "")
    answer = Message.objects.get(pk=conversation.leaf_id)
    return Generation.objects.create(
        conversation=conversation,
        message=answer,
        model="openai/scripted",
        status=Generation.Status.RUNNING,
        draft="Some **bold** words",
        draft_reasoning="Hm <b>",
        seq=25,
        temperature=1.0,
        max_tokens=100,
    )


def test_an_answer_in_progress(alice_client: Client, open_answer: Generation) -> None:
    state = alice_client.get(_url(open_answer.conversation)).json()

    assert (state["leaf"], state["s"], state["q"]) == (open_answer.message_id, "running", 25)
    assert "<strong>bold</strong>" in state["b"]
    assert state["r"] == "Hm <b>"


def test_nothing_is_told_twice_until_there_is_more(alice_client: Client, open_answer: Generation) -> None:
    url = _url(open_answer.conversation)
    mark = alice_client.get(url).json()["mark"]

    again = alice_client.get(url, {"seen": mark})
    assert (again.status_code, again.content) == (204, b"")

    Generation.objects.filter(pk=open_answer.pk).update(seq=26, draft="Some **bold** words.")
    assert alice_client.get(url, {"seen": mark}).json()["q"] == 26


@pytest.mark.parametrize("change", ["ended", "hidden", "locked", "asked elsewhere"])
def test_whatever_changes_is_told(alice: User, alice_client: Client, open_answer: Generation, change: str) -> None:
    conversation = open_answer.conversation
    url = _url(conversation)
    mark = alice_client.get(url).json()["mark"]
    if change == "ended":
        Generation.objects.update(status=Generation.Status.COMPLETE)
    elif change == "hidden":
        Message.objects.filter(pk=open_answer.message_id).update(hidden_at=timezone.now())
    elif change == "locked":
        Conversation.objects.update(locked_at=timezone.now())
    else:
        question = Message.objects.create(
            conversation=conversation, parent_id=open_answer.message_id, role=Message.Role.USER, content="More"
        )
        Conversation.objects.update(leaf=question)

    state = alice_client.get(url, {"seen": mark}).json()

    assert state["mark"] != mark
    assert state["locked"] is (change == "locked")
    assert (open_answer.message_id in state["hidden"]) is (change == "hidden")
    assert "bold" not in state.get("b", "") or change == "locked"


def test_a_conversation_to_be_has_nothing_to_tell(alice_client: Client) -> None:
    assert alice_client.get(_url(uuid.uuid4())).json()["leaf"] is None


def test_nobody_elses(alice: User, bob: User, client: Client, open_answer: Generation) -> None:
    client.force_login(bob)
    assert client.get(_url(open_answer.conversation)).status_code == 404


def test_it_costs_few_queries(alice_client: Client, open_answer: Generation, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    alice_client.get(_url(open_answer.conversation))  # notes that she was here
    with django_assert_max_num_queries(8):
        alice_client.get(_url(open_answer.conversation))


def test_logged_out_the_page_goes_to_the_login_and_back(client: Client) -> None:
    page = f"http://testserver/c/{uuid.uuid4()}/"
    for url in (_url(uuid.uuid4()), "/session/"):
        response = client.get(url, headers=HTMX | {"HX-Current-URL": page})
        assert response["HX-Redirect"] == f"/accounts/login/?next={page.removeprefix('http://testserver')}"


def test_a_fresh_token_is_taken(alice: User, conversation: Conversation) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    url = f"/c/{conversation.pk}/pin/"
    refused = strict.post(url, headers=HTMX | {"X-CSRFToken": "x" * 64})
    assert (refused.status_code, refused["X-CSRF-Refused"]) == (403, "true")

    session = strict.get("/session/", headers=HTMX)

    assert session.json()["person"] == str(alice.pk)
    assert "no-store" in session["Cache-Control"]
    assert strict.post(url, headers=HTMX | {"X-CSRFToken": session.json()["token"]}).status_code == 200


def test_a_command_of_somebody_elses_page_is_not_done(
    alice: User, alice_client: Client, bob: User, conversation: Conversation
) -> None:
    url = f"/c/{conversation.pk}/pin/"

    response = alice_client.post(url, headers=HTMX | {"X-Person": str(bob.pk)})

    assert (response.status_code, response["HX-Redirect"]) == (409, "/")
    assert not Conversation.objects.filter(pinned_at__isnull=False).exists()
    assert alice_client.post(url, headers=HTMX | {"X-Person": str(alice.pk)}).status_code == 200
