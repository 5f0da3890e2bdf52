"""Sending files with a message, and showing them with it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from conversations import attachments
from conversations.generation.frames import Key
from conversations.models import Attachment, Conversation, Message, WaitingMessage
from conversations.queueing import ask
from conversations.waiting import submit_next, take_back
from tests.conversations.conftest import MODEL, converse
from tests.conversations.pictures import kept as keep
from tests.conversations.pictures import picture, upload

pytestmark = pytest.mark.usefixtures("provider")
Form = Callable[..., dict[str, Any]]
HTMX = {"HX-Request": "true", "Accept-Language": "en"}


def _send(client: Client, form: dict[str, str], *ids: object, conversation: object = "", **headers: str) -> Any:
    sent = form | {"attachment": [str(one) for one in ids]}
    return client.post(f"/c/{conversation or uuid.uuid4()}/messages/", sent, headers=headers or HTMX)


def test_files_go_with_the_question_and_are_shown_above_it(alice: User, alice_client: Client, form: Form) -> None:
    image, text = keep(alice), keep(alice, "notes.md", b"# Notes")
    conversation_id = uuid.uuid4()
    answer = _send(alice_client, form("Look"), image.pk, text.pk, conversation=conversation_id)
    question = Message.objects.get(role="user")
    assert set(question.attachments.all()) == {image, text}
    page = alice_client.get(f"/c/{conversation_id}/").content.decode()
    for html in (answer.content.decode(), page):
        assert f'<img src="/attachments/{image.pk}/" width="40" height="30" loading="lazy" alt="cat.png">' in html
        assert f'href="/attachments/{text.pk}/" download' in html
        assert html.index("notes.md") < html.index("data-message-body id=")


def test_a_message_may_be_its_files_alone(alice: User, alice_client: Client, form: Form) -> None:
    assert _send(alice_client, form(""), keep(alice, "cat.png").pk).status_code == 200
    assert Message.objects.get(role="user").content == ""
    assert Conversation.objects.get().title == "cat.png"


def test_without_text_and_files_it_is_still_refused(alice_client: Client, form: Form) -> None:
    response = _send(alice_client, form(" "))
    assert response.status_code == 422
    assert "Write a message first." in response.content.decode()


@pytest.mark.parametrize("wrong", ["foreign", "missing", "malformed"])
def test_a_file_that_is_not_there_or_not_hers_is_not_found(
    alice: User, bob: User, alice_client: Client, form: Form, wrong: str
) -> None:
    ids: dict[str, object] = {"foreign": keep(bob).pk, "missing": uuid.uuid4(), "malformed": "1 or 1=1"}
    assert _send(alice_client, form("Look"), ids[wrong]).status_code == 404
    assert not Message.objects.exists()


def test_a_file_goes_with_one_message_only(alice: User, alice_client: Client, form: Form) -> None:
    kept = keep(alice)
    _send(alice_client, form("Look"), kept.pk)
    response = _send(alice_client, form("Look again"), kept.pk)
    assert response.status_code == 422
    assert "already sent with another message" in response.content.decode()
    assert Message.objects.filter(role="user").count() == 1
    assert Conversation.objects.count() == 1


def test_a_retry_of_the_same_message_is_the_same_message(alice: User, alice_client: Client, form: Form) -> None:
    kept, sent, conversation_id = keep(alice), form("Look"), uuid.uuid4()
    for _ in range(2):
        assert _send(alice_client, sent, kept.pk, conversation=conversation_id).status_code == 200
    assert Message.objects.filter(role="user").count() == 1


def test_eleven_files_are_too_many(alice: User, alice_client: Client, form: Form) -> None:
    ids = [keep(alice, f"{number}.txt", b"1").pk for number in range(11)]
    response = _send(alice_client, form("Look"), *ids)
    assert response.status_code == 422
    assert "At most 10 files go with one message." in response.content.decode()
    assert _send(alice_client, form("Look"), *ids[:10]).status_code == 200


def test_a_model_that_does_not_see_gets_no_image(alice: User, alice_client: Client, form: Form) -> None:
    image, text = keep(alice), keep(alice, "notes.md", b"# Notes")
    blind = {"model": "openai/gpt-3.5-turbo", "temperature": "1", "max_tokens": "500"}
    response = _send(alice_client, form("Look", **blind), image.pk)
    assert response.status_code == 422
    assert "cannot see images. Choose a model that can, or remove the images." in response.content.decode()
    assert not Message.objects.exists()
    assert _send(alice_client, form("Look", **blind), text.pk).status_code == 200


def test_without_javascript_files_come_with_the_message(alice: User, alice_client: Client, form: Form) -> None:
    sent = form("Look") | {"file": [upload("cat.png", picture()), upload("notes.md", b"# Notes")]}
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", sent)
    assert response.status_code == 302
    assert Message.objects.get(role="user").attachments.count() == 2


def test_without_javascript_a_refusal_keeps_text_and_good_files(alice: User, alice_client: Client, form: Form) -> None:
    sent = form("Look at this") | {"file": [upload("cat.png", picture()), upload("b.pdf", b"%PDF-1.7")]}
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", sent, headers={"Accept-Language": "en"})
    html, kept = response.content.decode(), Attachment.objects.get()
    assert response.status_code == 422
    assert "“b.pdf” cannot be read." in html
    assert "Look at this</textarea>" in html
    assert f'name="attachment" value="{kept.pk}" checked' in html
    assert not Message.objects.exists()


def test_files_wait_with_a_question_that_waits(alice: User) -> None:
    conversation = converse(alice, "One", "Two")
    waiting = WaitingMessage.objects.create(conversation=conversation, content="Look", client_id=uuid.uuid4())
    kept = keep(alice)
    attachments.attach([kept], waiting=waiting)
    assert not Attachment.objects.unsent().exists()
    with pytest.raises(attachments.AlreadySent):
        ask(conversation, conversation.leaf_id, "Mine too", uuid.uuid4(), MODEL, [kept])


def test_a_waiting_question_that_is_taken_back_gives_its_files_back(alice: User, alice_client: Client) -> None:
    conversation = converse(alice, "One", "Two")
    waiting = WaitingMessage.objects.create(conversation=conversation, content="Look", client_id=uuid.uuid4())
    kept = keep(alice)
    attachments.attach([kept], waiting=waiting)
    assert f'data-files="{kept.pk} "' in alice_client.get(f"/c/{conversation.pk}/").content.decode()
    assert take_back(conversation, waiting.pk)
    assert list(Attachment.objects.unsent()) == [kept]


def test_a_waiting_question_takes_its_files_along_when_it_is_asked(alice: User) -> None:
    conversation = converse(alice, "One", "Two")
    waiting = WaitingMessage.objects.create(conversation=conversation, content="Look", client_id=uuid.uuid4())
    kept = keep(alice)
    attachments.attach([kept], waiting=waiting)
    submission = submit_next(Key(alice.pk, conversation.pk))
    assert submission
    assert list(submission.question.attachments.all()) == [kept]


def test_copies_share_a_file_that_goes_with_the_last_of_them(
    alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = (converse(alice, "One").messages.get() for _ in range(2))
    kept = keep(alice)
    attachments.attach([kept], message=first)
    attachments.copy({first.pk: second.pk})
    [copied] = second.attachments.all()
    assert (copied.name, copied.file.name, copied.owner) == (kept.name, kept.file.name, alice)
    for message, is_there in ((first, True), (second, False)):
        with django_capture_on_commit_callbacks(execute=True):
            message.delete()
        assert default_storage.exists(kept.file.name) == is_there


def test_a_page_reads_all_attachments_with_one_query(alice: User, alice_client: Client) -> None:
    few, many = converse(alice, *"ab"), converse(alice, *"abcdefgh")
    for conversation in (few, many):
        for message in conversation.messages.filter(role="user"):
            attachments.attach([keep(alice, "1.txt", b"1"), keep(alice)], message=message)
    plain = converse(alice, *"abcdefgh")
    alice_client.get("/")
    counts = []
    for conversation in (plain, few, many):
        with CaptureQueriesContext(connection) as counted:
            alice_client.get(f"/c/{conversation.pk}/")
        counts.append(len(counted))
    assert counts == [counts[0], counts[0] + 1, counts[0] + 1]


def test_what_was_sent_cannot_be_taken_back(alice: User, alice_client: Client, form: Form) -> None:
    kept = keep(alice)
    _send(alice_client, form("Look"), kept.pk)
    assert alice_client.post(f"/attachments/{kept.pk}/delete/").status_code == 404
    assert Attachment.objects.exists()
