"""A rule that blocks looks at everything that a person brings to a model, by whichever door."""

import uuid
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Preferences, User
from conversations import events
from conversations.models import Attachment, Conversation, Generation, Message, WaitingMessage
from moderation import matching
from moderation.models import Case, Rule
from tests.conversations.conftest import MODEL, converse

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("provider", "blocking")]
HTMX = {"HX-Request": "true", "Accept-Language": "en"}
SETTINGS = {"model": MODEL, "temperature": "0.7", "max_tokens": "1000", "streaming": "on"}
WORD = "forbidden"
WORDS = "a For\u200bbidden thing"


@pytest.fixture
def blocking(rule: Callable[..., Rule]) -> Rule:
    return rule(WORD, effect=Rule.Effect.BLOCK)


@pytest.fixture
def her(alice: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(alice)


def _message(text: str = "Hello", **more: str) -> dict[str, str]:
    return {"text": text, "client_id": str(uuid.uuid4())} | more


def _attached(her: Client, name: str = "notes.txt", text: str = "fine") -> str:
    file = SimpleUploadedFile(name, text.encode(), "text/plain")
    her.post("/attachments/", {"file": file}, headers=HTMX)
    return str(Attachment.objects.latest("created_at").pk)


def _nothing_was_asked() -> bool:
    return not Generation.objects.filter(status__in=Generation.OPEN).exists() and not WaitingMessage.objects.exists()


@pytest.mark.parametrize(("name", "text"), [("notes.txt", WORDS), (f"{WORD} plans.txt", "fine")])
def test_attached_texts_and_names_of_files(her: Client, name: str, text: str) -> None:
    sent = _message(attachment=_attached(her, name, text))
    answer = her.post(f"/c/{uuid.uuid4()}/messages/", sent, headers=HTMX)

    assert answer.status_code == 422
    assert "It stands in the file" in answer.content.decode()
    assert not Message.objects.exists()
    assert WORD in matching.folded(Case.objects.get().blocked_text)


def test_a_file_that_comes_with_the_form_itself(her: Client) -> None:
    file = SimpleUploadedFile("notes.txt", WORDS.encode(), "text/plain")
    assert her.post(f"/c/{uuid.uuid4()}/messages/", _message(file=file)).status_code == 422  # type: ignore[arg-type]
    assert not Message.objects.exists()


def test_files_of_a_question_that_would_wait(alice: User, her: Client) -> None:
    conversation = converse(alice, "question", "answer")
    asked = {"model": MODEL, "temperature": 0.7, "max_tokens": 100, "message_id": conversation.leaf_id}
    Generation.objects.create(conversation=conversation, status="running", **asked)
    sent = _message(attachment=_attached(her, text=WORDS))
    assert her.post(f"/c/{conversation.pk}/messages/", sent, headers=HTMX).status_code == 422
    assert not WaitingMessage.objects.exists()


def test_files_that_come_along_when_a_question_is_worded_anew(alice: User, her: Client) -> None:
    conversation = converse(alice, "question", "answer")
    question = Message.objects.get(role="user")
    Attachment.objects.filter(pk=_attached(her, text=WORDS)).update(message=question)
    path = f"/c/{conversation.pk}/messages/{question.pk}/edit/"
    assert her.post(path, _message("anew"), headers=HTMX).status_code == 422
    assert Message.objects.count() == 2


def test_instructions_of_a_new_conversation_and_of_one_that_goes_on(alice: User, her: Client) -> None:
    sent = _message(**SETTINGS, system_prompt=WORDS)
    assert her.post(f"/c/{uuid.uuid4()}/messages/", sent, headers=HTMX).status_code == 422
    conversation = converse(alice, "question", "answer")
    for path in ("settings/", "messages/"):
        sent = _message(**SETTINGS, system_prompt=WORDS)
        assert her.post(f"/c/{conversation.pk}/{path}", sent, headers=HTMX).status_code == 422, path
    assert Conversation.objects.get().system_prompt == ""
    assert Case.objects.count() == 1


def test_instructions_of_a_person(alice: User, her: Client) -> None:
    form = {"temperature": "0.7", "max_tokens": "1000", "theme": "system", "streaming": "on"}
    answer = her.post("/settings/", form | {"custom_instructions": WORDS}, headers=HTMX)
    assert answer.status_code == 422
    assert "This was not saved" in answer.content.decode()
    assert not Preferences.objects.exclude(custom_instructions="").exists()
    assert Case.objects.get().person == alice
    assert her.post("/settings/", form | {"custom_instructions": "Be brief."}, headers=HTMX).status_code == 200


@pytest.mark.parametrize("whose", ["person", "conversation"])
@pytest.mark.parametrize("door", ["messages", "edit", "regenerate", "continue"])
def test_instructions_from_before_the_rule_are_told_to_no_model(
    alice: User, her: Client, whose: str, door: str
) -> None:
    """Also such as an import brought, or whatever else did not come through a form."""
    conversation = converse(alice, "question", "answer")
    if whose == "conversation":
        Conversation.objects.update(system_prompt=WORDS)
    else:
        Preferences.objects.create(user=alice, custom_instructions=WORDS)
    question, answer = Message.objects.order_by("pk")
    path = {"messages": "", "edit": f"{question.pk}/edit/"}.get(door, f"{answer.pk}/{door}/")
    response = her.post(f"/c/{conversation.pk}/messages/{path}", _message(), headers=HTMX)

    assert response.status_code == 422
    assert "It stands in your instructions" in response.content.decode()
    assert _nothing_was_asked()
    assert Message.objects.count() == 2


def test_titles(alice: User, her: Client) -> None:
    conversation = converse(alice, "question", "answer")
    assert her.post(f"/c/{conversation.pk}/rename/", {"title": WORDS}, headers=HTMX).status_code == 422
    assert WORD not in Conversation.objects.get().title


def test_a_question_worded_anew(alice: User, her: Client) -> None:
    conversation = converse(alice, "question", "answer")
    question = Message.objects.get(role="user")
    path = f"/c/{conversation.pk}/messages/{question.pk}/edit/"
    assert her.post(path, _message(WORDS), headers=HTMX).status_code == 422


def test_what_no_rule_blocks_passes_with_all_of_it(alice: User, her: Client) -> None:
    Preferences.objects.create(user=alice, custom_instructions="Be brief.")
    sent = _message(attachment=_attached(her), **SETTINGS, system_prompt="Be kind.")
    assert her.post(f"/c/{uuid.uuid4()}/messages/", sent, headers=HTMX).status_code == 200
    assert not Case.objects.exists()


def test_a_rule_that_flags_looks_at_attached_texts_too(alice: User, her: Client, rule: Callable[..., Rule]) -> None:
    rule("suspicious")
    question = converse(alice, "question").messages.get()
    Attachment.objects.filter(pk=_attached(her, text="a suspicious thing")).update(message=question)
    events.tell(events.question_stored, question)
    events.settle()
    assert Case.objects.get().message == question
