"""What an opened conversation shows: everything in it, as inert as in the chat, page by page, and nothing to change."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Attachment, Conversation, Generation, Message, WaitingMessage
from conversations.rendering import render
from moderation.models import Case, Flag, Opening
from moderation.review.reading import PAGE, ReadPage, last_page, page_after, page_from, page_to
from tests.conversations.conftest import MODEL, converse
from tests.conversations.pictures import kept
from tests.moderation.review.conftest import LIST, address

HOSTILE = (
    '<script>alert(1)</script>[x](javascript:alert(2))<img src=x onerror="alert(3)">\n![y](https://evil.example/y.png)'
)

Open = Callable[[Conversation], Opening]


def long(owner: User, count: int) -> Conversation:
    return converse(owner, *(f"message {n}." for n in range(count)))


def numbers(page: ReadPage) -> list[int]:
    return [int(re.search(r"message (\d+)\.", str(turn.html))[1]) for turn in page.turns]  # type: ignore[index]


def branch(parent: Message, text: str) -> Message:
    return Message.objects.create(
        conversation=parent.conversation, parent=parent.parent, role=parent.role, content=text, html=render(text)
    )


def shown(desk: Client, conversation: Conversation, **at: object) -> str:
    return desk.get(address(conversation), at).content.decode()  # type: ignore[arg-type]


def test_messages_settings_and_owner_are_shown(desk: Client, alice: User, opened: Open) -> None:
    made = converse(alice, "What is it?", "A *queue*.")
    Conversation.objects.filter(pk=made.pk).update(system_prompt="Be brief.", max_tokens=777)
    opened(made)
    html = shown(desk, made)
    for text in ("What is it?", "<em>queue</em>", "Be brief.", "777", "alice", "openai/scripted"):
        assert text in html


def test_everything_is_as_inert_as_in_the_chat(desk: Client, alice: User, opened: Open) -> None:
    made = converse(alice, HOSTILE, HOSTILE)
    Conversation.objects.filter(pk=made.pk).update(title=HOSTILE[:110], system_prompt=HOSTILE, model=HOSTILE[:110])
    Message.objects.filter(pk=made.leaf_id).update(reasoning=HOSTILE)
    question = Message.objects.filter(conversation=made).earliest("pk")
    Attachment.objects.create(
        owner=alice, message=question, kind="text", name=HOSTILE[:110], media_type="text/plain", size=1, text=HOSTILE
    )
    opened(made)
    html = shown(desk, made)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert 'href="javascript' not in html
    assert "evil.example/y.png&quot;" not in re.findall(r"<img[^>]*>", html)
    assert not re.search(r"<img[^>]+evil", html)


def test_nothing_can_be_changed(desk: Client, talk: Conversation, opened: Open) -> None:
    opened(talk)
    html = shown(desk, talk)
    actions = set(re.findall(r'<form[^>]+action="([^"]+)"', html))
    flags = {address(talk, f"messages/{pk}/flag/") for pk in Message.objects.values_list("pk", flat=True)}
    assert {action for action in actions if action.startswith(LIST)} == flags
    assert desk.post(address(talk), {"title": "x"}).status_code == 405
    for more in ("change/", "delete/", "history/"):
        assert desk.post(address(talk, more)).status_code == 404
    assert desk.post(f"{LIST}add/").status_code == 404


def test_pages_join_on_the_way_up(alice: User) -> None:
    made = long(alice, 3 * PAGE + 5)
    page = last_page(made)
    seen = numbers(page)
    assert page.later is None
    while page.earlier:
        page = page_to(made, page.earlier)
        seen = numbers(page) + seen
        assert page.later
    assert seen == list(range(3 * PAGE + 5))


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 3 * PAGE + 1])
def test_pages_join_on_the_way_down(alice: User, count: int) -> None:
    made = long(alice, count)
    page = page_from(made, Message.objects.filter(conversation=made).earliest("pk").pk)
    seen = numbers(page)
    assert page.earlier is None
    while page.later:
        page = page_after(made, page.later)
        assert page.earlier
        seen += numbers(page)
    assert seen == list(range(count))


def test_pages_lead_to_each_other(desk: Client, alice: User, opened: Open) -> None:
    made = long(alice, PAGE + 5)
    opened(made)
    html = shown(desk, made)
    assert "message 4." not in html
    earlier = re.search(r'href="\?end=(\d+)"', html)
    assert earlier
    html = shown(desk, made, end=earlier[1])
    assert "message 4." in html
    later = re.search(r'href="\?after=(\d+)"', html)
    assert later
    assert f"message {PAGE + 4}." in shown(desk, made, after=later[1])


def test_other_branches_are_reached(desk: Client, alice: User, opened: Open) -> None:
    made = converse(alice, "question", "first answer", "on it goes")
    answer = Message.objects.get(conversation=made, content="first answer")
    other = branch(answer, "second answer")
    opened(made)
    html = shown(desk, made)
    assert "second answer" not in html
    assert f'href="{address(made)}?at={other.pk}"' in html
    html = shown(desk, made, at=other.pk)
    assert "second answer" in html
    assert f'href="{address(made)}?at={answer.pk}"' in html
    assert "on it goes" in shown(desk, made, at=answer.pk)


def test_hidden_messages_are_shown_and_marked(desk: Client, talk: Conversation, opened: Open) -> None:
    Message.objects.filter(pk=talk.leaf_id).update(hidden_at=timezone.now())
    opened(talk)
    html = shown(desk, talk)
    assert "과일 가게" in html
    assert "Hidden from others" in html


def test_deleted_and_temporary_ones_open_and_are_marked(desk: Client, talk: Conversation, opened: Open) -> None:
    Conversation.objects.update(deleted_at=timezone.now(), expires_at=timezone.now())
    assert "Deleted" in shown(desk, talk)
    opened(talk)
    html = shown(desk, talk)
    assert "과일 가게" in html
    assert "Deleted" in html
    assert "Temporary" in html


def test_what_is_being_written_and_what_waits_is_shown(desk: Client, talk: Conversation, opened: Open) -> None:
    Generation.objects.create(
        conversation=talk, message_id=talk.leaf_id, model=MODEL, max_tokens=1, status="running", draft=" und mehr"
    )
    waiting = "00000000-0000-4000-8000-000000000001"
    question = WaitingMessage.objects.create(conversation=talk, content="<b>danach</b>", client_id=waiting)
    image = kept(talk.owner)
    Attachment.objects.update(waiting=question)
    opened(talk)
    html = shown(desk, talk)
    assert html.count('<details class="flag-message">') == 2
    assert f'src="{address(talk, f"files/{image.pk}/")}"' in html
    assert desk.get(address(talk, f"files/{image.pk}/")).status_code == 200
    assert "und mehr" in html
    assert "&lt;b&gt;danach" in html
    assert "Writing" in html


def test_a_first_question_that_waits(desk: Client, alice: User, opened: Open) -> None:
    made = Conversation.objects.create(owner=alice)
    WaitingMessage.objects.create(
        conversation=made, content="The first", client_id="00000000-0000-4000-8000-000000000002"
    )
    opened(made)
    html = shown(desk, made)
    assert "The first" in html
    assert "There is nothing in it yet." not in html


def test_an_empty_conversation_opens(desk: Client, alice: User, opened: Open) -> None:
    made = Conversation.objects.create(owner=alice)
    opened(made)
    assert "There is nothing in it yet." in shown(desk, made)


@pytest.mark.parametrize("name", ["end", "after", "at"])
@pytest.mark.parametrize("value", ["0", "x", "-1", "9" * 30, "9223372036854775807", "1' OR 1=1", "²"])
def test_a_place_that_is_not_in_it(desk: Client, talk: Conversation, opened: Open, name: str, value: str) -> None:
    opened(talk)
    assert desk.get(address(talk), {name: value}).status_code == 404


def test_images_are_shown_from_an_address_of_their_own(desk: Client, talk: Conversation, opened: Open) -> None:
    image = kept(talk.owner)
    Attachment.objects.update(message=Message.objects.filter(conversation=talk).earliest("pk"))
    opened(talk)
    url = address(talk, f"files/{image.pk}/")
    assert f'src="{url}"' in shown(desk, talk)
    response = desk.get(url)
    assert response.content.startswith(b"\x89PNG")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    image.file.delete()
    Attachment.objects.filter(pk=image.pk).update(file="attachments/gone")
    assert desk.get(url).status_code == 404


def test_texts_are_not_to_be_had_as_files(desk: Client, talk: Conversation, opened: Open) -> None:
    text = Attachment.objects.create(
        owner=talk.owner,
        message=Message.objects.filter(conversation=talk).earliest("pk"),
        kind="text",
        name="a.txt",
        media_type="text/plain",
        size=4,
        text="<u>inhalt</u>",
    )
    opened(talk)
    assert "&lt;u&gt;inhalt" in shown(desk, talk)
    assert desk.get(address(talk, f"files/{text.pk}/")).status_code == 404


def test_a_moderator_flags_a_message(desk: Client, moderator: User, talk: Conversation, opened: Open) -> None:
    opened(talk)
    url = address(talk, f"messages/{talk.leaf_id}/flag/")
    response = desk.post(url, {"reason": "privacy", "note": "a telephone number"})
    assert response.headers["Location"] == f"{address(talk)}?at={talk.leaf_id}#message-{talk.leaf_id}"
    case = Case.objects.get()
    assert (case.person, case.message_id, case.conversation) == (talk.owner, talk.leaf_id, talk)
    found = Flag.objects.get()
    assert (found.reporter, found.reason, found.note) == (moderator, "privacy", "a telephone number")
    assert f"/admin/moderation/case/{case.pk}/" in shown(desk, talk)


@pytest.mark.parametrize("data", [{}, {"reason": "nonsense"}, {"reason": "spam", "note": "x" * 1001}])
def test_a_flag_without_sense(desk: Client, talk: Conversation, opened: Open, data: dict[str, str]) -> None:
    opened(talk)
    assert desk.post(address(talk, f"messages/{talk.leaf_id}/flag/"), data).status_code == 404
    assert not Case.objects.exists()


def test_a_page_costs_the_same_however_long(  # type: ignore[no-untyped-def]
    desk: Client, alice: User, opened: Open, django_assert_max_num_queries
) -> None:
    made = long(alice, PAGE + 1)
    opened(made)
    for at in ({}, {"end": made.leaf_id}, {"at": Message.objects.filter(conversation=made).earliest("pk").pk}):
        with django_assert_max_num_queries(20):
            desk.get(address(made), at)
