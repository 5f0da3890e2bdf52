"""Questions sent while an answer is being written: they wait, are asked in turn, and can be taken back."""

import uuid
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations import waiting
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.submission import TooManyWaiting, stop_answer, stop_open_answers, submit_message
from tests.conversations.conftest import MODEL
from tests.conversations.generation.test_runner import until
from tests.scripted_provider.fixture import ScriptedProvider

Form = Callable[..., dict[str, str]]
HTMX = {"HX-Request": "true", "Accept-Language": "en"}


@pytest.fixture
def answering(alice: User, provider: ScriptedProvider) -> Conversation:
    """A conversation whose first answer is queued."""
    submit_message(alice, Conversation(owner=alice, model=MODEL), "First", uuid.uuid4())
    return Conversation.objects.get()


def _key(conversation: Conversation) -> Key:
    return Key(conversation.owner_id, conversation.pk)


def _wait(conversation: Conversation, text: str = "Next", client_id: uuid.UUID | None = None) -> WaitingMessage:
    stored = submit_message(conversation.owner, conversation, text, client_id or uuid.uuid4())
    assert isinstance(stored, WaitingMessage)
    return stored


def _end(status: str = "complete") -> None:
    Generation.objects.update(status=status)


def _questions() -> list[str]:
    return list(Message.objects.filter(role="user").order_by("id").values_list("content", flat=True))


def test_the_page_shows_what_waits(alice_client: Client, answering: Conversation, form: Form) -> None:
    url = f"/c/{answering.pk}/"
    html = alice_client.post(f"{url}messages/", form("Next <b>"), headers=HTMX).content.decode()
    assert "Next &lt;b&gt;" in html
    assert "Waits for its turn" in html
    page = alice_client.get(url, headers={"Accept-Language": "en"}).content.decode()
    assert "Next &lt;b&gt;" in page
    assert f"/c/{answering.pk}/waiting/{WaitingMessage.objects.get().pk}/delete/" in page


def test_without_javascript_the_page_comes_back(alice_client: Client, answering: Conversation, form: Form) -> None:
    response = alice_client.post(f"/c/{answering.pk}/messages/", form("Next"), follow=True)
    assert response.redirect_chain == [(f"/c/{answering.pk}/", 302)]
    assert "Next" in response.content.decode()


def test_the_same_id_twice_waits_once(answering: Conversation) -> None:
    client_id = uuid.uuid4()
    assert _wait(answering, client_id=client_id) == _wait(answering, client_id=client_id)


def test_the_same_id_after_its_turn_is_the_question(answering: Conversation) -> None:
    client_id = uuid.uuid4()
    _wait(answering, client_id=client_id)
    _end()
    submission = waiting.submit_next(_key(answering))
    again = submit_message(answering.owner, answering, "Next", client_id)
    assert submission
    assert not isinstance(again, WaitingMessage)
    assert again.question == submission.question
    assert _questions() == ["First", "Next"]


def test_ten_wait_and_no_more(alice_client: Client, answering: Conversation, form: Form) -> None:
    for number in range(waiting.MOST):
        _wait(answering, f"number {number}")
    with pytest.raises(TooManyWaiting):
        _wait(answering)
    response = alice_client.post(f"/c/{answering.pk}/messages/", form("one more"), headers=HTMX)
    assert response.status_code == 422
    assert "10 messages are waiting already" in response.content.decode()


def test_while_an_answer_is_written_nothing_is_asked(answering: Conversation) -> None:
    _wait(answering)
    assert waiting.submit_next(_key(answering)) is None
    assert WaitingMessage.objects.count() == 1


@pytest.mark.parametrize("status", ["complete", "failed", "stopped", "interrupted"])
def test_however_the_answer_ended_the_oldest_is_next(answering: Conversation, status: str) -> None:
    _wait(answering, "Second")
    _wait(answering, "Third")
    leaf_id = answering.leaf_id
    _end(status)
    submission = waiting.submit_next(_key(answering))
    assert submission
    assert (submission.question.content, submission.question.parent_id) == ("Second", leaf_id)
    assert [one.content for one in WaitingMessage.objects.all()] == ["Third"]
    assert Conversation.objects.get().leaf == submission.answer


def test_it_follows_the_branch_that_is_shown_by_then(answering: Conversation) -> None:
    _wait(answering)
    other = Message.objects.create(conversation=answering, role="user", content="another beginning")
    Conversation.objects.update(leaf=other)
    _end()
    submission = waiting.submit_next(_key(answering))
    assert submission
    assert submission.question.parent == other


def test_an_answer_that_ends_unseen_does_not_leave_it_waiting(
    answering: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends between the look and the storing: whoever ended it saw nothing waiting."""
    keep = waiting.keep

    def ends_meanwhile(*args: object) -> WaitingMessage:
        _end()
        return keep(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(waiting, "keep", ends_meanwhile)
    _wait(answering)
    assert _questions() == ["First", "Next"]


def test_taking_a_queued_answer_back_goes_on(answering: Conversation) -> None:
    _wait(answering)
    assert answering.leaf
    stop_answer(answering, answering.leaf)
    assert _questions() == ["First", "Next"]


def test_what_is_on_its_way_out_asks_nothing_more(answering: Conversation) -> None:
    _wait(answering)
    stop_open_answers(answering)
    assert _questions() == ["First"]


def test_the_poll_finds_what_was_missed(answering: Conversation) -> None:
    _wait(answering)
    assert waiting.missed() == []
    _end()
    assert waiting.missed() == [_key(answering)]


@pytest.mark.parametrize("gone", ["deleted", "suspended"])
def test_for_those_who_are_gone_nothing_is_asked(answering: Conversation, gone: str) -> None:
    _wait(answering)
    _end()
    if gone == "deleted":
        Conversation.objects.update(deleted_at=timezone.now())
    else:
        User.objects.update(is_active=False)
    assert waiting.missed() == []
    assert waiting.submit_next(_key(answering)) is None
    assert WaitingMessage.objects.count() == 1


def test_without_a_model_it_waits_on(answering: Conversation, settings) -> None:  # type: ignore[no-untyped-def]
    _wait(answering)
    _end()
    Conversation.objects.update(model="")
    settings.DEFAULT_MODEL, settings.PROVIDERS = "", {}
    assert waiting.submit_next(_key(answering)) is None
    assert WaitingMessage.objects.count() == 1


def test_taken_back(alice_client: Client, answering: Conversation) -> None:
    first, second = _wait(answering, "Second"), _wait(answering, "Third")
    url = f"/c/{answering.pk}/waiting/{first.pk}/delete/"
    html = alice_client.post(url, headers=HTMX).content.decode()
    assert "Third" in html
    assert "Second" not in html
    assert list(WaitingMessage.objects.all()) == [second]
    assert alice_client.post(url, headers=HTMX).status_code == 404
    assert alice_client.post(f"/c/{answering.pk}/waiting/{2**70}/delete/").status_code == 404


def test_taken_back_without_javascript_the_text_is_in_the_box(alice_client: Client, answering: Conversation) -> None:
    one = _wait(answering, "Not yet")
    html = alice_client.post(f"/c/{answering.pk}/waiting/{one.pk}/delete/").content.decode()
    assert ">Not yet</textarea>" in html
    assert not WaitingMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("running_engine")
@pytest.mark.parametrize("first", ["script:words-20 tps-20", "script:error-400", "script:clean-cut"])
async def test_whoever_ends_the_answer_asks_the_next(alice: User, provider: ScriptedProvider, first: str) -> None:
    conversation = Conversation(owner=alice, model=MODEL)
    await sync_to_async(submit_message)(alice, conversation, first, uuid.uuid4())
    await sync_to_async(submit_message)(alice, conversation, "Second", uuid.uuid4())

    async def answered() -> bool:
        complete = Message.objects.filter(parent__content="Second", generations__status="complete")
        return await complete.aexists()

    await until(answered)
    assert not await WaitingMessage.objects.aexists()
