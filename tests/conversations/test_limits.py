"""What one person may start, by every door, with a word on when it goes on."""

import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from accounts.models import User
from conversations import limits, waiting
from conversations.generation.frames import Key
from conversations.limits import CONVERSATIONS, MESSAGES, UPLOADS, LimitReached, count
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.submission import AnswerInProgress, continue_answer, regenerate, submit_message
from conversations.transfer import jobs
from tests.conversations.conftest import MODEL, converse

Form = Callable[..., dict[str, str]]
ENGLISH = {"Accept-Language": "en"}
HTMX = ENGLISH | {"HX-Request": "true"}
pytestmark = [pytest.mark.usefixtures("provider"), pytest.mark.django_db]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time by which is counted: `now`, in seconds."""
    kept = SimpleNamespace(now=1_800_000_000.0)
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: kept.now))
    return kept


def _new(owner: User) -> Conversation:
    return Conversation(owner=owner, model=MODEL)


def _send(owner: User, conversation: Conversation | None = None, client_id: uuid.UUID | None = None) -> Any:
    return submit_message(owner, conversation or _new(owner), "Hello", client_id or uuid.uuid4())


def _end() -> None:
    Generation.objects.update(status="complete")


# --- Every door -----------------------------------------------------------------------------------

DOORS: dict[str, Callable[[Client, Conversation, dict[str, str]], Any]] = {
    "a new chat": lambda client, one, text: client.post(f"/c/{uuid.uuid4()}/messages/", text, headers=ENGLISH),
    "a temporary chat": lambda client, one, text: client.post(
        f"/c/{uuid.uuid4()}/messages/", text | {"temporary": "1"}, headers=ENGLISH
    ),
    "a message": lambda client, one, text: client.post(f"/c/{one.pk}/messages/", text, headers=ENGLISH),
    "another wording": lambda client, one, text: client.post(
        f"/c/{one.pk}/messages/{_question(one)}/edit/", text, headers=ENGLISH
    ),
    "another answer": lambda client, one, text: client.post(
        f"/c/{one.pk}/messages/{one.leaf_id}/regenerate/", text, headers=ENGLISH
    ),
    "another model": lambda client, one, text: client.post(
        f"/c/{one.pk}/messages/{one.leaf_id}/regenerate/", text | {"model": "anthropic/scripted"}, headers=ENGLISH
    ),
    "more of an answer": lambda client, one, text: client.post(
        f"/c/{one.pk}/messages/{one.leaf_id}/continue/", text, headers=ENGLISH
    ),
}
BY_A_LIMIT = {
    "LIMIT_OPEN_ANSWERS": "1 answer is being written for you already; more at once are not possible.",
    "LIMIT_MESSAGES_PER_MINUTE": "At most 1 message a minute is possible. You can go on in 6",
    "LIMIT_MESSAGES_PER_DAY": "At most 1 message a day is possible. You can go on after",
}


def _question(conversation: Conversation) -> int:
    return Message.objects.get(conversation=conversation, role="user").pk


@pytest.mark.parametrize("limit", BY_A_LIMIT)
@pytest.mark.parametrize("door", DOORS)
def test_no_door_leads_around(
    alice: User, alice_client: Client, form: Form, settings: Any, clock: Any, door: str, limit: str
) -> None:
    here = converse(alice, "What is a queue?", "A line.")
    setattr(settings, limit, 1)
    _send(alice)
    before = Message.objects.count(), Generation.objects.count(), Conversation.objects.count()
    response = DOORS[door](alice_client, here, form("Once more <b>"))
    assert response.status_code == 429
    html = response.content.decode()
    assert BY_A_LIMIT[limit] in html
    if door in ("a new chat", "a temporary chat", "a message", "another wording"):
        assert "Once more &lt;b&gt;</textarea>" in html  # nothing is lost
    assert (Message.objects.count(), Generation.objects.count(), Conversation.objects.count()) == before
    setattr(settings, limit, 2)
    assert DOORS[door](alice_client, here, form("Once more <b>")).status_code == 302


def test_a_page_with_javascript_keeps_the_text_in_its_box(
    alice: User, alice_client: Client, form: Form, settings: Any
) -> None:
    settings.LIMIT_MESSAGES_PER_MINUTE = 1
    _send(alice)
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("Hello"), headers=HTMX)
    assert (response.status_code, response["HX-Retarget"]) == (422, "#composer-error")
    assert 1 <= int(response["Retry-After"]) <= 63
    assert "composer-problem" in response.content.decode()


def test_the_page_of_a_new_chat_that_is_refused_is_still_new(alice: User, alice_client: Client, settings: Any) -> None:
    """It was stored and taken back: sent once more from this page, it begins."""
    settings.LIMIT_OPEN_ANSWERS = 1
    _send(alice)
    address, text = f"/c/{uuid.uuid4()}/messages/", {"text": "Mine", "client_id": str(uuid.uuid4())}
    html = alice_client.post(address, text, headers=ENGLISH).content.decode()
    assert f'action="{address}"' in html
    assert 'id="welcome"' in html
    _end()
    assert alice_client.post(address, text).status_code == 302


def test_in_korean_with_the_time_of_day(alice: User, alice_client: Client, form: Form, settings: Any) -> None:
    settings.LIMIT_MESSAGES_PER_DAY = 1
    _send(alice)
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("Hi"), headers={"Accept-Language": "ko"})
    assert "하루에 메시지를 1개까지 보낼 수 있어요." in response.content.decode()
    assert "이후에 계속할 수 있어요." in response.content.decode()


@pytest.mark.parametrize("door", ["branch", "import"])
def test_other_ways_to_a_new_conversation(
    alice: User,
    alice_client: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    door: str,
    conversation: Conversation,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(jobs, "_begin", lambda *_: None)
    settings.LIMIT_CONVERSATIONS_PER_MINUTE = 1

    def go() -> Any:
        if door == "branch":
            return alice_client.post(f"/c/{conversation.pk}/messages/{conversation.leaf_id}/branch/", headers=ENGLISH)
        alice.import_jobs.all().delete()
        return alice_client.post("/import/", {"file": SimpleUploadedFile("a.json", b"[]")}, headers=ENGLISH)

    assert go().status_code == 302
    response = go()
    assert response.status_code == 429
    assert "At most 1 new conversation a minute is possible." in response.content.decode()
    with pytest.raises(LimitReached):
        _send(alice)
    _send(alice, conversation)  # not a new one


# --- Waiting --------------------------------------------------------------------------------------


def test_a_waiting_question_counts_when_it_is_sent(alice: User, settings: Any) -> None:
    settings.LIMIT_MESSAGES_PER_DAY = 2
    here = _send(alice).conversation
    assert isinstance(_send(alice, here), WaitingMessage)
    with pytest.raises(LimitReached):
        _send(alice, here)
    _end()
    assert waiting.submit_next(Key(alice.pk, here.pk))  # and not once more


def test_what_waits_waits_on_while_others_are_open(alice: User, bob: User, settings: Any) -> None:
    settings.LIMIT_OPEN_ANSWERS = 2
    here = _send(alice).conversation
    key = Key(alice.pk, here.pk)
    _send(alice, here)
    _end()
    others = [_send(alice), _send(alice)]
    assert waiting.submit_next(key) is None
    assert waiting.missed() == []  # nor does it keep the look for others busy
    assert isinstance(_send(alice, here), WaitingMessage)  # behind it
    Generation.objects.filter(pk=others[0].generation.pk).update(status="stopped")
    assert waiting.missed() == [key]
    submission = waiting.submit_next(key)
    assert submission
    assert WaitingMessage.objects.count() == 1


# --- What counts ----------------------------------------------------------------------------------


def test_what_is_sent_again_counts_once_and_is_there_at_the_limit(alice: User, settings: Any) -> None:
    settings.LIMIT_MESSAGES_PER_MINUTE = 3
    client_id = uuid.uuid4()
    first = _send(alice, client_id=client_id)
    for _ in range(5):
        assert _send(alice, Conversation.objects.get(), client_id).question == first.question
    waits, waiting_id = _send(alice, first.conversation, second := uuid.uuid4()), second
    _send(alice, first.conversation)
    assert _send(alice, first.conversation, client_id).question == first.question
    assert _send(alice, first.conversation, waiting_id) == waits
    with pytest.raises(LimitReached):
        _send(alice, first.conversation)


def test_what_came_to_nothing_does_not_count(alice: User, conversation: Conversation, settings: Any) -> None:
    settings.LIMIT_MESSAGES_PER_MINUTE = settings.LIMIT_MESSAGES_PER_DAY = 2
    settings.LIMIT_OPEN_ANSWERS = 1
    assert conversation.leaf
    continue_answer(alice, conversation, conversation.leaf)
    for _ in range(3):
        with pytest.raises(AnswerInProgress):
            regenerate(alice, conversation, conversation.leaf)
        with pytest.raises(LimitReached, match="being written"):
            _send(alice)
    _end()
    _send(alice)


@pytest.mark.usefixtures("settings")
def test_a_blocked_text_counts(alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from conversations import submission

    settings.LIMIT_MESSAGES_PER_MINUTE = 1
    monkeypatch.setattr(submission, "refusal_of", lambda *_: "No.")
    with pytest.raises(submission.Refused):
        _send(alice)
    with pytest.raises(LimitReached):
        _send(alice)


def test_everybody_has_limits_of_their_own_and_some_have_none(alice: User, bob: User, settings: Any) -> None:
    settings.LIMIT_OPEN_ANSWERS = settings.LIMIT_MESSAGES_PER_MINUTE = settings.LIMIT_CONVERSATIONS_PER_MINUTE = 1
    _send(alice)
    _send(bob)
    bob.groups.add(Group.objects.create(name="Teachers"))
    with pytest.raises(LimitReached):
        _send(bob)
    settings.LIMIT_EXEMPT_GROUPS = ["Teachers"]
    _send(bob)
    with pytest.raises(LimitReached):
        _send(alice)
    alice.is_superuser = True
    _send(alice)


def test_zero_is_no_limit(alice: User, django_assert_num_queries: Any) -> None:
    for rate in (*MESSAGES, *CONVERSATIONS, *UPLOADS):
        assert rate.most == 0
    with django_assert_num_queries(0):
        count(alice, *MESSAGES)
        limits.check_open_answers(alice)


# --- Uploads --------------------------------------------------------------------------------------


def test_bytes_of_files_and_imports_count_together(
    alice: User, alice_client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: Form
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(jobs, "_begin", lambda *_: None)
    settings.LIMIT_UPLOAD_BYTES_PER_DAY = 2048

    def attach(size: int) -> Any:
        file = SimpleUploadedFile("notes.txt", b"x" * size)
        return alice_client.post("/attachments/", {"file": file}, headers=HTMX)

    assert attach(1000).status_code == 200
    assert alice_client.post("/import/", {"file": SimpleUploadedFile("a.json", b" " * 1000)}).status_code == 302
    refused = attach(100)
    assert refused.status_code == 422
    assert "At most 2.0\xa0KB a day can be uploaded. You can go on after" in refused.content.decode()
    assert attach(48).status_code == 200
    assert "This file is larger than that." in attach(4000).content.decode()
    alice.import_jobs.all().delete()
    upload = SimpleUploadedFile("a.json", b" " * 1000)
    assert alice_client.post("/import/", {"file": upload}, headers=ENGLISH).status_code == 429
    # Without JavaScript the file comes with the message, whose text stays in the box.
    sent = form("See the file") | {"file": SimpleUploadedFile("notes.txt", b"x" * 100)}
    page = alice_client.post(f"/c/{uuid.uuid4()}/messages/", sent, headers=ENGLISH)
    assert "can be uploaded" in page.content.decode()
    assert "See the file</textarea>" in page.content.decode()


def test_what_cannot_be_read_has_been_uploaded_all_the_same(alice: User, alice_client: Client, settings: Any) -> None:
    settings.LIMIT_UPLOAD_BYTES_PER_DAY = 2000
    for _ in range(2):
        file = SimpleUploadedFile("a.pdf", b"%PDF-" + b"x" * 900)
        assert "cannot be read" in alice_client.post("/attachments/", {"file": file}, headers=HTMX).content.decode()
    file = SimpleUploadedFile("a.pdf", b"%PDF-" + b"x" * 900)
    assert "can be uploaded" in alice_client.post("/attachments/", {"file": file}, headers=HTMX).content.decode()


# --- Time -----------------------------------------------------------------------------------------


def _passed(user: User, tries: int = 1) -> int:
    passed = 0
    for _ in range(tries):
        try:
            count(user, *MESSAGES)
        except LimitReached:
            continue
        passed += 1
    return passed


@pytest.mark.parametrize(("setting", "period"), [("LIMIT_MESSAGES_PER_MINUTE", 60), ("LIMIT_MESSAGES_PER_DAY", 86_400)])
@pytest.mark.parametrize("begin", [0.0, 0.3, 0.5, 0.99])
def test_never_more_within_any_time_and_then_on(
    alice: User, settings: Any, clock: Any, setting: str, period: int, begin: float
) -> None:
    """Also around the turn of a minute or a day, where counting from its beginning would let twice as many pass."""
    setattr(settings, setting, 20)
    clock.now += begin * period
    assert _passed(alice, 15) == 15
    clock.now += 0.95 * period
    assert _passed(alice, 15) == 5
    clock.now += 0.04 * period
    assert _passed(alice, 15) == 0
    with pytest.raises(LimitReached) as reached:
        count(alice, *MESSAGES)
    assert reached.value.seconds
    assert reached.value.seconds <= 0.07 * period
    clock.now += reached.value.seconds
    assert _passed(alice, 30) == 15


def test_the_day_is_asked_first_and_what_it_refuses_does_not_fill_the_minute(
    alice: User, settings: Any, clock: Any
) -> None:
    settings.LIMIT_MESSAGES_PER_DAY, settings.LIMIT_MESSAGES_PER_MINUTE = 3, 2
    assert _passed(alice, 9) == 2  # and the refused ones are not of the day
    clock.now += 70
    assert _passed(alice, 9) == 1
    with translation.override("en"), pytest.raises(LimitReached, match="3 messages a day"):
        count(alice, *MESSAGES)
