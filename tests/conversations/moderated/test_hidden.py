"""A message that a moderator has hidden: nothing of its text goes out any more, to anybody, anywhere."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.models import User
from conversations import moderating
from conversations.models import Attachment, Conversation, Message
from conversations.sharing import share
from tests.conversations.conftest import converse
from tests.conversations.moderated.conftest import ENGLISH, HTMX, NOTICE, shown
from tests.conversations.sharing.conftest import address

pytestmark = pytest.mark.usefixtures("provider")
Form = Callable[..., dict[str, str]]
SECRET = "zanzibarite"


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Its first question and its last answer hold the secret; it is named after the first."""
    return converse(alice, f"Where is {SECRET} found?", "In the ground.", "Where else?", f"Only *{SECRET}* knows.")


@pytest.fixture
def hidden(conversation: Conversation) -> list[Message]:
    """Both of them."""
    found = list(Message.objects.filter(conversation=conversation, content__contains=SECRET).order_by("id"))
    Message.objects.filter(pk__in=[message.pk for message in found]).update(is_indexed=True, reasoning=SECRET)
    for message in found:
        assert moderating.hide(message)
    return found


def test_hiding_and_showing_are_done_once(conversation: Conversation) -> None:
    message = Message.objects.filter(conversation=conversation).earliest("id")
    assert moderating.hide(message)
    assert not moderating.hide(message)
    assert message.hidden_at is not None
    assert moderating.show(message)
    assert not moderating.show(Message.objects.get(pk=message.pk))


def test_the_owner_sees_a_notice_in_its_place(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    page = shown(alice_client, f"/c/{conversation.pk}/")
    assert page.count(NOTICE) == 2
    assert SECRET not in page
    assert "In the ground." in page
    assert f'id="message-{hidden[0].pk}"' in page


def test_no_page_file_or_fragment_holds_its_text(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    path = f"/c/{conversation.pk}/"
    for place in (
        f"{path}messages/?before={conversation.leaf_id}",
        f"{path}?at={hidden[0].pk}",
        f"{path}share/",
        f"/palette/?c={conversation.pk}",
        "/palette/?q=Where",
        "/search/?q=found",
        "/conversations/",
        "/",
        *(f"{path}export/{name}/" for name in ("json", "markdown", "html")),
    ):
        assert SECRET not in shown(alice_client, place), place
    assert "data-search-hit" not in shown(alice_client, f"/search/?q={SECRET}")


def test_its_own_addresses_are_not_there(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    for message in hidden:
        path = f"/c/{conversation.pk}/messages/{message.pk}"
        for command in ("source", "details", "menu", "edit"):
            assert alice_client.get(f"{path}/{command}/").status_code == 404
        for command in ("edit", "continue", "branch"):
            assert alice_client.post(f"{path}/{command}/").status_code == 404


def test_exports_say_that_something_was_hidden(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    path = f"/c/{conversation.pk}/export"
    messages = json.loads(shown(alice_client, f"{path}/json/"))["conversation"]["messages"]
    assert [message.get("hidden", False) for message in messages] == [True, False, False, True]
    assert "A moderator has hidden" in messages[0]["content"]
    assert shown(alice_client, f"{path}/markdown/").count("A moderator has hidden") == 2
    assert shown(alice_client, f"{path}/html/").count("A moderator has hidden") == 2


@pytest.mark.django_db(transaction=True)
def test_the_archive_of_all_conversations_leaves_it_out(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    from conversations.transfer.archive import zip_pieces

    with zipfile.ZipFile(io.BytesIO(b"".join(zip_pieces(conversation.owner)))) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist()]
    assert len(texts) == 3
    assert not [text for text in texts if SECRET in text]


def test_guests_see_the_notice_too(client: Client, conversation: Conversation) -> None:
    link = share(conversation, days=7)
    assert SECRET in shown(client, address(link))
    for message in Message.objects.filter(conversation=conversation, content__contains=SECRET):
        moderating.hide(message)
    page = shown(client, address(link))
    assert SECRET not in page
    assert page.count(NOTICE) == 2


def test_its_attachments_are_gone_with_it(alice_client: Client, conversation: Conversation, alice: User) -> None:
    question = Message.objects.filter(conversation=conversation, role="user").earliest("id")
    file = Attachment.objects.create(
        owner=alice,
        message=question,
        kind=Attachment.Kind.TEXT,
        name="plans.txt",
        media_type="text/plain",
        size=5,
        text="plans",
        file=ContentFile(b"plans", name="plans.txt"),
    )
    assert alice_client.get(f"/attachments/{file.pk}/").status_code == 200
    moderating.hide(question)
    assert alice_client.get(f"/attachments/{file.pk}/").status_code == 404
    for place in ("", "export/json/", "export/markdown/", "export/html/"):
        assert "plans.txt" not in shown(alice_client, f"/c/{conversation.pk}/{place}")


def test_a_name_made_of_it_goes_and_comes_back(conversation: Conversation) -> None:
    question = Message.objects.filter(conversation=conversation).earliest("id")
    Conversation.objects.filter(pk=conversation.pk).update(title=question.content, title_is_indexed=True)
    link = share(Conversation.objects.get(), days=1)
    moderating.hide(question)
    conversation.refresh_from_db()
    link.refresh_from_db()
    assert (conversation.title, conversation.title_is_indexed, link.title) == ("", False, "")
    moderating.show(question)
    conversation.refresh_from_db()
    assert conversation.title == question.content


def test_a_name_that_somebody_gave_stays(conversation: Conversation) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(title="Stones")
    moderating.hide(Message.objects.filter(conversation=conversation).earliest("id"))
    conversation.refresh_from_db()
    assert conversation.title == "Stones"


def test_it_is_to_leave_the_search_index(hidden: list[Message]) -> None:
    assert not Message.objects.filter(pk__in=[message.pk for message in hidden], is_indexed=True).exists()


def test_shown_again_it_is_all_there(alice_client: Client, conversation: Conversation, hidden: list[Message]) -> None:
    for message in hidden:
        moderating.show(message)
    page = shown(alice_client, f"/c/{conversation.pk}/")
    assert NOTICE not in page
    assert f"Only <em>{SECRET}</em> knows." in page


def test_a_copy_of_the_branch_keeps_it_hidden(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    visible = Message.objects.get(conversation=conversation, content="Where else?")
    path = f"/c/{conversation.pk}/messages/{visible.pk}/branch/"
    page = alice_client.post(path, headers=ENGLISH, follow=True).content.decode()
    assert page.count(NOTICE) == 1
    assert SECRET not in page


def test_another_answer_may_take_its_place(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    response = alice_client.post(f"/c/{conversation.pk}/messages/{hidden[1].pk}/regenerate/", headers=HTMX)
    assert response.status_code == 200
    assert Message.objects.filter(parent=hidden[1].parent).count() == 2


def test_a_hidden_question_is_not_asked_again(
    alice_client: Client, conversation: Conversation, hidden: list[Message]
) -> None:
    answer = Message.objects.get(parent=hidden[0])
    for command in ("regenerate", "continue"):
        response = alice_client.post(f"/c/{conversation.pk}/messages/{answer.pk}/{command}/", headers=HTMX)
        assert response.status_code == 422
        assert "hidden the question" in response.content.decode()
    assert Message.objects.filter(parent=hidden[0]).count() == 1
