"""Answers without stored HTML, as imports and restores leave them: rendered by the first look, once, within a time."""

from time import monotonic, thread_time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from conversations import rendered
from conversations.models import Conversation, Message
from conversations.rendering import budget, render, render_plain
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db
HOSTILE = "\n\n".join(["[(" * 14_000] * 4)  # 8 seconds without a limit


@pytest.fixture(autouse=True)
def short_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each text, in seconds."""
    monkeypatch.setattr(budget, "MOST_SECONDS", 0.5)


@pytest.fixture
def imported(alice: User) -> Conversation:
    conversation = converse(alice, "question", "*one*", "question", "`two`")
    Message.objects.update(html="")
    return conversation


def answers() -> list[Message]:
    return list(Message.objects.filter(role="assistant").order_by("pk"))


def test_the_first_look_keeps_the_html_and_the_second_renders_nothing(
    alice_client: Client, imported: Conversation
) -> None:
    assert "<em>one</em>" in alice_client.get(f"/c/{imported.pk}/").content.decode()
    assert [message.html for message in answers()] == [render("*one*"), render("`two`")]
    with CaptureQueriesContext(connection) as queries:
        alice_client.get(f"/c/{imported.pk}/")
    assert not [query for query in queries if query["sql"].startswith("UPDATE conversations_message")]


def test_html_that_came_meanwhile_stays(imported: Conversation) -> None:
    messages = answers()
    Message.objects.filter(pk=messages[0].pk).update(content="*one* more", html="<p>more</p>")
    rendered.complete(messages)
    assert [message.html for message in answers()] == ["<p>more</p>", render("`two`")]


def test_an_answer_that_shows_nothing_is_rendered_once_too(imported: Conversation) -> None:
    Message.objects.filter(role="assistant").update(content="<!-- nothing -->")
    messages = answers()
    rendered.complete(messages)
    assert not any(map(rendered.is_waiting, answers()))
    assert rendered.html_of(messages[0]) == ""


def test_what_takes_too_long_is_kept_as_it_was_written_and_the_reader_is_told(
    alice_client: Client, imported: Conversation
) -> None:
    Message.objects.filter(pk=imported.leaf_id).update(content=HOSTILE)
    page = alice_client.get(f"/c/{imported.pk}/", headers={"accept-language": "en"}).content.decode()
    assert page.count("This answer is shown as it was written") == 1
    assert answers()[1].html == render_plain(HOSTILE)
    began = thread_time()
    page = alice_client.get(f"/c/{imported.pk}/", headers={"accept-language": "ko"}).content.decode()
    assert thread_time() - began < 0.5
    assert "이 답변은 쓰인 그대로" in page


def test_a_page_has_a_time_for_all_its_texts_and_each_look_gets_further(imported: Conversation) -> None:
    Message.objects.filter(role="assistant").update(content=HOSTILE)
    messages = answers()
    rendered.complete(messages, seconds=0.7)
    assert [rendered.is_waiting(message) for message in messages] == [False, True]
    rendered.complete(messages, seconds=0.7)
    assert [rendered.is_waiting(message) for message in answers()] == [False, False]


def test_who_comes_while_another_renders_sees_the_text(imported: Conversation) -> None:
    messages = answers()
    with rendered._turn:
        rendered.complete(messages)
    assert all(map(rendered.is_waiting, messages))
    assert rendered.html_of(messages[0]) == render_plain("*one*")


def test_a_page_waits_for_the_turn_once_and_not_for_each_of_its_answers(alice: User) -> None:
    converse(alice, *["text"] * 60)
    Message.objects.update(html="")
    with rendered._turn:
        began = monotonic()
        rendered.complete(answers(), seconds=2.0)
        assert monotonic() - began < 2.0


def test_an_answer_that_has_grown_meanwhile_does_not_get_the_html_of_its_beginning(imported: Conversation) -> None:
    messages = answers()
    Message.objects.filter(pk=messages[0].pk).update(content="*one* and more")
    rendered.complete(messages)
    assert answers()[0].html == ""
